import Dispatch
import Glibc
import Synchronization

/// Waits for an interrupt or a request to end; a second one ends the process at once.
func interruption() async {
    await withCheckedContinuation { continuation in
        onInterruption([SIGINT, SIGTERM]) { continuation.resume() }
    }
}

/// A flag that the first interrupt raises; the second ends the process as usual.
final class InterruptFlag: Sendable {
    private let raised = Atomic(false)

    /// Whether there was an interrupt.
    var isRaised: Bool { raised.load(ordering: .relaxed) }

    /// Takes interrupts from now on, for as long as the process runs.
    init() {
        onInterruption([SIGINT]) { [self] in raised.store(true, ordering: .relaxed) }
    }
}

/// Calls a handler for the first of some signals; after that each of them ends the process.
private func onInterruption(_ signals: [Int32], _ handler: @escaping @Sendable () -> Void) {
    for number in signals { signal(number, SIG_IGN) }
    // One serial queue: the handlers never run at the same time.
    let queue = DispatchQueue(label: "signals")
    let watch = SignalWatch(
        signals.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
    )
    for source in watch.sources {
        source.setEventHandler {
            guard watch.end() else { return }
            for number in signals { signal(number, SIG_DFL) }
            handler()
        }
        source.resume()
    }
}

/// Keeps signal sources until the first of them fires.
private final class SignalWatch: @unchecked Sendable {
    // Only touched before the sources run and from the handlers, which run one at a time.
    private(set) var sources: [any DispatchSourceSignal]

    init(_ sources: [any DispatchSourceSignal]) { self.sources = sources }

    /// Lets the sources go; false if they are gone already.
    func end() -> Bool {
        defer { sources = [] }
        for source in sources { source.cancel() }
        return !sources.isEmpty
    }
}
