import Glibc

/// Runs work that blocks (network, fsync, hashing, long computation) on a thread of its own, so that
/// the cooperative pool, two threads on a laptop with two cores, stays free.
public func runBlocking<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    // Deep recursion is refused everywhere, but C libraries may want more than the default.
    try await runBlocking(stackSize: 8 << 20, work)
}

/// Runs work on a thread with a stack of so many bytes; where there is none to be had, the caller's
/// thread does it.
func runBlocking<R: Sendable>(
    stackSize: Int,
    _ work: @escaping @Sendable () throws -> R
) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        let job: @Sendable () -> Void = { continuation.resume(with: Result(catching: work)) }
        if !startThread(stackSize: stackSize, job) { job() }
    }
}

/// Runs work on a thread of its own that nobody waits for; false if there is none to be had.
func startThread(stackSize: Int, _ work: @escaping @Sendable () -> Void) -> Bool {
    let job = unsafe Unmanaged.passRetained(Job(work))
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    unsafe pthread_attr_setstacksize(&attributes, stackSize)
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    let code = unsafe pthread_create(
        &thread,
        &attributes,
        { argument in
            if let argument = unsafe argument {
                unsafe Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().run()
            }
            return nil
        },
        job.toOpaque()
    )
    unsafe pthread_attr_destroy(&attributes)
    // No thread has taken the job over.
    if code != 0 { unsafe job.release() }
    return code == 0
}

private final class Job: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
