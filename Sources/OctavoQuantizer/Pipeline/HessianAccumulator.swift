public import OctavoModel
public import OctavoNumerics

/// Collects the mean of `xᵀx` over the inputs `x` that a layer sees, for all layers that share them.
///
/// Products are summed in single precision a batch at a time and then in double, so that the sum does not
/// lose what later batches add.
public struct HessianAccumulator: Sendable {
    /// The length of an input vector.
    public let inputs: Int
    /// How many vectors were added.
    public private(set) var tokens = 0
    /// The lower triangle of the sum, in a full `[inputs, inputs]`.
    private var sum: [Double]
    private var batch: Matrix
    private let execution: Execution

    /// How many vectors are squared at a time in single precision.
    private static let batchSize = 1024

    /// Starts with no vectors.
    ///
    /// - Parameters:
    ///   - inputs: The length of a vector.
    ///   - execution: How products are computed.
    public init(inputs: Int, _ execution: Execution = Execution()) {
        self.inputs = inputs
        self.execution = execution
        sum = [Double](repeating: 0, count: inputs * inputs)
        batch = Matrix(rows: inputs, columns: inputs)
    }

    /// Adds input vectors, one a row: `[any number, inputs]`.
    ///
    /// - Throws: ``QuantizationError/inputsDiffer(_:found:expected:)``.
    public mutating func add(_ activations: Matrix) throws(QuantizationError) {
        try add(activations, rows: 0..<activations.rows)
    }

    /// Adds the input vectors of some rows.
    mutating func add(_ activations: Matrix, rows: Range<Int>) throws(QuantizationError) {
        guard activations.columns == inputs else {
            throw .inputsDiffer(.activations, found: activations.columns, expected: inputs)
        }
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.batchSize) {
            squareLower(
                activations,
                rows: start..<min(start + Self.batchSize, rows.upperBound),
                into: &batch,
                precision: execution.precision,
                threads: execution.threads
            )
            OctavoQuantizer.add(batch, isLower: true, to: &sum, threads: execution.threads)
        }
        tokens += rows.count
    }

    /// Adds what another has summed of the same inputs.
    mutating func add(_ other: HessianAccumulator) {
        precondition(other.inputs == inputs)
        for i in sum.indices { sum[i] += other.sum[i] }
        tokens += other.tokens
    }

    /// What was added, as one slice of a text.
    public var moments: InputMoments {
        var triangle: [Float] = []
        triangle.reserveCapacity(inputs * (inputs + 1) / 2)
        for row in 0..<inputs {
            for at in row * inputs...row * inputs + row { triangle.append(Float(sum[at])) }
        }
        return InputMoments(inputs: inputs, tokens: tokens, triangle: triangle)
    }

    /// Adds what was summed elsewhere.
    ///
    /// Slices give the same bytes only in the same order.
    ///
    /// - Throws: ``QuantizationError/inputsDiffer(_:found:expected:)``.
    public mutating func add(_ slice: InputMoments) throws(QuantizationError) {
        guard slice.inputs == inputs else {
            throw .inputsDiffer(.hessian, found: slice.inputs, expected: inputs)
        }
        var next = 0
        for row in 0..<inputs {
            for at in row * inputs...row * inputs + row {
                sum[at] += Double(slice.triangle[next])
                next += 1
            }
        }
        tokens += slice.tokens
    }

    /// Returns the mean, with what is off the diagonal shrunk as befits the number of vectors.
    ///
    /// - Parameter shrinkage: The share `α` of the diagonal in `(1 − α) H + α diag(H)`; nil stands
    ///   for ``automaticShrinkage``.
    /// - Returns: The Hessian, `[inputs, inputs]`.
    /// - Throws: ``QuantizationError/noActivations``, ``QuantizationError/notFinite(_:)``.
    public func mean(shrinkage: Double? = nil) throws(QuantizationError) -> Matrix {
        guard tokens > 0 else { throw .noActivations }
        let alpha = shrinkage ?? automaticShrinkage
        var mean = Matrix(rows: inputs, columns: inputs)
        for row in 0..<inputs {
            for column in 0...row {
                let value = sum[row * inputs + column] / Double(tokens)
                guard value.isFinite else { throw .notFinite(.activations) }
                let shrunk = Float(row == column ? value : value * (1 - alpha))
                mean[row, column] = shrunk
                mean[column, row] = shrunk
            }
        }
        return mean
    }

    /// How much the estimate should be shrunk: four times the inputs per vector, at least 0.02 and
    /// at most 0.5.
    ///
    /// With few vectors the products of different inputs are mostly noise, which the quantizer
    /// would fit.
    public var automaticShrinkage: Double {
        min(0.5, max(0.02, 4 * Double(inputs) / Double(max(1, tokens))))
    }
}
