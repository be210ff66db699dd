import OctavoBase
import Testing

@Suite("The memory of a process")
struct ProcessMemoryTests {
    /// Other tests take memory too, and may have raised the mark before: how much it rises cannot be told.
    @Test(
        "the peak is at least what is written to, and less than any machine has",
        .enabled(if: ProcessMemory.resetPeak())
    )
    func peak() throws {
        let taken = [UInt8](repeating: 1, count: 128 << 20)
        let peak = try #require(ProcessMemory.peak)
        #expect(taken.last == 1)
        #expect(peak >= taken.count && peak < 1 << 46)
    }

    @Test("the processor has a name of one line, or none")
    func processor() {
        let name = processorName() ?? "none"
        #expect(!name.isEmpty && !name.contains("\n"))
    }
}
