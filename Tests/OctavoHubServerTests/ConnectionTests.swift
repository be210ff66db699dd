import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("Several requests on one connection")
struct ConnectionTests {
    private func request(
        _ hub: LiveHub,
        _ line: String,
        body: String = "",
        isLast: Bool = false
    ) -> String {
        var head = "\(line) HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer \(hub.token.secret)\r\n"
        if !body.isEmpty { head += "Content-Length: \(body.utf8.count)\r\n" }
        if isLast { head += "Connection: close\r\n" }
        return head + "\r\n" + body
    }

    @Test("A failure inside the hub leaves nothing of the body to be taken for a request")
    func failure() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(LiveHub.repository)
            // Neither a refusal nor a failed file operation, but a file that cannot be read.
            try AtomicFile.write("{", to: joined(hub.root, "repositories/ada/tiny/repository.json"))
            let hidden = request(hub, "DELETE /api/repos/delete", body: "{\"name\":\"tiny\"}")
            let answer = try await raw(
                hub.server.endpoint,
                request(hub, "POST /api/models/ada/tiny/preupload/main", body: hidden)
                    + request(hub, "GET /api/whoami-v2", isLast: true)
            )
            let answers = answer.split(separator: "HTTP/1.1 ")
            #expect(answers.map { $0.prefix(3) } == ["500", "200"])
            #expect(answers.first?.contains("X-Error-Message: ") == true)
        }
    }

    @Test(
        "An answer to HEAD has no body",
        arguments: [
            ("HEAD /ada/tiny/resolve/main/.gitattributes", 200),
            ("HEAD /ada/tiny/resolve/main/none", 404), ("HEAD /ada/none/resolve/main/x", 404),
            ("HEAD /ada/tiny/resolve/main/w.safetensors", 302),
        ]
    )
    func head(_ line: String, _ status: Int) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(LiveHub.repository)
            _ = try await hub.client().upload(
                folder: try hub.folder("model", ["w.safetensors": [1, 2, 3]]),
                to: LiveHub.repository,
                message: "First"
            )
            let answer = try await raw(
                hub.server.endpoint,
                request(hub, line) + request(hub, "GET /api/whoami-v2", isLast: true)
            )
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer.prefix(300))")
            let end = try #require(answer.firstRange(of: "\r\n\r\n"))
            #expect(answer[end.upperBound...].hasPrefix("HTTP/1.1 200 "))
        }
    }
}
