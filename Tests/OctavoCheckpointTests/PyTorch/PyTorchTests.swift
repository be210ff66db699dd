import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Files that PyTorch wrote, against what PyTorch reads in them; `make.py` beside them made both.
@Suite
struct PyTorchTests {
    static let files = [
        "dtypes.bin", "strides.bin", "module.bin", "training.pth", "empty.pt", "tied.bin",
    ]

    @Test(arguments: files)
    func tensorsReadAsInPyTorch(_ name: String) throws {
        let everything = try JSON(parsing: readFile(fixture("pytorch/expected.json")))
        let expected = try everything.array(name)
        let checkpoint = try Checkpoint(fixture("pytorch/" + name))
        #expect(checkpoint.format == .pytorch)
        #expect(checkpoint.tensors.count == expected.count)
        for (tensor, item) in zip(checkpoint.tensors, expected) {
            let bytes = try item.bytes("bytes")
            #expect(tensor.name == (try item.string("name")))
            #expect(tensor.type.name == (try item.string("dtype")))
            #expect(tensor.shape == (try item.shape("shape")))
            #expect(tensor.byteCount == bytes.count, "\(tensor.name)")
            #expect(try tensor.withBytes { $0.array } == bytes, "\(tensor.name)")
        }
    }

    /// A directory as others publish it, converted: every tensor keeps its bytes.
    @Test(arguments: [false, true])
    func aDirectoryReadsAsOne(isSharded: Bool) async throws {
        try await withTemporaryDirectory { directory in
            func copy(_ file: String, _ name: String) throws {
                try AtomicFile.write(
                    readFile(fixture("pytorch/" + file)),
                    to: directory + "/" + name
                )
            }
            _ = try writeText("{}", to: directory, name: "config.json")
            if isSharded {
                let shards = [
                    "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin",
                ]
                try copy("module.bin", shards[0])
                try copy("strides.bin", shards[1])
                // Without an index at first: the names say that nothing is missing.
                let whole = try Checkpoint(directory)
                #expect(whole.tensors.map(\.name).prefix(2) == ["0.weight", "0.bias"])
                var map = JSONObject()
                for (shard, file) in zip(shards, ["module.bin", "strides.bin"]) {
                    for tensor in try Checkpoint(fixture("pytorch/" + file)).tensors {
                        map[tensor.name] = .string(shard)
                    }
                }
                let total = whole.tensors.reduce(0) { $0 + $1.byteCount }
                let index = JSON.object([
                    "metadata": .object(["total_size": .integer(total)]),
                    "weight_map": .object(map),
                ])
                _ = try writeText(
                    index.text(),
                    to: directory,
                    name: "pytorch_model.bin.index.json"
                )
            } else {
                try copy("module.bin", "pytorch_model.bin")
            }
            let checkpoint = try Checkpoint(directory)
            #expect(checkpoint.format == .directory)
            #expect(checkpoint.tensors.count == (isSharded ? 22 : 4))
            #expect(checkpoint.sources.count == (isSharded ? 4 : 2))
            #expect(try checkpoint.floats(named: "1.weight") == [1, 1])

            // Safetensors precede.
            _ = try writeSafetensors([], to: directory) { _, _ in }
            #expect(try Checkpoint(directory).tensors.isEmpty)
        }
    }

    /// A tensor that unfolds to as much as the rule allows, and one that unfolds to more.
    @Test
    func overlappingElementsAreCounted() {
        let layout = StridedLayout(offset: 1, strides: [0, 2])
        #expect(layout.extent(of: [1000, 3]) == 1..<6)
        #expect(layout.extent(of: [2, Int.max]) == nil)
        #expect(layout.extent(of: [0, Int.max]) == 1..<1)
        #expect(StridedLayout(offset: 0, strides: [3, 1]).isContiguous([2, 3]))
        #expect(StridedLayout(offset: 0, strides: [7, 1]).isContiguous([1, 3]))
        #expect(!StridedLayout(offset: 0, strides: [1, 2]).isContiguous([2, 3]))
        #expect(StridedLayout(offset: 5, strides: []).isContiguous([]))
    }

    @Test
    func theChecksumIsThatOfZipFiles() {
        // The check value that is published with the polynomial.
        #expect(Array("123456789".utf8).withRawBytes { crc32($0) } == 0xCBF4_3926)
        #expect([UInt8]().withRawBytes { crc32($0) } == 0)
    }
}
