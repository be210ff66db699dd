import Dispatch
import Synchronization

/// Runs `body(0) … body(count - 1)` on up to `threads` threads and returns when all have ended.
///
/// Which thread takes which index is left to chance, so `body` must write to places that depend on
/// its index alone; then the result does not depend on the number of threads. Blocks its caller:
/// not for use on the cooperative pool.
public func parallel(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) {
    guard threads > 1, count > 1 else {
        for index in 0..<count { body(index) }
        return
    }
    guard !WorkerPool.shared.run(count, threads: threads, body) else { return }
    // The pool is at work, for another thread or for the caller itself.
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }
}

/// Returns `[body(0), … , body(count - 1)]`, computed on up to `threads` threads.
///
/// Blocks its caller: not for use on the cooperative pool.
///
/// - Parameters:
///   - count: How many values there are.
///   - threads: The threads that take part.
///   - body: Computes a value.
/// - Returns: The values in order.
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
