import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Models in several files; that sound ones are read is in ``GGUFFamilyTests``.
@Suite
struct GGUFSplitFilesTests {
    private static let first = "m-00001-of-00002.gguf"
    private static let second = "m-00002-of-00002.gguf"

    @Test(
        arguments: [
            ("nothing", nil),
            (
                "second opened",
                .ggufModel(file: second, .notFirst(number: 2, of: 2, first: first))
            ),
            (
                "other name",
                .ggufModel(
                    file: "m.gguf",
                    .badSplit("it is number 1 of 2 files, whose name ends in -00001-of-00002.gguf")
                )
            ),
            (
                "count as text",
                .ggufModel(file: first, .badKey("split.count", expected: "a number below 65536"))
            ),
            (
                "count 65536",
                .ggufModel(file: first, .badKey("split.count", expected: "a number below 65536"))
            ),
            (
                "number 2 of 2",
                .ggufModel(file: first, .badKey("split.no", expected: "a number below 2"))
            ),
            (
                "second of another number",
                .ggufModel(file: second, .badKey("split.no", expected: "1"))
            ),
            (
                "second of another count",
                .ggufModel(file: second, .badKey("split.count", expected: "2"))
            ),
            (
                "tensor in both",
                .ggufModel(
                    file: first,
                    .badSplit("two of its files have a tensor \"output_norm.weight\"")
                )
            ),
            ("other sum", .ggufModel(file: first, .badKey("split.tensors.count", expected: "11"))),
            ("no sum", .ggufModel(file: first, .badKey("split.tensors.count", expected: "11"))),
        ] as [(String, CheckpointError?)]
    )
    func filesThatDisagreeAreNamed(_ lie: String, _ error: CheckpointError?) async throws {
        try await withModel(lie) { path in
            var found: CheckpointError?
            do throws(CheckpointError) { _ = try Checkpoint(path) } catch { found = error }
            #expect(found == error)
        }
    }

    @Test
    func anAbsentFileIsNamed() async throws {
        try await withModel("no second") { path in
            let second = joined(parent(of: path), Self.second)
            #expect {
                try Checkpoint(path)
            } throws: { error in
                guard case .file(let file) = error as? CheckpointError else { return false }
                return file.path == second
            }
        }
    }

    /// Writes a llama whose last five tensors are in a second file, and gives the path to open.
    private func withModel(_ lie: String, _ check: (String) throws -> Void) async throws {
        var first = GGUFBuilder.llama
        var second = GGUFBuilder()
        for tensor in first.tensors.suffix(5) {
            first.remove(tensor.name)
            second.add(tensor.name, tensor.dimensions)
        }
        if lie == "tensor in both" {
            first.remove("blk.0.attn_q.weight")
            second.add("output_norm.weight", [4])
        }
        first.stateSplit(lie == "number 2 of 2" ? 2 : 0, of: lie == "count 65536" ? 65536 : 2)
        if lie == "count as text" { first.state("split.count", "2") }
        if lie == "other sum" { first.state("split.tensors.count", 5, littleEndian(Int32(12))) }
        if lie == "no sum" { first.remove(key: "split.tensors.count") }
        second.stateSplit(
            lie == "second of another number" ? 2 : 1,
            of: lie == "second of another count" ? 3 : 2
        )
        try await withTemporaryDirectory { directory in
            let name = lie == "other name" ? "m.gguf" : Self.first
            let (firstBytes, secondBytes) = (first.bytes, second.bytes)
            try AtomicFile.write(firstBytes, to: joined(directory, name))
            if lie != "no second" {
                try AtomicFile.write(secondBytes, to: joined(directory, Self.second))
            }
            try check(joined(directory, lie == "second opened" ? Self.second : name))
        }
    }
}

extension GGUFBuilder {
    /// States which file of how many this is; the model has eleven tensors.
    fileprivate mutating func stateSplit(_ number: Int, of count: Int) {
        state("split.no", 2, littleEndian(UInt16(number)))
        if count <= 0xFFFF {
            state("split.count", 2, littleEndian(UInt16(count)))
        } else {
            state("split.count", UInt32(count))
        }
        state("split.tensors.count", 5, littleEndian(Int32(11)))
    }
}
