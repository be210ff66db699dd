import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// A file made by hand, and what reading it must give: an error and its place, or nil.
struct HandMadeGGUF: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    let error: GGUFError?

    init(
        _ name: String,
        _ reason: GGUFError.Reason? = nil,
        at offset: Int = 0,
        _ change: (inout GGUFBuilder) -> Void
    ) {
        testDescription = name
        var builder = GGUFBuilder()
        change(&builder)
        bytes = builder.bytes
        error = reason.map { GGUFError(reason: $0, offset: offset) }
    }
}

private typealias Builder = GGUFBuilder
private typealias Tensor = GGUFBuilder.Tensor

private let prologue: [HandMadeGGUF] = [
    HandMadeGGUF("other magic", .badMagic(Array("GGML".utf8))) { $0.magic = Array("GGML".utf8) },
    HandMadeGGUF("version 0", .unsupportedVersion(0), at: 4) { $0.version = 0 },
    HandMadeGGUF("version 1", .unsupportedVersion(1), at: 4) { $0.version = 1 },
    HandMadeGGUF("version 4", .unsupportedVersion(4), at: 4) { $0.version = 4 },
    HandMadeGGUF("big-endian", .bigEndian, at: 4) { $0.version = UInt32(3).byteSwapped },
    HandMadeGGUF("-1 tensors", .badCount(of: "tensors", -1), at: 8) { $0.tensorCount = -1 },
    HandMadeGGUF("most tensors", .badCount(of: "tensors", .max), at: 8) { $0.tensorCount = .max },
    HandMadeGGUF("one tensor in no bytes", .badCount(of: "tensors", 1), at: 8) {
        $0.tensorCount = 1
    },
    HandMadeGGUF("-1 pairs", .badCount(of: "metadata values", -1), at: 16) { $0.pairCount = -1 },
    HandMadeGGUF("a pair in no bytes", .badCount(of: "metadata values", 1), at: 16) {
        $0.pairCount = 1
    },
]

private let pairs: [HandMadeGGUF] = [
    HandMadeGGUF("key of 2^64 - 1 bytes", .badStringLength(.max), at: 24) {
        $0.pairs = [littleEndian(UInt64.max) + [UInt8](repeating: 0, count: 8)]
    },
    HandMadeGGUF("empty key", .badKey(""), at: 24) {
        $0.pairs = [Builder.pair("", 4, littleEndian(UInt32(1)))]
    },
    HandMadeGGUF("NUL in a key", .badKey("a\0b"), at: 24) {
        $0.pairs = [Builder.pair("a\0b", 4, littleEndian(UInt32(1)))]
    },
    HandMadeGGUF("key that is not UTF-8", .notUTF8, at: 32) {
        $0.pairs = [littleEndian(UInt64(2)) + [0xC0, 0xAF] + littleEndian(UInt32(0)) + [1]]
    },
    HandMadeGGUF("value type 13", .badValueType(key: "k", 13), at: 33) {
        $0.pairs = [Builder.pair("k", 13, littleEndian(UInt64(1)))]
    },
    HandMadeGGUF("array of arrays", .badValueType(key: "k", 9), at: 37) {
        $0.pairs = [Builder.array("k", 9, 0, [])]
    },
    HandMadeGGUF("truth value 2", .badBool(key: "key", 2), at: 39) {
        $0.pairs = [Builder.pair("key", 7, [2])]
    },
    HandMadeGGUF("key twice", .duplicateKey("key"), at: 40) {
        $0.pairs = [Builder.pair("key", 7, [1]), Builder.pair("key", 7, [1])]
    },
    HandMadeGGUF("array beyond file", .badArrayCount(key: "k", 3), at: 41) {
        $0.pairs = [Builder.array("k", 4, 3, littleEndian(UInt64(0)))]
    },
    HandMadeGGUF("array of 2^64 - 1", .badArrayCount(key: "k", .max), at: 41) {
        $0.pairs = [Builder.array("k", 0, .max, [])]
    },
    HandMadeGGUF("string beyond file", .badStringLength(5), at: 37) {
        $0.pairs = [Builder.pair("k", 8, littleEndian(UInt64(5)) + [1, 2, 3, 4])]
    },
    HandMadeGGUF("alignment 0", .badAlignment("uint32 0"), at: 24) {
        $0.pairs = [Builder.pair("general.alignment", 4, littleEndian(UInt32(0)))]
    },
    HandMadeGGUF("alignment 24", .badAlignment("uint32 24"), at: 24) {
        $0.pairs = [Builder.pair("general.alignment", 4, littleEndian(UInt32(24)))]
    },
    HandMadeGGUF("alignment as u64", .badAlignment("uint64 32"), at: 24) {
        $0.pairs = [Builder.pair("general.alignment", 10, littleEndian(UInt64(32)))]
    },
]

