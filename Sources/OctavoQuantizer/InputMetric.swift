import OctavoBase
public import OctavoNumerics

/// What quantization needs to know about a layer's inputs: the Hessian, factored once for all
/// layers that share the inputs.
///
/// Groups of inputs are put in descending order of their share in the Hessian's trace: the groups
/// that matter most are coded first, so that all later ones can make up for their errors. Here
/// everything is in that order. The Hessian is scaled to a mean of 1 on its diagonal.
public struct InputMetric: Sendable {
    /// The number of inputs.
    public let inputs: Int
    /// How many inputs make a group.
    public let groupSize: Int
    /// For each place, the group that is there.
    let order: [Int]
    /// `[inputs, inputs]`, in order.
    let hessian: Matrix
    /// The Hessian factored, for coding with error feedback.
    let feedback: FeedbackMetric
    /// `H_jj` of each group, one below the other.
    let diagonals: Matrix

    /// What is added to the diagonal before it is factored, as a share of its mean.
    ///
    /// More than rounding asks for: it keeps the first groups from leaving too much to the last.
    private static let damping: Float = 0.02

    /// What an input that is never active has on the diagonal, as a share of its mean.
    private static let leastActivity: Float = 1e-3

    /// Factors a Hessian.
    ///
    /// An input that is never active (zero on the diagonal) counts a little all the same, so that its
    /// weights are still approximated.
    ///
    /// - Parameters:
    ///   - hessian: `[inputs, inputs]`, symmetric and positive semidefinite, in any unit.
    ///   - groupSize: How many consecutive inputs a code stands for.
    /// - Throws: ``QuantizationError``.
    public init(hessian: Matrix, groupSize: Int) throws(QuantizationError) {
        let inputs = hessian.columns
        guard inputs > 0 else { throw .emptyLayer }
        guard hessian.rows == inputs else {
            throw .inputsDiffer(.hessian, found: hessian.rows, expected: inputs)
        }
        guard groupSize > 0, inputs % groupSize == 0 else {
            throw .indivisible(inputs: inputs, groupSize: groupSize)
        }
        self.inputs = inputs
        self.groupSize = groupSize
        let scale = try Self.scale(hessian)
        order = Self.descendingOrder(hessian, groupSize: groupSize)
        self.hessian = Self.arrange(hessian, order: order, groupSize: groupSize, scale: scale)
        do {
            feedback = try FeedbackMetric(
                hessian: self.hessian,
                groupSize: groupSize,
                damping: Double(Self.damping)
            )
        } catch {
            throw .notPositiveDefinite(minor: error.minor)
        }
        var diagonals = Matrix(rows: inputs, columns: groupSize)
        for row in 0..<inputs {
            let start = row / groupSize * groupSize
            for column in 0..<groupSize {
                diagonals[row, column] = self.hessian[row, start + column]
            }
        }
        self.diagonals = diagonals
    }

    /// The number of groups.
    var groups: Int { feedback.groups }

    /// The inputs of the group at a place, in order: rows of what is one group below the other.
    func range(_ group: Int) -> Range<Int> { feedback.range(group) }

    /// Puts the columns of a matrix in order.
    func arranged(_ weights: Matrix) -> Matrix {
        var result = Matrix(rows: weights.rows, columns: inputs)
        for row in 0..<weights.rows {
            for (place, group) in order.enumerated() {
                for i in 0..<groupSize {
                    result[row, place * groupSize + i] = weights[row, group * groupSize + i]
                }
            }
        }
        return result
    }
}

extension InputMetric {
    /// Checks a Hessian and returns what brings the mean of its diagonal to 1.
    private static func scale(_ hessian: Matrix) throws(QuantizationError) -> Float {
        guard hessian.elements.allSatisfy(\.isFinite) else { throw .notFinite(.hessian) }
        var trace = 0.0
        for row in 0..<hessian.rows { trace += Double(hessian[row, row]) }
        guard trace > 0 else { throw .noActivations }
        let mean = Float(trace / Double(hessian.rows))
        for row in 0..<hessian.rows {
            for column in 0..<row {
                let (a, b) = (hessian[row, column], hessian[column, row])
                guard abs(a - b) <= 1e-4 * max(abs(a), abs(b), mean) else {
                    throw .asymmetric(row: row, column: column)
                }
            }
        }
        return 1 / mean
    }

    private static func descendingOrder(_ hessian: Matrix, groupSize: Int) -> [Int] {
        let shares = (0..<hessian.rows / groupSize).map { group in
            (group * groupSize..<(group + 1) * groupSize).reduce(0) { $0 + hessian[$1, $1] }
        }
        return shares.indices.sorted { (shares[$1], $0) < (shares[$0], $1) }
    }

    private static func arrange(_ hessian: Matrix, order: [Int], groupSize: Int, scale: Float)
        -> Matrix
    {
        var result = Matrix(rows: hessian.rows, columns: hessian.columns)
        let source = order.flatMap { $0 * groupSize..<($0 + 1) * groupSize }
        for row in source.indices {
            for column in source.indices {
                result[row, column] = scale * hessian[source[row], source[column]]
            }
            if result[row, row] == 0 { result[row, row] = leastActivity }
        }
        return result
    }
}
