/// Returns `[body(0), … , body(count - 1)]`, computed on up to `threads` threads.
///
/// Blocks its caller: not for use on the cooperative pool.
public func parallelMap<T: Sendable>(
    _ count: Int,
    threads: Int,
    _ body: @Sendable (Int) -> T
) -> [T] {
    unsafe [T](unsafeUninitializedCapacity: count) { buffer, filled in
        guard let base = buffer.baseAddress else { return }
        // Each index fills a place of its own.
        nonisolated(unsafe) let start = unsafe base
        parallel(count, threads: threads) { index in
            unsafe (start + index).initialize(to: body(index))
        }
        filled = count
    }
}