private let declarations: [HandMadeGGUF] = [
    HandMadeGGUF("name of 64 bytes", .badTensorName(String(repeating: "x", count: 64)), at: 24) {
        $0.tensors = [Tensor(name: String(repeating: "x", count: 64))]
    },
    HandMadeGGUF("no name", .badTensorName(""), at: 24) { $0.tensors = [Tensor(name: "")] },
    HandMadeGGUF("name twice", .duplicateTensor("t"), at: 57) {
        $0.tensors = [Tensor(), Tensor(offset: 32)]
        $0.data = 64
    },
    HandMadeGGUF("five dimensions", .tooManyDimensions(tensor: "t", 5), at: 33) {
        $0.tensors = [Tensor(dimensions: [1, 1, 1, 1, 1])]
    },
    HandMadeGGUF("2^32 - 1 dimensions", .tooManyDimensions(tensor: "t", .max), at: 33) {
        $0.tensors = [Tensor(rank: .max)]
    },
    HandMadeGGUF("negative dimension", .badShape(tensor: "t", [4, -1]), at: 24) {
        $0.tensors = [Tensor(dimensions: [4, -1])]
    },
    HandMadeGGUF("elements overflow", .badShape(tensor: "t", [.max, 2]), at: 24) {
        $0.tensors = [Tensor(dimensions: [.max, 2])]
    },
    HandMadeGGUF("bytes overflow", .sizeOverflow(tensor: "t"), at: 24) {
        $0.tensors = [Tensor(dimensions: [1 << 62])]
    },
    HandMadeGGUF("padding overflows", .sizeOverflow(tensor: "t"), at: 24) {
        $0.tensors = [Tensor(dimensions: [.max - 7], type: 24)]
    },
    HandMadeGGUF("end overflows", .sizeOverflow(tensor: "t"), at: 24) {
        $0.tensors = [Tensor(dimensions: [.max - 63], type: 24)]
    },
    HandMadeGGUF("withdrawn type", .unknownType(tensor: "t", 4), at: 45) {
        $0.tensors = [Tensor(type: 4)]
    },
    HandMadeGGUF("type out of range", .unknownType(tensor: "t", .max), at: 45) {
        $0.tensors = [Tensor(type: .max)]
    },
    HandMadeGGUF("row of half a block", .partialBlock(tensor: "t", row: 16, block: 32), at: 24) {
        $0.tensors = [Tensor(dimensions: [16, 2], type: 2)]
        $0.data = 32
    },
    HandMadeGGUF("scalar of a block type", .partialBlock(tensor: "t", row: 1, block: 32), at: 24) {
        $0.tensors = [Tensor(dimensions: [], type: 2)]
    },
]

private let places: [HandMadeGGUF] = [
    HandMadeGGUF(
        "first tensor behind a gap",
        .badOffset(tensor: "t", found: 32, expected: 0),
        at: 24
    ) {
        $0.tensors = [Tensor(offset: 32)]
        $0.data = 64
    },
    HandMadeGGUF("overlap", .badOffset(tensor: "u", found: 0, expected: 32), at: 57) {
        $0.tensors = [Tensor(), Tensor(name: "u")]
        $0.data = 64
    },
    HandMadeGGUF("unaligned", .badOffset(tensor: "u", found: 16, expected: 32), at: 57) {
        $0.tensors = [Tensor(), Tensor(name: "u", offset: 16)]
        $0.data = 64
    },
    HandMadeGGUF("offset of 2^64 - 1", .badOffset(tensor: "t", found: .max, expected: 0), at: 24) {
        $0.tensors = [Tensor(offset: .max)]
    },
    HandMadeGGUF(
        "data shorter than the tensor",
        .truncatedData(tensor: "t", needed: 16, available: 15),
        at: 24
    ) {
        $0.tensors = [Tensor()]
        $0.data = 15
    },
    HandMadeGGUF(
        "sum of two tensors overflows",
        .truncatedData(tensor: "t", needed: 0x7FFF_FFFF_FFFF_FF00, available: 32),
        at: 24
    ) {
        $0.tensors = [
            Tensor(dimensions: [0x7FFF_FFFF_FFFF_FF00], type: 24),
            Tensor(
                name: "u",
                dimensions: [0x7FFF_FFFF_FFFF_FF00],
                type: 24,
                offset: 0x7FFF_FFFF_FFFF_FF00
            ),
        ]
        $0.data = 32
    },
]

