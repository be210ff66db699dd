import OctavoBase
import Testing

@Suite("The memory of a process")
struct ProcessMemoryTests {
    /// Other tests may take memory meanwhile, which only raises the mark.
    @Test("the peak is as high as what was written to", .enabled(if: ProcessMemory.resetPeak()))
    func peak() throws {
        let before = try #require(ProcessMemory.peak)
        let taken = [UInt8](repeating: 1, count: 128 << 20)
        let after = try #require(ProcessMemory.peak)
        #expect(taken.last == 1)
        // What was freed before may be used again: half of it must be new.
        #expect(after - before > 64 << 20)
    }

    @Test("the processor has a name of one line, or none")
    func processor() {
        let name = processorName() ?? "none"
        #expect(!name.isEmpty && !name.contains("\n"))
    }
}
