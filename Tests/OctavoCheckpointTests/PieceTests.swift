import Glibc
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite("Tensors read a piece at a time")
struct PieceTests {
    /// Three pieces of 16 MiB, the last of them 6 bytes, not at the beginning of a page.
    private static let count = (1 << 24) + 3

    /// A tensor of halves that count up, behind an odd header.
    private func withTensor(_ body: (CheckpointTensor) throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let values = (0..<Self.count).map { Half.narrow(Float($0 % 2000)) }
            let tensor = StoredTensor(dtype: "F16", shape: [Self.count], bytes: values.byteArray)
            try AtomicFile.write(safetensors(["t": tensor]), to: directory + "/m.safetensors")
            try body(Checkpoint(directory + "/m.safetensors").tensor(named: "t"))
        }
    }

    @Test("pieces are the whole, and are there again after they were given back")
    func piecesAreTheWhole() async throws {
        try await withTensor { tensor in
            var (bytes, floats): ([UInt8], [Float]) = ([], [])
            var sizes: [Int] = []
            tensor.forEachPiece { piece in
                sizes.append(piece.count)
                bytes += piece
            }
            try tensor.forEachFloats { floats += $0 }
            #expect(sizes == [1 << 24, 1 << 24, 6])
            #expect(bytes == tensor.withBytes { $0.array })
            #expect(floats.count == Self.count)
            #expect(floats.enumerated().allSatisfy { $1 == Float($0 % 2000) })
        }
    }

    @Test("memory never holds more than a piece of the file")
    func givesMemoryBack() async throws {
        try await withTensor { tensor in
            var most = 0
            tensor.forEachPiece { _ in most = max(most, residentBytes(of: tensor)) }
            // The piece, and the pages around it that the system maps along: at most 64 KiB on each side.
            #expect(most <= 1 << 24 + 1 << 17)
            #expect(most > 0)
            #expect(residentBytes(of: tensor) <= 1 << 17)
        }
    }

    /// What of a tensor's file is mapped into this process, from the kernel's own account.
    private func residentBytes(of tensor: CheckpointTensor) -> Int {
        // The kernel spells the path without what does not matter in it.
        let name = joined(
            lastComponent(parent(of: tensor.file.path)),
            lastComponent(tensor.file.path)
        )
        let text = (try? readFile("/proc/self/smaps")).map { String(decoding: $0, as: UTF8.self) }
        var isFile = false
        for line in (text ?? "").split(separator: "\n") {
            if line.first?.isHexDigit == true, line.contains("-") {
                isFile = line.hasSuffix(name)
            } else if isFile, line.hasPrefix("Rss:") {
                return (line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
            }
        }
        return -1
    }
}
