internal import FlyingFox
internal import FlyingSocks
internal import Foundation
internal import Glibc
internal import OctavoBase

/// An HTTP server on a port of one address.
struct ServerListener: Sendable {
    let port: UInt16
    private let server: HTTPServer
    private let task: Task<Void, any Error>

    /// Starts one.
    ///
    /// - Parameters:
    ///   - host: An address in numbers, of either kind.
    ///   - port: The port; 0 takes a free one.
    ///   - idleSeconds: How long a connection may wait for its other side.
    ///   - answer: Answers a request that came to a port, in whatever time it takes.
    /// - Returns: The server, listening.
    /// - Throws: `ServerError`.
    static func start(
        host: String,
        port: UInt16,
        idleSeconds: Double,
        _ answer: @escaping @Sendable (_ request: HTTPRequest, _ port: UInt16) async -> HTTPResponse
    ) async throws -> ServerListener {
        let bound = BoundPort()
        let server = HTTPServer(
            config: .init(
                address: try address(host, port),
                // What takes long is a text in the making.
                timeout: 7 * 24 * 3600,
                sharedRequestBufferSize: 1 << 16,
                sharedRequestReplaySize: 1 << 16,
                pool: IdlingPool(HTTPServer.defaultPool(), seconds: idleSeconds),
                logger: .disabled
            ),
            handler: ClosureHTTPHandler { request in await answer(request, await bound.port) }
        )
        // Whichever comes first: a port, or the reason why there is none.
        let (outcome, report) = AsyncThrowingStream<Void, any Error>.makeStream()
        let task = Task {
            do {
                try await server.run()
            } catch {
                report.finish(throwing: error)
                throw error
            }
        }
        let watch = Task {
            try await server.waitUntilListening()
            report.yield()
        }
        defer { watch.cancel() }
        do {
            for try await _ in outcome { break }
        } catch {
            throw ServerError.cannotListen(host: host, port: port, reason: "\(error)")
        }
        switch await server.listeningAddress {
        case .ip4(_, let actual), .ip6(_, let actual):
            await bound.set(actual)
            return ServerListener(port: actual, server: server, task: task)
        default:
            throw ServerError.cannotListen(
                host: host,
                port: port,
                reason: "it has no address"
            )
        }
    }

    private static func address(_ host: String, _ port: UInt16) throws -> any SocketAddress {
        if let address = try? sockaddr_in.inet(ip4: host, port: port) { return address }
        if let address = try? sockaddr_in6.inet6(ip6: host, port: port) { return address }
        throw ServerError.badHost(host)
    }

    /// Waits until the port is closed, whyever.
    func end() async { _ = await task.result }

    /// Closes the port and the connections.
    func stop() async {
        await server.stop(timeout: 0)
        _ = await task.result
    }
}

/// The port of a listener, for those that come before it is known.
private actor BoundPort {
    private var known: UInt16?
    private var waiting: [CheckedContinuation<UInt16, Never>] = []

    /// The port, once it is known.
    var port: UInt16 {
        get async {
            if let known { return known }
            return await withCheckedContinuation { waiting.append($0) }
        }
    }

    func set(_ port: UInt16) {
        known = port
        for item in waiting { item.resume(returning: port) }
        waiting = []
    }
}
