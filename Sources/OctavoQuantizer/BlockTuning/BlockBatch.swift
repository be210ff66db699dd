public import OctavoModel
public import OctavoNumerics

/// Some sequences before and behind a block.
public struct BlockBatch: Sendable {
    /// The residual stream before the block, `[tokens, hidden]`.
    public var input: Matrix
    /// What the block should make of it, `[tokens, hidden]`.
    public var target: Matrix
    /// The sequences.
    public var layout: BatchLayout

    /// A batch; shapes are checked where it is used.
    public init(input: Matrix, target: Matrix, layout: BatchLayout) {
        self.input = input
        self.target = target
        self.layout = layout
    }

    /// Refuses what does not fit the block, before anything is computed.
    func check(
        index: Int,
        width: Int,
        rotary: RotaryTables
    ) throws(BlockTuningError) {
        let expected = [layout.tokenCount, width]
        for (operand, matrix) in [(BlockTuningError.Operand.input, input), (.target, target)]
        where [matrix.rows, matrix.columns] != expected {
            throw .shape(
                operand,
                batch: index,
                found: [matrix.rows, matrix.columns],
                expected: expected
            )
        }
        for length in layout.lengths where !rotary.covers(length) {
            throw .tooLong(batch: index, length: length)
        }
    }

    /// Names the matrix that holds what is not finite, if one does.
    func checkFinite(index: Int) throws(BlockTuningError) {
        for (operand, matrix) in [(BlockTuningError.Operand.input, input), (.target, target)]
        where !matrix.elements.allSatisfy(\.isFinite) {
            throw .notFinite(operand, batch: index)
        }
    }
}

/// How far outputs are from their targets: weighted sums of squares over tokens.
struct OutputError {
    /// Of the differences.
    var error = 0.0
    /// Of the targets.
    var signal = 0.0

    /// The error as a share of the signal.
    var relative: Double { signal > 0 ? error / signal : error }

    static func += (a: inout OutputError, b: OutputError) {
        a.error += b.error
        a.signal += b.signal
    }
}

extension BlockTuningOptions.Weighting {
    /// Compares outputs with targets.
    ///
    /// - Parameters:
    ///   - output: `[tokens, hidden]`; replaced by the gradient of half the mean error of a token.
    ///   - target: As the output.
    /// - Returns: The error of all tokens.
    func compare(_ output: inout Matrix, with target: Matrix) -> OutputError {
        add(target, times: -1, to: &output)
        let errors = rowDots(output, output)
        let signals = rowDots(target, target)
        var sum = OutputError()
        var factors = [Float](repeating: 0, count: output.rows)
        for row in factors.indices {
            let weight = weight(signal: signals[row])
            sum += OutputError(error: weight * errors[row], signal: weight * signals[row])
            factors[row] = Float(weight / Double(output.rows))
        }
        output.scaleRows(by: factors)
        return sum
    }

    /// The weight of a token with this sum of squares; a token of zeros counts nothing relatively.
    private func weight(signal: Double) -> Double {
        switch self {
        case .uniform: 1
        case .relative: signal > 0 ? 1 / signal : 0
        }
    }
}
