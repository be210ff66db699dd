internal import COpenBLAS

/// Runs `body`, whose own threads call BLAS, with one thread for each BLAS call, and then gives BLAS
/// as many as it had.
///
/// The number is the whole process's: others who call BLAS meanwhile have one thread too.
///
/// - Parameter body: What calls BLAS.
/// - Returns: What `body` returns.
/// - Throws: What `body` throws.
public func withOneBLASThread<R, Failure: Error>(
    _ body: () throws(Failure) -> R
) throws(Failure) -> R {
    let count = openblas_get_num_threads()
    guard count > 1 else { return try body() }
    openblas_set_num_threads(1)
    defer { openblas_set_num_threads(count) }
    return try body()
}
