import OctavoBase

/// Returns `x · weightsᵀ`, `[x.rows, outputs]`, of weights that are formed a tile at a time: they stay in the cache
/// between being formed and being multiplied, and never take memory as a whole.
///
/// The result does not depend on `threads`.
///
/// - Parameters:
///   - x: `[any number, inputs]`.
///   - outputs: The number of rows of the weights.
///   - threads: The threads that share the tiles; each calls BLAS for itself.
///   - form: Writes the rows of a range, one after the other, `range.count · inputs` numbers.
/// - Returns: A row for each row of `x`.
func tiledProduct(
    _ x: Matrix,
    outputs: Int,
    threads: Int,
    form: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) -> Void
) -> Matrix {
    var out = Matrix(rows: x.rows, columns: outputs)
    let inputs = x.columns
    // About half a megabyte of weights, which the second cache holds.
    let tile = max(32, min(512, (1 << 17) / max(1, inputs) / 32 * 32))
    unsafe out.elements.withUnsafeMutableBufferPointer { out in
        guard let base = out.baseAddress else { return }
        // A tile writes to columns of its own.
        nonisolated(unsafe) let start = unsafe base
        func run() {
            parallel((outputs + tile - 1) / tile, threads: threads) { index in
                let range = index * tile..<min(outputs, (index + 1) * tile)
                unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: tile * inputs) {
                    weights in
                    guard let weights = weights.baseAddress else { return }
                    unsafe form(range, weights)
                    unsafe multiplyTile(x, by: weights, range, into: start, stride: outputs)
                }
            }
        }
        if threads > 1 { withOneBLASThread(run) } else { run() }
    }
    return out
}