private let sound: [HandMadeGGUF] = [
    HandMadeGGUF("nothing in it") { _ in },
    HandMadeGGUF("version 2") { $0.version = 2 },
    HandMadeGGUF("dimension 0") { $0.tensors = [Tensor(dimensions: [4, 0])] },
    HandMadeGGUF("scalar") {
        $0.tensors = [Tensor(dimensions: [])]
        $0.data = 4
    },
    HandMadeGGUF("name of 63 bytes") {
        $0.tensors = [Tensor(name: String(repeating: "x", count: 63))]
        $0.data = 16
    },
    HandMadeGGUF("alignment 1") {
        $0.pairs = [Builder.pair("general.alignment", 4, littleEndian(UInt32(1)))]
        $0.tensors = [Tensor(), Tensor(name: "u", offset: 16)]
        $0.alignment = 1
        $0.data = 32
    },
    HandMadeGGUF("last tensor not padded") {
        $0.tensors = [Tensor(), Tensor(name: "u", offset: 32)]
        $0.data = 48
    },
]

@Suite
struct GGUFBatteryTests {
    static let files =
        prologue + pairs + declarations + places + sound

    @Test(arguments: files)
    func eachLieHasItsError(_ file: HandMadeGGUF) {
        var found: GGUFError?
        do throws(GGUFError) { _ = try GGUFHeader(file.bytes.span.bytes) } catch { found = error }
        #expect(found == file.error)
    }

    @Test
    func everyValueTypeIsRead() throws {
        var builder = GGUFBuilder()
        builder.pairs = [
            Builder.pair("u8", 0, [200]), Builder.pair("i8", 1, [200]),
            Builder.pair("u16", 2, [1, 128]), Builder.pair("i16", 3, [1, 128]),
            Builder.pair("u32", 4, [0, 0, 0, 255]), Builder.pair("i32", 5, [0, 0, 0, 255]),
            Builder.pair("f32", 6, littleEndian(Float(0.1).bitPattern)),
            Builder.pair("yes", 7, [1]), Builder.pair("text", 8, Builder.string("ä")),
            Builder.pair("u64", 10, littleEndian(UInt64.max)),
            Builder.pair("i64", 11, littleEndian(Int64.min)),
            Builder.pair("f64", 12, littleEndian(0.1.bitPattern)),
            Builder.array("texts", 8, 2, Builder.string("a") + Builder.string("")),
            Builder.array("numbers", 5, 2, littleEndian(Int32(-1)) + littleEndian(Int32(7))),
            Builder.array("none", 6, 0, []),
        ]
        let bytes = builder.bytes
        let metadata = try GGUFHeader(bytes.span.bytes).metadata
        #expect(metadata.keys.count == builder.pairs.count)
        #expect(metadata.integer("u8") == 200)
        #expect(metadata.integer("i8") == -56)
        #expect(metadata.integer("u16") == 32769)
        #expect(metadata.integer("i16") == -32767)
        #expect(metadata.integer("u32") == 4_278_190_080)
        #expect(metadata.integer("i32") == -16_777_216)
        #expect(metadata.number("f32") == 0.10000000149011612)
        #expect(metadata.bool("yes") == true)
        #expect(metadata.string("text") == "ä")
        #expect(metadata["u64"] == .unsigned(.max))
        #expect(metadata.integer("u64") == nil)
        #expect(metadata.integer("i64") == .min)
        #expect(metadata.number("f64") == 0.1)
        #expect(metadata.strings("texts") == ["a", ""])
        #expect(metadata.integers("numbers") == [-1, 7])
        #expect(metadata.numbers("none") == [])
        #expect(metadata.strings("numbers") == nil)
        #expect(metadata.string("absent") == nil)
    }

    @Test
    func arraysTogetherAreBounded() {
        // The bytes are there, and each array alone would do.
        let limit = GGUFHeader.mostArrayItems
        var builder = GGUFBuilder()
        builder.pairs = [(Character("a"), 10), ("b", limit - 9)].map {
            Builder.array("\($0)", 0, UInt64($1), [UInt8](repeating: 0, count: $1))
        }
        let bytes = builder.bytes
        #expect(throws: GGUFError(reason: .badArrayCount(key: "b", UInt64(limit - 9)), offset: 76))
        {
            try GGUFHeader(bytes.span.bytes)
        }
    }

    @Test
    func everyPrefixOfASoundFileIsRefused() throws {
        let whole = try readFile(fixture("tiny-llama.gguf"))
        let header = try GGUFHeader(whole.span.bytes)
        let end = try #require(header.tensors.last?.bytes.upperBound)
        let dataStart = try #require(header.tensors.first?.bytes.lowerBound)
        // Every length within the header, and around each tensor's end.
        let lengths = Array(0...dataStart) + header.tensors.map { $0.bytes.upperBound - 1 }
        for length in lengths where length < end {
            let prefix = Array(whole[..<length])
            #expect(throws: GGUFError.self) { try GGUFHeader(prefix.span.bytes) }
        }
    }
}
