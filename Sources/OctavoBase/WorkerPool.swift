import Dispatch
import Glibc
import Synchronization

/// Threads that wait for work by looking again and again before they sleep: what is asked of them next is
/// often asked within microseconds, while waking a thread takes longer than a small product.
final class WorkerPool: Sendable {
    /// The pool of the process.
    static let shared = WorkerPool()

    /// What threads share: indices to be taken one by one.
    final class Job: Sendable {
        private let count: Int
        private let seats: Atomic<Int>
        private let next = Atomic(0)
        private let done = Atomic(0)
        // Set before the job is shown to anyone, cleared when nobody runs it: only those who took an index
        // read it.
        nonisolated(unsafe) private var body: (@Sendable (Int) -> Void)?

        init(_ count: Int, seats: Int, _ body: @escaping @Sendable (Int) -> Void) {
            self.count = count
            self.seats = Atomic(seats)
            unsafe self.body = body
        }

        /// Takes indices until there are none, if there is a seat left.
        func join() {
            guard seats.wrappingSubtract(1, ordering: .relaxed).oldValue > 0 else { return }
            run()
        }

        /// Takes indices until there are none.
        func run() {
            while true {
                let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard index < count else { return }
                unsafe body?(index)
                done.wrappingAdd(1, ordering: .releasing)
            }
        }

        /// Waits until all indices are done: by looking, then by letting others run.
        func finish() {
            var looks = 0
            while done.load(ordering: .acquiring) < count {
                looks += 1
                if looks > WorkerPool.looks { sched_yield() }
            }
            unsafe body = nil
        }
    }

    private struct State {
        var job: Job?
        var workers: [Worker] = []
    }

    private final class Worker: Sendable {
        let sleeps = Atomic(false)
        let wake = DispatchSemaphore(value: 0)
    }

    /// How often one looks before one sleeps: some tens of microseconds.
    fileprivate static let looks = 40000
    /// The most workers that are kept.
    private static let largest = 64

    private let state = Mutex(State())
    /// Counts jobs.
    private let generation = Atomic(0)
    private let isBusy = Atomic(false)

    /// Runs a job with the caller and up to `threads - 1` workers, and returns true when it has ended; or
    /// returns false if the pool has a job already.
    func run(_ count: Int, threads: Int, _ body: @Sendable (Int) -> Void) -> Bool {
        guard !isBusy.exchange(true, ordering: .acquiring) else { return false }
        defer { isBusy.store(false, ordering: .releasing) }
        let helpers = min(threads - 1, count - 1, Self.largest)
        withoutActuallyEscaping(body) { body in
            let job = Job(count, seats: helpers, body)
            let workers = state.withLock { state in
                while state.workers.count < helpers, let worker = start() {
                    state.workers.append(worker)
                }
                state.job = job
                return state.workers
            }
            generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
            for worker in workers.prefix(helpers)
            where worker.sleeps.exchange(false, ordering: .sequentiallyConsistent) {
                worker.wake.signal()
            }
            job.run()
            job.finish()
            state.withLock { $0.job = nil }
        }
        return true
    }

    /// A new worker, or nil if the system gives no thread.
    private func start() -> Worker? {
        let worker = Worker()
        let seen = generation.load(ordering: .relaxed)
        return startThread(stackSize: 8 << 20) { [self] in work(worker, after: seen) }
            ? worker : nil
    }

    private func work(_ worker: Worker, after first: Int) -> Never {
        var seen = first
        while true {
            var looks = 0
            while generation.load(ordering: .acquiring) == seen {
                looks += 1
                guard looks > Self.looks else { continue }
                worker.sleeps.store(true, ordering: .sequentiallyConsistent)
                // Whoever counted on before the store was seen does not wake anyone.
                if generation.load(ordering: .sequentiallyConsistent) == seen
                    || !worker.sleeps.exchange(false, ordering: .sequentiallyConsistent)
                {
                    worker.wake.wait()
                }
                looks = 0
            }
            seen = generation.load(ordering: .acquiring)
            state.withLock { $0.job }?.join()
        }
    }
}
