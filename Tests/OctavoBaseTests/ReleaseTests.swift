import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Memory of mapped files")
struct ReleaseTests {
    @Test(
        "what was given back is there again when it is touched, whatever the range",
        arguments: [
            0..<0, 0..<1, 1..<4097, 4096..<8192, 5000..<20_000, 19_999..<20_001, 30_000..<40_000,
        ]
    )
    func staysReadable(range: Range<Int>) async throws {
        try await withTemporaryDirectory { directory in
            let bytes = (0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try AtomicFile.write(bytes, to: directory + "/file")
            let file = try MappedFile(directory + "/file")
            #expect(file.bytes.array == bytes)
            file.release(range)
            #expect(file.bytes.array == bytes)
        }
    }
}
