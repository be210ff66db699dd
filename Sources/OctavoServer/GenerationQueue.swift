internal import OctavoBase
internal import Synchronization

/// Lets one text be made at a time; a bounded number of others wait, in the order they came.
actor GenerationQueue {
    private let mostWaiting: Int
    private var isBusy = false
    private var isClosed = false
    private var waiting: [(id: Int, turn: CheckedContinuation<Void, any Error>)] = []
    private var nextID = 0

    init(mostWaiting: Int) { self.mostWaiting = mostWaiting }

    /// Waits for its turn, which must be ended; a cancelled task leaves the queue.
    ///
    /// - Throws: `APIError` when too many wait, or the server is being stopped; `CancellationError`.
    func takeTurn() async throws {
        guard !isClosed else { throw APIError.stopping }
        guard isBusy else {
            isBusy = true
            return
        }
        guard waiting.count < mostWaiting else {
            throw APIError.overloaded(waiting: waiting.count)
        }
        let id = nextID
        nextID += 1
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (turn: CheckedContinuation<Void, any Error>) in
                if Task.isCancelled {
                    turn.resume(throwing: CancellationError())
                } else {
                    waiting.append((id, turn))
                }
            }
        } onCancel: {
            Task { await self.leave(id) }
        }
    }

    private func leave(_ id: Int) {
        // Whoever has the turn already ends it.
        guard let place = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: place).turn.resume(throwing: CancellationError())
    }

    /// Hands the turn to the next.
    func endTurn() {
        if waiting.isEmpty {
            isBusy = false
        } else {
            waiting.removeFirst().turn.resume()
        }
    }

    /// Sends those away that wait, and whoever comes.
    func close() {
        isClosed = true
        for item in waiting { item.turn.resume(throwing: APIError.stopping) }
        waiting = []
    }

    /// Whether somebody has the turn.
    var isWorking: Bool { isBusy }

    /// How many wait for it.
    var waitingCount: Int { waiting.count }
}

/// Raised once, from any thread.
final class CancelFlag: Sendable {
    private let raised = Atomic(false)
    var isRaised: Bool { raised.load(ordering: .relaxed) }
    func raise() { raised.store(true, ordering: .relaxed) }
}
