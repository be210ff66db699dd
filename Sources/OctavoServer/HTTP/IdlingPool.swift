internal import FlyingSocks
internal import Glibc

/// A pool of sockets that answer at once, and that are given up when their other side does nothing for long.
///
/// Headers and body of an answer are written one after the other: without `TCP_NODELAY` the system holds the second
/// back until the first is acknowledged. What is set on the listening socket counts for all that it accepts.
final class IdlingPool: AsyncSocketPool {
    private let base: any AsyncSocketPool
    private let seconds: Double

    /// Puts the limit before another pool.
    init(_ base: some AsyncSocketPool, seconds: Double) {
        (self.base, self.seconds) = (base, seconds)
    }

    func prepare() async throws { try await base.prepare() }

    func run() async throws { try await base.run() }

    func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
        // Only the listening socket has no other side.
        guard (try? socket.remotePeer()) != nil else {
            var on: Int32 = 1
            // Where it is refused, answers only come later.
            _ = unsafe setsockopt(
                socket.file.rawValue,
                Int32(IPPROTO_TCP),
                TCP_NODELAY,
                &on,
                socklen_t(MemoryLayout<Int32>.size)
            )
            return try await base.suspendSocket(socket, untilReadyFor: events)
        }
        try await withThrowingTaskGroup(of: Void.self) { [base, seconds] group in
            group.addTask { try await base.suspendSocket(socket, untilReadyFor: events) }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw SocketError.disconnected
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}
