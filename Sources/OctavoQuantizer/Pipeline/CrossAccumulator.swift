import OctavoModel
import OctavoNumerics

/// Collects the mean of `tᵀx` over inputs `x` and what goes with each of them, `t`.
///
/// As with ``HessianAccumulator``, products are summed in single precision a batch at a time and then
/// in double.
struct CrossAccumulator: Sendable {
    /// How many pairs were added.
    private(set) var tokens = 0
    private var sum: [Double]
    private var batch: Matrix
    private let execution: Execution

    /// Starts with nothing: `t` has as many columns as there are rows, `x` as there are columns.
    init(rows: Int, columns: Int, _ execution: Execution = Execution()) {
        self.execution = execution
        sum = [Double](repeating: 0, count: rows * columns)
        batch = Matrix(rows: rows, columns: columns)
    }

    /// Adds pairs, one a row of each matrix.
    mutating func add(_ t: Matrix, _ x: Matrix) {
        multiply(
            t,
            transposed: true,
            x,
            into: &batch,
            precision: execution.precision,
            threads: execution.threads
        )
        for i in sum.indices { sum[i] += Double(batch.elements[i]) }
        tokens += x.rows
    }

    /// The mean, `[rows, columns]`; zero if nothing was added.
    var mean: Matrix {
        let factor = 1 / Double(max(1, tokens))
        return Matrix(
            rows: batch.rows,
            columns: batch.columns,
            elements: sum.map { Float($0 * factor) }
        )
    }
}
