import Glibc
import Synchronization
import Testing

@testable import OctavoBase

private struct Refusal: Error, Equatable { let code: Int }

/// Jobs that each wait until all have started: on the pool, which has a thread for each core, they
/// would wait in vain (each gives up after ten seconds).
@Test
func blockingWorkHasAThreadOfItsOwn() async throws {
    let jobs = sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 8
    let started = Meeting()
    let met = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<jobs {
            group.addTask { try await runBlocking { started.waitFor(jobs) } }
        }
        return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
    }
    #expect(met == jobs)
}

private final class Meeting: Sendable {
    private let count = Atomic(0)

    func waitFor(_ others: Int) -> Bool {
        count.add(1, ordering: .sequentiallyConsistent)
        for _ in 0..<10_000 {
            if count.load(ordering: .sequentiallyConsistent) == others { return true }
            usleep(1000)
        }
        return false
    }
}

@Test
func blockingWorkReturnsItsResult() async throws {
    #expect(try await runBlocking { 6 * 7 } == 42)
}

@Test
func blockingWorkThrowsItsError() async {
    await #expect(throws: Refusal(code: 7)) {
        try await runBlocking { throw Refusal(code: 7) }
    }
}

/// No address space holds such a stack, so there is no thread to be had.
@Test
func withoutAThreadTheCallerWorksAndNothingIsKept() async throws {
    weak var kept: Meeting?
    do {
        let captured = Meeting()
        kept = captured
        #expect(try await runBlocking(stackSize: 1 << 60) { captured.waitFor(1) })
    }
    #expect(kept == nil)
}
