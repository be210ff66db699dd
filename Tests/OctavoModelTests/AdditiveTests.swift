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
    /// What tables of 16 bits add to that: half a unit for each number, of which the longest vectors make
    /// nearly 32700 (CodedTests holds each product to that).
    static let tableTolerance = 1e-3

    @Test(arguments: ["1x1g1", "2x8g8", "1x12g8", "4x8g16", "3x5g6", "8x8g32", "1x16g8"])
    func bothEvaluationsAgree(scheme name: String) throws {
        let scheme = try #require(Scheme(name))
        for (outputs, groups, rows) in [(1, 1, 1), (7, 3, 2), (130, 5, 3)] {
            let layer = try Self.layer(scheme, outputs: outputs, groups: groups)
            let x = Self.matrix(rows: rows, columns: layer.inputs)
            let linear = Linear(
                .packed(PackedLayer(layer)),
                bias: Self.numbers(outputs, seed: 9)
            )
            let plain = Linear(.additive(layer), bias: linear.bias)(x, Execution())
            let lookup = linear(x, Execution(threads: 3, evaluation: .lookup))
            let dequantized = linear(x, Execution(evaluation: .dequantized))
            let automatic = linear(x, Execution())
            #expect(lookup.rows == rows && lookup.columns == outputs)
            let spread = Double(layer.inputs * scheme.codebooks).squareRoot()
            let tolerance = scheme.bits <= 8 ? Self.tableTolerance : Self.tolerance
            for index in plain.elements.indices {
                let expected = Double(plain.elements[index])
                #expect(abs(Double(lookup.elements[index]) - expected) < tolerance * spread)
                #expect(
                    abs(Double(dequantized.elements[index]) - expected) < Self.tolerance * spread
                )
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
        let y = Linear(.packed(PackedLayer(layer)))(x, Execution(evaluation: evaluation))
        // 0.5 · (11 + 220 + 1300 + 24000), exact in Float. In tables a unit is (√101 + √1010000) · (5 + √500)
        // over 32700, and half of one is lost for each of four numbers.
        let tolerance: Float = evaluation == .lookup ? 0.5 * 4 * 0.5 * 0.85 : 0
        #expect(abs(y.elements[0] - 12765.5) <= tolerance)
    }

    @Test(.enabled(if: Shared.isHere), arguments: [LinearLayer.Evaluation.lookup, .dequantized])
    func wholeModelAgreesEitherWay(evaluation: LinearLayer.Evaluation) throws {
        let folder = try SafetensorsFolder(Shared.path("golden/aqlm/llama-2x8g8"))
        var model = try LanguageModel(folder: folder)
        for index in model.blocks.indices {
            for name in model.blocks[index].linearNames {
                guard case .additive(let layer) = model.blocks[index][name] else { continue }
                model.blocks[index][name] = .packed(PackedLayer(layer))
            }
        }
        let logits = try model.logits(
            for: folder.tokens,
            Execution(threads: 2, evaluation: evaluation)
        )
        let distance = relativeDistance(logits.row(7), folder.numbers("logits_pos7"))
        // Each product through tables is off by some 3e-4 of its norm.
        #expect(distance < (evaluation == .lookup ? 3e-3 : GoldenTests.tolerance))
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
