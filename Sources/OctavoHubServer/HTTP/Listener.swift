internal import FlyingFox
internal import FlyingSocks
internal import Glibc
internal import OctavoBase
internal import Synchronization

/// An HTTP server on a port of 127.0.0.1.
struct Listener: Sendable {
    let port: UInt16
    private let server: HTTPServer
    private let task: Task<Void, any Error>

    /// Starts one.
    static func start(
        port: UInt16,
        _ answer: @escaping @Sendable (HTTPRequest) async throws -> HTTPResponse
    ) async throws -> Listener {
        let server = HTTPServer(
            config: .init(
                address: try sockaddr_in.inet(ip4: "127.0.0.1", port: port),
                // Uploads of many gigabytes are one request.
                timeout: 24 * 3600,
                sharedRequestBufferSize: 1 << 16,
                sharedRequestReplaySize: 1 << 16,
                pool: PromptPool(HTTPServer.defaultPool()),
                logger: .disabled
            ),
            handler: ClosureHTTPHandler(answer)
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
            throw HubServer.StartError.cannotListen(port: port, reason: "\(error)")
        }
        guard case .ip4(_, let actual) = await server.listeningAddress else {
            throw HubServer.StartError.cannotListen(port: port, reason: "it has no address")
        }
        return Listener(port: actual, server: server, task: task)
    }

    /// Closes the port and the connections.
    func stop() async {
        await server.stop(timeout: 0)
        _ = await task.result
    }
}

/// The port of a listener, for the answers it gives.
final class Address: Sendable {
    private let value = Atomic<UInt16>(0)
    var port: UInt16 { value.load(ordering: .acquiring) }
    func set(_ port: UInt16) { value.store(port, ordering: .releasing) }
}
