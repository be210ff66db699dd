internal import FlyingSocks
internal import Glibc
internal import Synchronization

/// A pool of sockets that answer at once.
///
/// Headers and body of an answer are written one after the other. By default the system holds the second back until the
/// first is acknowledged, which the other side puts off for 40 ms (Nagle's algorithm, delayed acknowledgements). What is
/// set on the listening socket, the first that waits for something, counts for all that it accepts.
final class PromptPool: AsyncSocketPool {
    private let base: any AsyncSocketPool
    private let isSet = Atomic(false)

    /// Puts the option before another pool, which is one listener's alone.
    init(_ base: some AsyncSocketPool) { self.base = base }

    func prepare() async throws { try await base.prepare() }

    func run() async throws { try await base.run() }

    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        if !isSet.exchange(true, ordering: .relaxed) {
            var on: Int32 = 1
            // Where it is refused, answers only come later.
            _ = unsafe setsockopt(
                socket.file.rawValue,
                Int32(IPPROTO_TCP),
                TCP_NODELAY,
                &on,
                socklen_t(MemoryLayout<Int32>.size)
            )
        }
        try await base.suspendSocket(socket, untilReadyFor: events)
    }
}
