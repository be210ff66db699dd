import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import Testing

@Suite("Codebooks in order")
struct CanonicalOrderTests {
    private static let scheme = Scheme(codebooks: 2, bits: 3, groupSize: 4)

    /// A layer with some equal entries and zeros of both signs.
    private static func layer() throws -> AdditiveLayer {
        var generator = SeededGenerator(seed: 1)
        var codebooks = (0..<2 * 8 * 4).map { _ in Float(Int(generator.next() % 5)) - 2 }
        (codebooks[0], codebooks[4]) = (0, -0.0)
        for i in 0..<4 { codebooks[5 * 4 + i] = codebooks[2 * 4 + i] }
        return try AdditiveLayer(
            scheme: #require(scheme),
            outputs: 6,
            inputs: 8,
            codes: (0..<6 * 2 * 2).map { _ in UInt16(generator.next() % 8) },
            codebooks: codebooks,
            scales: (1...6).map { Float($0) / 4 }
        )
    }

    @Test("the weights stay as they are to the last bit")
    func keepsWeights() throws {
        let layer = try Self.layer()
        let canonical = layer.canonical
        #expect(canonical.codebooks != layer.codebooks)
        let (before, after) = (layer.dequantized().elements, canonical.dequantized().elements)
        #expect(before.map(\.bitPattern) == after.map(\.bitPattern))
    }

    @Test("entries ascend")
    func ascends() throws {
        let books = try Self.layer().canonical.codebooks
        for book in 0..<2 {
            let entries = (0..<8).map {
                Array(books[(book * 8 + $0) * 4..<(book * 8 + $0 + 1) * 4])
            }
            for (a, b) in zip(entries, entries.dropFirst()) {
                #expect(!b.lexicographicallyPrecedes(a))
            }
        }
    }

    @Test(
        "layers that differ in the order of entries alone become one",
        arguments: 0..<8 as Range<UInt64>
    )
    func forgetsOrder(seed: UInt64) throws {
        let layer = try Self.layer()
        var generator = SeededGenerator(seed: seed)
        var (codebooks, codes) = (layer.codebooks, layer.codes)
        for book in 0..<2 {
            // Entry i moves to the place order[i].
            let order = (0..<8).shuffled(using: &generator)
            for (entry, place) in order.enumerated() {
                for i in 0..<4 {
                    codebooks[(book * 8 + place) * 4 + i] =
                        layer.codebooks[(book * 8 + entry) * 4 + i]
                }
            }
            for i in stride(from: book, to: codes.count, by: 2) {
                codes[i] = UInt16(order[Int(layer.codes[i])])
            }
        }
        let shuffled = try AdditiveLayer(
            scheme: layer.scheme,
            outputs: layer.outputs,
            inputs: layer.inputs,
            codes: codes,
            codebooks: codebooks,
            scales: layer.scales
        )
        #expect(
            shuffled.canonical.codebooks.map(\.bitPattern)
                == layer.canonical.codebooks.map(\.bitPattern)
        )
        #expect(shuffled.canonical.codes == layer.canonical.codes)
    }
}
