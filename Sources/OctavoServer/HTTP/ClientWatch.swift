internal import FlyingFox
internal import FlyingSocks
internal import Glibc
internal import OctavoBase

/// Sees whether the client of a request is still there.
///
/// While an answer is made nothing is read from the connection, so nobody else would notice.
struct ClientWatch: Sendable {
    private let socket: Socket
    private let address: HTTPRequest.Address

    /// Finds the connection of a request among the open files of the process; nil if it has gone already.
    init?(_ request: HTTPRequest) {
        guard let address = request.remoteAddress,
            let names = try? directoryEntries("/proc/self/fd")
        else { return nil }
        for name in names {
            guard let number = Int32(name) else { continue }
            let socket = Socket(file: .init(rawValue: number))
            if Self.peer(of: socket) == address {
                (self.socket, self.address) = (socket, address)
                return
            }
        }
        return nil
    }

    private static func peer(of socket: Socket) -> HTTPRequest.Address? {
        (try? socket.remotePeer()).map(HTTPRequest.Address.make)
    }

    /// Whether the client has closed its side of the connection.
    var isGone: Bool {
        // The number may be another connection's by now.
        guard Self.peer(of: socket) == address else { return true }
        // POLLRDHUP, which not every header shows.
        let closed: Int16 = 0x2000
        var entry = pollfd(fd: socket.file.rawValue, events: closed, revents: 0)
        return unsafe poll(&entry, 1, 0) != 0
    }

    /// Returns when the client has gone.
    ///
    /// - Throws: When the task is cancelled.
    func departure() async throws {
        while !isGone { try await Task.sleep(for: .milliseconds(50)) }
    }
}

/// Does some work, and cancels it when the client goes away.
func whileConnected<R: Sendable>(
    _ client: ClientWatch,
    _ work: @escaping @Sendable () async throws -> R
) async throws -> R {
    let task = Task { try await work() }
    let watch = Task {
        try await client.departure()
        task.cancel()
    }
    defer { watch.cancel() }
    return try await withTaskCancellationHandler {
        try await task.value
    } onCancel: {
        task.cancel()
    }
}
