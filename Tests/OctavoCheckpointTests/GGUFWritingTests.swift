import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite("GGUF files that are written")
struct GGUFWritingTests {
    /// What the `gguf` package of PyPI makes of the same numbers.
    @Test("blocks are those of the reference, bit for bit")
    func encodesLikeTheReference() throws {
        let items = try fixtureItems("gguf/encoded.json")
        #expect(items.count == 54)
        for item in items {
            let (name, which) = (try item.string("type"), try item.string("case"))
            let type = try #require(GGMLType.allCases.first { $0.name == name })
            let values = try #require([Float](copying: try item.bytes("floats")))
            let encoded = try #require(encodeBlocks(values, 0..<values.count, as: type))
            #expect(encoded == (try item.bytes("bytes")), "\(type) \(which)")
        }
    }

    @Test("parts of blocks, types that are not written and places beyond the end are refused")
    func refusesParts() {
        let values = [Float](repeating: 1, count: 64)
        #expect(encodeBlocks(values, 0..<31, as: .q8_0) == nil)
        #expect(encodeBlocks(values, 32..<96, as: .q8_0) == nil)
        #expect(encodeBlocks(values, 0..<64, as: .mxfp4) == nil)
        #expect(encodeBlocks(values, 0..<0, as: .q4_0) == [])
        #expect(encodeBlocks(values, 32..<64, as: .q8_0)?.count == 34)
    }

    /// Against the builder that the reader's tests are made with.
    @Test("a file has the bytes that the specification gives it")
    func writesTheFormat() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/m.gguf"
            let plans = try [
                #require(GGUFTensorPlan(name: "a", type: .f32, shape: [2, 3])),
                #require(GGUFTensorPlan(name: "b", type: .q8_0, shape: [32])),
            ]
            var writer = try GGUFWriter(
                path,
                metadata: [
                    ("u", .uint32(7)), ("s", .string("é")), ("f", .float32(1.5)),
                    ("b", .bool(true)), ("i", .int32s([-1, 2])), ("t", .strings(["x", ""])),
                ],
                tensors: plans
            )
            // In pieces, of which none reaches beyond a tensor.
            try writer.write([UInt8](repeating: 1, count: 20))
            #expect(fileKind(path) == nil)
            try writer.write([UInt8](repeating: 2, count: 4))
            try writer.write([UInt8](repeating: 3, count: 34))
            try writer.finish()
            var expected = GGUFBuilder()
            func pair(_ key: String, _ type: UInt32, _ bytes: [UInt8]) -> [UInt8] {
                GGUFBuilder.string(key) + littleEndian(type) + bytes
            }
            expected.pairs = [
                pair("u", 4, littleEndian(UInt32(7))), pair("s", 8, GGUFBuilder.string("é")),
                pair("f", 6, littleEndian(Float(1.5).bitPattern)), pair("b", 7, [1]),
                pair(
                    "i",
                    9,
                    littleEndian(UInt32(5)) + littleEndian(UInt64(2)) + littleEndian(Int32(-1))
                        + littleEndian(Int32(2))
                ),
                pair(
                    "t",
                    9,
                    littleEndian(UInt32(8)) + littleEndian(UInt64(2)) + GGUFBuilder.string("x")
                        + GGUFBuilder.string("")
                ),
            ]
            expected.tensors = [
                .init(name: "a", dimensions: [3, 2], type: 0, offset: 0),
                .init(name: "b", dimensions: [32], type: 8, offset: 32),
            ]
            expected.data = 96
            expected.tail =
                [UInt8](repeating: 1, count: 20) + [2, 2, 2, 2] + [UInt8](repeating: 0, count: 8)
                + [UInt8](repeating: 3, count: 34) + [UInt8](repeating: 0, count: 30)
            #expect(try readFile(path) == expected.bytes)
            let file = try GGUFFile(MappedFile(path))
            #expect(file.metadata.string("s") == "é" && file.metadata.integers("i") == [-1, 2])
        }
    }

    @Test("a caller that gives too much, too little or twice the same is told, and no file appears")
    func refusesLies() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/m.gguf"
            let plan = try #require(GGUFTensorPlan(name: "a", type: .f32, shape: [2]))
            #expect(throws: GGUFWriteError.duplicate("a")) {
                _ = try GGUFWriter(path, metadata: [], tensors: [plan, plan])
            }
            #expect(throws: GGUFWriteError.duplicate("k")) {
                _ = try GGUFWriter(
                    path,
                    metadata: [("k", .bool(true)), ("k", .bool(true))],
                    tensors: []
                )
            }
            #expect(throws: GGUFWriteError.tooManyBytes(after: "a")) {
                var writer = try GGUFWriter(path, metadata: [], tensors: [plan])
                try writer.write([UInt8](repeating: 0, count: 9))
            }
            #expect(throws: GGUFWriteError.tooFewBytes(tensor: "a", found: 4, expected: 8)) {
                var writer = try GGUFWriter(path, metadata: [], tensors: [plan])
                try writer.write([0, 0, 0, 0])
                try writer.finish()
            }
            #expect(try directoryEntries(directory) == [])
        }
    }

    @Test(
        "what a reader would refuse cannot be planned",
        arguments: [
            ("", GGMLType.f32, [1]), (String(repeating: "n", count: 64), .f32, [1]),
            ("a\u{0}", .f32, [1]), ("a", .f32, []), ("a", .f32, [1, 1, 1, 1, 1]),
            ("a", .f32, [0, 4]), ("a", .q8_0, [4, 33]), ("a", .q4_K, [128]),
            ("a", .f32, [1 << 40, 1 << 40]), ("a", .f32, [-1]),
        ]
    )
    func refusesPlans(name: String, type: GGMLType, shape: [Int]) {
        #expect(GGUFTensorPlan(name: name, type: type, shape: shape) == nil)
    }

    @Test("heads that are interleaved and put back are what they were", arguments: [1, 2, 3])
    func interleaves(heads: Int) {
        let values = (0..<heads * 8 * 3).map { Float($0) }
        let stored = GGUFTransform.interleavedHeads(heads).applied(to: values, rows: heads * 8)
        #expect(
            GGUFTransform.interleavedHeads(heads).undone(stored, rows: heads * 8) == values
        )
        // By hand: rows 0…7 of a head become 0 4 1 5 2 6 3 7.
        let rows = stride(from: 0, to: 24, by: 3).map { Int(stored[$0]) / 3 }
        #expect(rows == [0, 4, 1, 5, 2, 6, 3, 7])
    }

    @Test("rows of a tensor are the same read at once, a few at a time, or across heads")
    func readsRows() throws {
        for name in ["llama", "phi3", "gemma"] {
            for tensor in try Checkpoint(fixture("gguf/\(name).gguf")).tensors {
                let whole = try tensor.floats()
                let rows = try TensorRows(tensor)
                #expect(rows.count * rows.length == whole.count)
                for step in [1, 3, 5, rows.count] {
                    var found: [Float] = []
                    for start in stride(from: 0, to: rows.count, by: step) {
                        found += try rows.floats(start..<min(start + step, rows.count))
                    }
                    #expect(found == whole, "\(tensor.name) by \(step)")
                }
            }
        }
    }
}
