import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import Testing

@Suite("Embeddings and heads")
struct TableQuantizerTests {
    private static let width = 32

    /// Rows of different lengths, one of them zero, and a Hessian with correlations.
    private static func table(_ rows: Int) -> (table: Matrix, hessian: Matrix) {
        var generator = SeededGenerator(seed: 9)
        func normal() -> Float {
            Float((0..<12).reduce(-6.0) { sum, _ in sum + generator.nextUnit() })
        }
        var table = Matrix(rows: rows, columns: width)
        for row in 0..<rows {
            let length = Float(sign: .plus, exponent: row % 3 - 1, significand: 1)
            for i in 0..<width { table[row, i] = row == 17 ? 0 : length * normal() }
        }
        var samples = Matrix(rows: 200, columns: width)
        for row in 0..<200 {
            let common = normal()
            for i in 0..<width { samples[row, i] = common + normal() * (i % 3 == 0 ? 2 : 0.5) }
        }
        return (table, product(samples, transposed: true, samples, transposed: false))
    }

    /// Rows share nothing but the codebooks, so those found on some rows must serve the others nearly as well.
    @Test("codebooks of some rows serve all", arguments: ["2x4g8", "1x6g4"])
    func sampled(scheme: String) throws {
        let (table, hessian) = Self.table(3000)
        let scheme = try #require(Scheme(scheme))
        let metric = try InputMetric(hessian: hessian, groupSize: scheme.groupSize)
        let whole = try quantize(table: table, metric: metric, scheme: scheme, sampledRows: 3000)
        let sampled = try quantize(table: table, metric: metric, scheme: scheme, sampledRows: 2000)
        // With 2999 of the rows it is 1.01 and 1.02 times, which codebooks fitted to final codes would save; with
        // 2000 entries are a little off by chance: 1.02 and 1.03.
        #expect(sampled.relativeLoss < 1.05 * whole.relativeLoss)

        let layer = sampled.layer
        #expect(layer.outputs == 3000)
        #expect(layer.codebooks.allSatisfy { Half.widen(Half.narrow($0)) == $0 })
        #expect(layer.scales.allSatisfy { Half.widen(Half.narrow($0)) == $0 })
        // The loss that is told is the one that the layer has.
        var error = layer.dequantized()
        add(table, times: -1, to: &error)
        let loss = dot(product(error, hessian), error) / dot(product(table, hessian), table)
        #expect(abs(loss - sampled.relativeLoss) < 1e-3 * loss)
        // A row of zeros stays one.
        #expect((0..<Self.width).allSatisfy { layer.dequantized()[17, $0] == 0 })
    }

    @Test("a table of few rows is a layer like others")
    func small() throws {
        let (table, hessian) = Self.table(64)
        let scheme = try #require(Scheme("2x4g8"))
        let metric = try InputMetric(hessian: hessian, groupSize: 8)
        let found = try quantize(table: table, metric: metric, scheme: scheme)
        let layer = try quantize(weight: table, metric: metric, scheme: scheme)
        #expect(found.layer == layer.layer)
        #expect(found.relativeLoss == layer.report.relativeLoss)
    }

    @Test("what is not finite is refused wherever it stands", arguments: [3, 2999])
    func refuses(row: Int) throws {
        var (table, hessian) = Self.table(3000)
        table[row, 5] = .nan
        let scheme = try #require(Scheme("1x6g4"))
        let metric = try InputMetric(hessian: hessian, groupSize: 4)
        #expect(throws: QuantizationError.notFinite(.weights)) {
            try quantize(table: table, metric: metric, scheme: scheme, sampledRows: 700)
        }
    }
}
