internal import COpenBLAS

/// A matrix that must be positive definite is not.
public struct NotPositiveDefiniteError: Error, Hashable, Sendable {
    /// The order of the first leading minor that is not positive, from 1.
    public let minor: Int
}

/// Replaces a symmetric matrix by its Cholesky factor: `a = L · Lᵀ` with L lower triangular.
///
/// - Parameters:
///   - a: `[size, size]`. Only the diagonal and what is below are read; what is above is left.
///   - size: The number of rows.
/// - Throws: ``NotPositiveDefiniteError``, with `a` partly overwritten.
public func factorCholesky(_ a: inout [Double], size: Int) throws(NotPositiveDefiniteError) {
    precondition(a.count == size * size)
    // LAPACK reads columns where we have rows, so our lower triangle is its upper one.
    var (n, info) = (Int32(size), Int32(0))
    unsafe dpotrf_("U", &n, &a, &n, &info, 1)
    guard info == 0 else { throw NotPositiveDefiniteError(minor: Int(info)) }
}

/// Replaces a symmetric positive definite matrix by its inverse, both triangles of it.
///
/// - Parameters:
///   - a: `[size, size]`. Only the diagonal and what is below are read.
///   - size: The number of rows.
/// - Throws: ``NotPositiveDefiniteError``, with `a` partly overwritten.
public func invertPositiveDefinite(_ a: inout [Double], size: Int) throws(NotPositiveDefiniteError)
{
    try factorCholesky(&a, size: size)
    var (n, info) = (Int32(size), Int32(0))
    unsafe dpotri_("U", &n, &a, &n, &info, 1)
    guard info == 0 else { throw NotPositiveDefiniteError(minor: Int(info)) }
    for row in 0..<size {
        for column in row + 1..<size { a[row * size + column] = a[column * size + row] }
    }
}
