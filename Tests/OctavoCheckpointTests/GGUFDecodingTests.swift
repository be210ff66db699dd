import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Blocks against what the `gguf` package of PyPI makes of them, bit for bit.
@Suite
struct GGUFDecodingTests {
    private static let types = Dictionary(
        uniqueKeysWithValues: GGMLType.decodable.map { ($0.name, $0) }
    )

    /// Random blocks with scales that are plain numbers.
    @Test
    func valuesAreThoseOfTheReference() throws {
        let items = try fixtureItems("blocks.json")
        #expect(items.count == 5)
        for item in items {
            let type = try #require(Self.types[try item.string("type")])
            let bytes = try item.bytes("bytes")
            let expected = [UInt32](copying: try item.bytes("floats"))
            #expect(try decoded(bytes, type).map(\.bitPattern) == expected, "\(type)")
        }
    }

    /// Every quantized type, also with scales that are subnormal, infinite or no number.
    @Test
    func oddScalesGiveWhatTheReferenceGives() throws {
        let items = try fixtureItems("gguf/blocks.json")
        let types = Set(try items.map { try $0.string("type") })
        #expect(types == Set(Self.types.keys).subtracting(["F32", "F16", "BF16"]))
        for item in items {
            let type = try #require(Self.types[try item.string("type")])
            let bytes = try item.bytes("bytes")
            let values = try decoded(bytes, type)
            // Which NaN an operation gives is up to the processor.
            let oneNaN = values.map { $0.isNaN ? Float(bitPattern: 0x7FC0_0000) : $0 }
            let (digest, scales) = (try item.string("sha256"), try item.string("case"))
            #expect(Digest(of: oneNaN).hex == digest, "\(type), \(scales)")
        }
    }

    /// A block's neighbours do not matter, and what is left of a block is not read.
    @Test(arguments: GGMLType.decodable)
    func blocksAreApart(_ type: GGMLType) throws {
        let count = 5
        let bytes = (0..<count * type.blockBytes).map { UInt8(truncatingIfNeeded: $0 * 37 % 89) }
        let whole = try decoded(bytes, type)
        #expect(whole.count == count * type.blockElements)
        for i in 0..<count {
            let one = Array(bytes[i * type.blockBytes..<(i + 1) * type.blockBytes])
            let values = try decoded(one, type)
            let place = i * type.blockElements..<(i + 1) * type.blockElements
            #expect(values.map(\.bitPattern) == whole[place].map(\.bitPattern))
        }
    }

    private func decoded(_ bytes: [UInt8], _ type: GGMLType) throws -> [Float] {
        let values = dequantize(bytes.span.bytes, from: type)
        return try #require(values, "\(type) is not decoded")
    }
}
