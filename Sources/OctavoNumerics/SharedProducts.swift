import OctavoBase

/// Computes `c = a · b`, each thread some rows of it by a call of BLAS of its own.
///
/// Unlike the threads of BLAS these do not go on looking for work on cores that others need.
///
/// - Parameters:
///   - a: `[m, k]`.
///   - b: `[k, n]`.
///   - c: `[m, n]`.
///   - threads: How many there are; their number decides last bits.
public func multiply(_ a: Matrix, _ b: Matrix, into c: inout Matrix, sharedBy threads: Int) {
    precondition(a.columns == b.rows && c.rows == a.rows && c.columns == b.columns)
    let (rows, k, n) = (a.rows, b.rows, b.columns)
    let count = (rows + max(1, threads) - 1) / max(1, threads)
    guard count < rows else { return multiply(a, b, into: &c) }
    unsafe c.elements.withUnsafeMutableBufferPointer { buffer in
        // Each index has rows of its own.
        nonisolated(unsafe) let all = unsafe buffer
        withOneBLASThread {
            parallel((rows + count - 1) / count, threads: threads) { index in
                let part = index * count..<min(rows, (index + 1) * count)
                let elements = part.lowerBound * n..<part.upperBound * n
                var out = unsafe MutableSpan(_unsafeElements: all.extracting(elements))
                multiply(
                    m: part.count,
                    n: n,
                    k: k,
                    a.elements.span.extracting(part.lowerBound * k..<part.upperBound * k),
                    stride: k,
                    b.elements.span,
                    stride: n,
                    into: &out,
                    stride: n
                )
            }
        }
    }
}

/// Returns `a · b`, of the same arguments.
public func product(_ a: Matrix, _ b: Matrix, sharedBy threads: Int) -> Matrix {
    var c = Matrix(rows: a.rows, columns: b.columns)
    multiply(a, b, into: &c, sharedBy: threads)
    return c
}
