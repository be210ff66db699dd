import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoTestSupport
import Testing

/// Products with additive layers, by lookup and with dequantized weights.
@Suite
struct AdditiveTests {
    /// Sums of a few hundred float32 numbers in two orders, over the spread of the results.
    static let tolerance = 2e-6

    @Test(arguments: ["1x1g1", "2x8g8", "1x12g8", "4x8g16", "3x5g6", "8x8g32", "1x16g8"])
    func bothEvaluationsAgree(scheme name: String) throws {
        let scheme = try #require(Scheme(name))
        for (outputs, groups, rows) in [(1, 1, 1), (7, 3, 2), (130, 5, 3)] {
            let layer = try Self.layer(scheme, outputs: outputs, groups: groups)
            let x = Self.matrix(rows: rows, columns: layer.inputs)
            let linear = Linear(.additive(layer), bias: Self.numbers(outputs, seed: 9))
            let lookup = linear(x, Execution(threads: 3, evaluation: .lookup))
            let dequantized = linear(x, Execution(evaluation: .dequantized))
            let automatic = linear(x, Execution())
            #expect(lookup.rows == rows && lookup.columns == outputs)
            let spread = Double(layer.inputs * scheme.codebooks).squareRoot()
            for (a, b) in zip(lookup.elements, dequantized.elements) {
                #expect(abs(Double(a - b)) < Self.tolerance * spread)
            }
            #expect(automatic == lookup || automatic == dequantized)
        }
    }

    /// One output of two groups of two, by hand: 0.5 · ((1 + 10, 2 + 20), (3 + 10, 4 + 20)).
    @Test(arguments: [LinearLayer.Evaluation.lookup, .dequantized])
    func productByHand(evaluation: LinearLayer.Evaluation) throws {
        let layer = try AdditiveLayer(
            scheme: #require(Scheme("2x1g2")),
            outputs: 1,
            inputs: 4,
            codes: [0, 1, 1, 1],
            codebooks: [1, 2, 3, 4, 0, 0, 10, 20],
            scales: [0.5]
        )
        let x = Matrix(rows: 1, columns: 4, elements: [1, 10, 100, 1000])
        let y = Linear(.additive(layer))(x, Execution(evaluation: evaluation))
        // 0.5 · (11 + 220 + 1300 + 24000), exact in Float.
        #expect(y.elements == [12765.5])
    }

    @Test(.enabled(if: Shared.isHere), arguments: [LinearLayer.Evaluation.lookup, .dequantized])
    func wholeModelAgreesEitherWay(evaluation: LinearLayer.Evaluation) throws {
        let folder = try SafetensorsFolder(Shared.path("golden/aqlm/llama-2x8g8"))
        let logits = try LanguageModel(folder: folder)
            .logits(for: folder.tokens, Execution(threads: 2, evaluation: evaluation))
        #expect(
            relativeDistance(logits.row(7), folder.numbers("logits_pos7")) < GoldenTests.tolerance
        )
    }

    private static func numbers(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in Float(generator.nextUnit() * 2 - 1) }
    }

    private static func matrix(rows: Int, columns: Int) -> Matrix {
        Matrix(rows: rows, columns: columns, elements: numbers(rows * columns, seed: 3))
    }

    private static func layer(_ scheme: Scheme, outputs: Int, groups: Int) throws -> AdditiveLayer {
        var generator = SeededGenerator(seed: 5)
        return try AdditiveLayer(
            scheme: scheme,
            outputs: outputs,
            inputs: groups * scheme.groupSize,
            codes: (0..<outputs * groups * scheme.codebooks).map { _ in
                UInt16.random(in: 0...UInt16(scheme.entries - 1), using: &generator)
            },
            codebooks: numbers(scheme.codebooks * scheme.entries * scheme.groupSize, seed: 1),
            scales: numbers(outputs, seed: 2)
        )
    }
}
