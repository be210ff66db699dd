import OctavoBase
import OctavoNumerics

/// How many bytes a second this machine reads from memory, in one long stretch for each thread: the best of a
/// few tries.
///
/// - Parameter threads: The threads that read.
/// - Returns: Bytes a second.
public func memoryRate(threads: Int) -> Double {
    // Many times what caches hold, and memory of its own for each thread.
    let parts = (0..<threads).map { [UInt64](repeating: UInt64($0 + 1), count: 1 << 23) }
    let best = (0..<40).map { _ in
        let start = ProcessTime()
        _ = parallelMap(threads, threads: threads) { readAll(parts[$0]) }
        let end = ProcessTime()
        return threads > 1 ? end.wall - start.wall : end.cpu - start.cpu
    }.min()
    return Double(threads << 26) / max(best ?? 0, 1e-9)
}
