internal import FlyingFox
internal import FlyingSocks
internal import Glibc
internal import OctavoBase

/// Sees whether the client of a request is still there.
///
/// While an answer is made nothing is read from the connection, so nobody else would notice.
struct ClientWatch: Sendable {
    private let socket: Socket
    private let client: HTTPRequest.Address
    private let port: UInt16

    /// Finds the connection of a request to a port among the open files of the process; nil if it has gone already.
    init?(_ request: HTTPRequest, to port: UInt16) {
        guard let client = request.remoteAddress,
            let names = try? directoryEntries("/proc/self/fd")
        else { return nil }
        for name in names {
            guard let number = Int32(name) else { continue }
            let socket = Socket(file: .init(rawValue: number))
            if Self.connects(socket, client, port) {
                (self.socket, self.client, self.port) = (socket, client, port)
                return
            }
        }
        return nil
    }

    /// Whether a socket is that of a client at a port: the same client may have connections to other ports by the same
    /// port of its own.
    private static func connects(
        _ socket: Socket,
        _ client: HTTPRequest.Address,
        _ port: UInt16
    ) -> Bool {
        guard let peer = try? socket.remotePeer(), HTTPRequest.Address.make(from: peer) == client
        else { return false }
        switch try? socket.sockname() {
        case .ip4(_, let own), .ip6(_, let own): return own == port
        default: return false
        }
    }

    /// Whether the client has closed its side of the connection.
    var isGone: Bool {
        // The number may be another connection's by now.
        guard Self.connects(socket, client, port) else { return true }
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
