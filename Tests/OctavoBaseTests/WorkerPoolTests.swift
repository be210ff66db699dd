import OctavoBase
import OctavoTestSupport
import Synchronization
import Testing

/// Loops that threads share.
@Suite
struct WorkerPoolTests {
    @Test(arguments: [1, 2, 3, 8, 100])
    func everyIndexIsTakenOnce(threads: Int) {
        for count in [0, 1, 2, 7, 1000] {
            let taken = Mutex([Int](repeating: 0, count: count))
            parallel(count, threads: threads) { index in taken.withLock { $0[index] += 1 } }
            #expect(taken.withLock { $0 } == [Int](repeating: 1, count: count))
        }
    }

    /// Thousands of short loops after one another: none begins before the one before it has ended.
    @Test
    func loopsFollowOneAnother() {
        let sum = Atomic(0)
        for round in 0..<20_000 {
            parallel(3, threads: 3) { _ in sum.wrappingAdd(1, ordering: .relaxed) }
            guard sum.load(ordering: .relaxed) == 3 * (round + 1) else {
                Issue.record("round \(round)")
                return
            }
        }
    }

    /// Loops inside loops, and of several threads at a time: whoever finds the pool at work goes another way.
    @Test
    func loopsInsideLoops() async {
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    (try? await runBlocking {
                        let sum = Atomic(0)
                        for _ in 0..<200 {
                            parallel(4, threads: 2) { _ in
                                parallel(4, threads: 2) { _ in
                                    sum.wrappingAdd(1, ordering: .relaxed)
                                }
                            }
                        }
                        return sum.load(ordering: .relaxed)
                    }) ?? 0
                }
            }
            for await sum in group { #expect(sum == 200 * 16) }
        }
    }

    /// Workers that have gone to sleep are woken: of two indices that wait for each other each has a thread.
    @Test
    func sleepersAreWoken() async throws {
        for round in 0..<20 {
            try await Task.sleep(for: .milliseconds(3))
            let met = try await runBlocking {
                let here = Atomic(0)
                let met = Atomic(0)
                parallel(2, threads: 2) { _ in
                    here.wrappingAdd(1, ordering: .sequentiallyConsistent)
                    let deadline = ProcessTime().wall + 60
                    while here.load(ordering: .sequentiallyConsistent) < 2,
                        ProcessTime().wall < deadline
                    {}
                    if here.load(ordering: .sequentiallyConsistent) == 2 {
                        met.wrappingAdd(1, ordering: .relaxed)
                    }
                }
                return met.load(ordering: .relaxed)
            }
            #expect(met == 2, "round \(round)")
            guard met == 2 else { return }
        }
    }
}
