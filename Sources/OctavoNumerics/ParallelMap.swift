import OctavoBase

/// Returns `[body(0), … , body(count - 1)]` as OctavoBase's function of this name does, with BLAS on one
/// thread for each call meanwhile, in the whole process; without effect on a single thread.
///
/// - Parameters:
///   - count: How many values there are.
///   - threads: The threads that take part.
///   - body: Computes a value, by calls of BLAS.
/// - Returns: The values in order.
public func parallelMapOnOneBLASThread<T: Sendable>(
    _ count: Int,
    threads: Int,
    _ body: @Sendable (Int) -> T
) -> [T] {
    guard threads > 1 else { return parallelMap(count, threads: threads, body) }
    return withOneBLASThread { parallelMap(count, threads: threads, body) }
}
