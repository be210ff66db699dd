/// Returns `[body(0), … , body(count - 1)]`, computed on up to `threads` threads.
///
/// Blocks its caller: not for use on the cooperative pool.
///
/// - Parameters:
///   - count: How many values there are.
///   - threads: The threads that take part.
///   - onOneBLASThread: Whether BLAS is to use one thread for each call meanwhile, in the whole process;
///     without effect on a single thread.
///   - body: Computes a value.
/// - Returns: The values in order.
public func parallelMap<T: Sendable>(
    _ count: Int,
    threads: Int,
    onOneBLASThread: Bool = false,
    _ body: @Sendable (Int) -> T
) -> [T] {
    unsafe [T](unsafeUninitializedCapacity: count) { buffer, filled in
        guard let base = buffer.baseAddress else { return }
        // Each index fills a place of its own.
        nonisolated(unsafe) let start = unsafe base
        func run() {
            parallel(count, threads: threads) { index in
                unsafe (start + index).initialize(to: body(index))
            }
        }
        if onOneBLASThread, threads > 1 { withOneBLASThread(run) } else { run() }
        filled = count
    }
}
