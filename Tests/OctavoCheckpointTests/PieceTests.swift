import Foundation
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
            try tensor.forEachPiece { piece in
                sizes.append(piece.count)
                bytes += piece
            }
            try tensor.forEachFloats { floats += $0 }
            #expect(sizes == [1 << 24, 1 << 24, 6])
            #expect(try bytes == tensor.withBytes { $0.array })
            #expect(floats.count == Self.count)
            #expect(floats.enumerated().allSatisfy { $1 == Float($0 % 2000) })
        }
    }

    @Test("memory never holds more than a piece of the file")
    func givesMemoryBack() async throws {
        try await withTensor { tensor in
            var most = 0
            try tensor.forEachPiece { _ in most = max(most, try residentBytes(of: tensor)) }
            // The piece, and what the system maps along around it: at most a huge page of 2 MiB on each
            // side. Two pieces of 16 MiB would be beyond.
            #expect(most > 1 << 23)
            #expect(most <= 1 << 24 + 1 << 22)
            #expect(try residentBytes(of: tensor) <= 1 << 22)
        }
    }

    /// What of a tensor's file is in this process's memory, by the kernel's own account.
    private func residentBytes(of tensor: CheckpointTensor) throws -> Int {
        // The file says that it is empty, so it is read to its end.
        let file = try #require(FileHandle(forReadingAtPath: "/proc/self/smaps"))
        let text = String(decoding: try #require(try file.readToEnd()), as: UTF8.self)
        // The kernel spells the path without what does not matter in it.
        let path = tensor.file.path
        let name = joined(lastComponent(parent(of: path)), lastComponent(path))
        let mapping = try #require(text.range(of: name))
        let line = try #require(text[mapping.upperBound...].firstRange(of: /Rss: +[0-9]+/))
        return try #require(Int(text[line].split(separator: " ").last ?? "")) << 10
    }
}
