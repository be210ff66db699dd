import OctavoBase
import OctavoNumerics
import OctavoQuantizer
import Testing

@Suite
struct HessianAccumulatorTests {
    @Test
    func isTheMeanOfSquares() throws {
        var generator = SeededGenerator(seed: 1)
        let x = randomMatrix(2500, 5, &generator)
        var accumulator = HessianAccumulator(inputs: 5)
        try accumulator.add(x)
        #expect(accumulator.tokens == 2500)
        let mean = try accumulator.mean(shrinkage: 0)
        for row in 0..<5 {
            for column in 0..<5 {
                let sum = (0..<2500).reduce(0.0) { $0 + Double(x[$1, row]) * Double(x[$1, column]) }
                // Sums of a thousand products in single precision, of products about 1.
                #expect(abs(Double(mean[row, column]) - sum / 2500) < 1e-5)
            }
        }
    }

    /// Ten million tokens of equal size: in single precision the sum would stop growing.
    @Test
    func manyTokensAreNotLost() throws {
        var accumulator = HessianAccumulator(inputs: 1)
        let batch = Matrix(rows: 1 << 20, columns: 1, elements: .init(repeating: 3, count: 1 << 20))
        for _ in 0..<20 { try accumulator.add(batch) }
        #expect(try accumulator.mean(shrinkage: 0)[0, 0] == 9)
    }

    /// Expected: off the diagonal `1 - α` of what was, with α = 4 · inputs / tokens within bounds.
    @Test(arguments: [(1, 0.5), (16, 0.5), (40, 0.2), (1000, 0.02)])
    func shrinks(tokens: Int, alpha: Double) throws {
        var accumulator = HessianAccumulator(inputs: 2)
        let token: [Float] = [3, 5]
        try accumulator.add(
            Matrix(rows: tokens, columns: 2, elements: (0..<tokens).flatMap { _ in token })
        )
        let mean = try accumulator.mean()
        #expect(abs(accumulator.automaticShrinkage - alpha) < 1e-12)
        #expect(mean[0, 0] == 9 && mean[1, 1] == 25)
        #expect(abs(Double(mean[0, 1]) - 15 * (1 - alpha)) < 1e-5)
        #expect(mean[0, 1] == mean[1, 0])
    }

    @Test
    func namedErrors() throws {
        var accumulator = HessianAccumulator(inputs: 2)
        #expect(throws: QuantizationError.noActivations) { try accumulator.mean() }
        #expect(throws: QuantizationError.inputsDiffer(.activations, found: 3, expected: 2)) {
            try accumulator.add(Matrix(rows: 1, columns: 3))
        }
        try accumulator.add(Matrix(rows: 1, columns: 2, elements: [.nan, 1]))
        #expect(throws: QuantizationError.notFinite(.activations)) { try accumulator.mean() }
    }
}
