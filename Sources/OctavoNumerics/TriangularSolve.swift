internal import COpenBLAS

/// Replaces `b` by `b · op(r)⁻¹`, where `op(r)` is an upper triangular matrix or its transpose.
///
/// - Parameters:
///   - b: `[any number, n]`.
///   - r: `[n, n]`, read from its diagonal upwards; no zero on the diagonal.
///   - transposed: Whether `op(r)` is the transpose.
public func divide(_ b: inout Matrix, byUpper r: Matrix, transposed: Bool = false) {
    precondition(r.rows == r.columns && r.columns == b.columns)
    let (m, n) = (Int32(b.rows), Int32(b.columns))
    guard m > 0, n > 0 else { return }
    unsafe cblas_strsm(
        CblasRowMajor,
        CblasRight,
        CblasUpper,
        transposed ? CblasTrans : CblasNoTrans,
        CblasNonUnit,
        m,
        n,
        1,
        r.elements,
        n,
        &b.elements,
        n
    )
}
