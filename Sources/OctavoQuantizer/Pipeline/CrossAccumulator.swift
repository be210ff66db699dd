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

    /// Adds the pairs of some rows of both matrices.
    mutating func add(_ t: Matrix, _ x: Matrix, rows: Range<Int>) {
        multiply(
            t,
            with: x,
            rows: rows,
            into: &batch,
            precision: execution.precision,
            threads: execution.threads
        )
        OctavoQuantizer.add(batch, to: &sum, threads: execution.threads)
        tokens += rows.count
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
