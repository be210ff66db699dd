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
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index)
        }
    }
}
