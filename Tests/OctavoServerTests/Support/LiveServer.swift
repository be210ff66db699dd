import Foundation
import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Synchronization
import Testing

@testable import OctavoServer

/// A server with the tiny model, in which a byte is a token and no text ends by itself.
struct LiveServer: Sendable {
    let server: InferenceServer
    let generator: TextGenerator
    let records: Records

    /// What the server told of its requests.
    final class Records: Sendable {
        private let list = Mutex<[RequestRecord]>([])
        var all: [RequestRecord] { list.withLock { $0 } }
        func add(_ record: RequestRecord) { list.withLock { $0.append(record) } }
    }

    var port: UInt16 {
        server.endpoint.firstMatch(of: /:(\d+)\/v1$/).flatMap { UInt16($0.1) } ?? 0
    }

    /// The text of a request.
    func request(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String] = [],
        isLast: Bool = false
    ) -> String {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)"] + headers
        if let body { lines.append("Content-Length: \(body.utf8.count)") }
        if isLast { lines.append("Connection: close") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    }

    /// Sends a request on a connection of its own, and takes the answer.
    func send(
        _ method: String,
        _ path: String,
        _ body: String? = nil,
        headers: [String] = []
    ) async throws -> RawAnswer {
        let text = request(method, path, body, headers: headers, isLast: true)
        return try await runBlocking { [port] in
            let connection = try RawConnection(port: port)
            connection.send(text)
            return try connection.answer()
        }
    }

    /// Waits until so many requests are told of.
    func waitForRecords(_ count: Int) async throws -> [RequestRecord] {
        while records.all.count < count { try await Task.sleep(for: .milliseconds(10)) }
        return records.all
    }
}

/// Runs a test's body against a server that is stopped afterwards.
func withServer(
    context: Int = 512,
    template: String? = TinyModel.simpleTemplate,
    key: String? = nil,
    configure: (inout ServerSettings) -> Void = { _ in },
    _ body: (LiveServer) async throws -> Void
) async throws {
    try await withTemporaryDirectory { directory in
        var model = TinyModel.small
        (model.context, model.chatTemplate) = (context, template)
        model.change = TinyModel.withoutEnd
        try model.write(to: joined(directory, "tiny"))
        let generator = try TextGenerator(
            OpenModel(joined(directory, "tiny")),
            threads: 1,
            keepsState: true
        )
        var settings = ServerSettings(modelName: "tiny")
        settings.port = 0
        settings.key = try key.map { try ServerKey($0) }
        configure(&settings)
        let records = LiveServer.Records()
        let server = try await InferenceServer.start(generator, settings: settings) {
            records.add($0)
        }
        do {
            try await body(LiveServer(server: server, generator: generator, records: records))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }
}
