import OctavoBase
import OctavoNumerics

/// Adds a batch's sums in single precision to those in double.
///
/// - Parameters:
///   - batch: `[rows, columns]`.
///   - isLower: Whether the elements right of the diagonal are left out.
///   - sum: In the order of the batch.
///   - threads: The threads that share the rows.
func add(_ batch: Matrix, isLower: Bool = false, to sum: inout [Double], threads: Int) {
    let columns = batch.columns
    precondition(sum.count == batch.elements.count)
    unsafe sum.withUnsafeMutableBufferPointer { sum in
        // Each row is one thread's.
        nonisolated(unsafe) let sum = unsafe sum
        parallel(batch.rows, threads: threads) { row in
            let start = row * columns
            for at in start..<start + (isLower ? min(row + 1, columns) : columns) {
                unsafe sum[at] += Double(batch.elements[at])
            }
        }
    }
}
