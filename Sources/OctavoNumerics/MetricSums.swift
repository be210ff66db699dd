internal import COpenBLAS

/// Adds a small matrix, times each of several factors, to as many rows that hold such matrices.
///
/// - Parameters:
///   - matrix: What holds the small matrix in some of its rows, all of each.
///   - rows: These rows.
///   - factors: What it is multiplied by; nothing is done for those that are not positive.
///   - sums: `[any number, rows · columns]`.
///   - places: For each factor the row of `sums` that it goes to, at least where it is positive.
public func addMultiples(
    of matrix: Matrix,
    rows: Range<Int>,
    by factors: [Float],
    to sums: inout Matrix,
    places: [Int]
) {
    let width = rows.count * matrix.columns
    precondition(0 <= rows.lowerBound && rows.upperBound <= matrix.rows && sums.columns == width)
    precondition(factors.count == places.count)
    let count = sums.rows
    unsafe matrix.elements.withUnsafeBufferPointer { source in
        unsafe sums.elements.withUnsafeMutableBufferPointer { out in
            guard let source = source.baseAddress, let out = out.baseAddress else { return }
            let from = unsafe source + rows.lowerBound * matrix.columns
            for (factor, place) in zip(factors, places) where factor > 0 {
                precondition(0..<count ~= place)
                unsafe cblas_saxpy(Int32(width), factor, from, 1, out + place * width, 1)
            }
        }
    }
}
