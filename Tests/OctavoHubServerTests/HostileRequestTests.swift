import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@testable import OctavoHubServer

@Suite("Requests that mean no good")
struct HostileRequestTests {
    /// A URL that allows putting `contents`, as the hub gives it.
    private func uploadURL(_ hub: LiveHub, _ contents: String) async throws -> String {
        _ = try await hub.client().createRepository(LiveHub.repository)
        let oid = Digest(of: contents)
        let answer = try await hub.send(
            "POST",
            "\(hub.server.endpoint)/ada/tiny.git/info/lfs/objects/batch",
            [:],
            "{\"operation\":\"upload\",\"objects\":[{\"oid\":\"\(oid)\",\"size\":\(contents.utf8.count)}]}"
        )
        let json = try JSON(parsing: answer.body)
        return try #require(json["objects"]?.array?.first?["actions"]?["upload"]?["href"]?.string)
    }

    @Test("Contents that are not what was announced are not stored")
    func wrongContents() async throws {
        try await withHub { hub in
            let url = try await uploadURL(hub, "right")
            let file = hub.objectFile(Array("right".utf8))
            for (body, status) in [("wrong", 400), ("righ", 400), ("right!", 400)] {
                #expect(
                    try await hub.send("PUT", url, [:], body, token: .some(nil)).status == status,
                    "\(body)"
                )
                #expect(fileKind(file) == nil)
                #expect(try filesBelow(joined(hub.root, "objects")) == [])
            }
            #expect(try await hub.send("PUT", url, [:], "right", token: .some(nil)).status == 200)
            #expect(try readFile(file) == Array("right".utf8))
        }
    }

    @Test("A presigned URL allows what it was signed for, and no token with it")
    func signatures() async throws {
        try await withHub { hub in
            let url = try await uploadURL(hub, "right")
            #expect(try await hub.send("PUT", url, [:], "right").status == 400)
            #expect(try await hub.send("GET", url, token: .some(nil)).status == 403)
            let other = Digest(of: "other").hex
            let forged = [
                url.replacing("permission=write", with: "permission=read"),
                url.replacing(Digest(of: "right").hex, with: other),
                url.replacing("size=5", with: "size=6"),
                String(url.dropLast(1)), url.replacing("/objects/", with: "/objects/../"),
                "\(hub.server.contentEndpoint)/objects/\(other)",
                "\(hub.server.contentEndpoint)/tokens.json",
            ]
            for url in forged {
                #expect(
                    try await hub.send("PUT", url, [:], "right", token: .some(nil)).status == 403,
                    "\(url)"
                )
            }
            #expect(fileKind(joined(hub.root, "objects")) == nil)
        }
    }

    @Test(
        "A path that is no route leads nowhere",
        arguments: [
            "//", "/api", "/api/models", "/api/models/ada", "/../tokens.json",
            "/%2e%2e/tokens.json",
            "/api/models/../../tokens.json", "/api/models/%2e%2e/%2e%2e/refs",
            "/api/models/ada/tiny%2F..%2F../refs",
            "/ada/tiny/resolve/main/../../../../../../tokens.json",
            "/ada/tiny/resolve/main/%2e%2e%2f%2e%2e%2ftokens.json",
            "/ada/tiny/resolve/..%2F..%2F..%2Ftokens.json/x", "/ada/tiny/resolve/main/%00",
            "/api/models/ada/tiny/tree/%2e%2e%2fx", "/api/models/ada/tiny/revision/%zz",
            "/tokens.json",
        ]
    )
    func paths(_ path: String) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(LiveHub.repository)
            let answer = try await raw(
                hub.server.endpoint,
                "GET \(path) HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
            )
            let status = answer.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            #expect([400, 401, 404].contains(status), "\(answer.prefix(200))")
            #expect(!answer.contains("sha256"))
        }
    }

    @Test(
        "A body that is no JSON, or lies, is refused with a reason",
        arguments: [
            "", "{", "[]", "{\"name\":1}", "{\"name\":\"../x\"}", "{\"name\":\"a/b\"}",
            "{\"name\":\"x\",\"name\":\"y\"}",
            "{\"name\":\"x\",\"type\":\"dataset\"}", String(repeating: "[", count: 100_000),
        ]
    )
    func bodies(_ body: String) async throws {
        try await withHub { hub in
            let answer = try await hub.send(
                "POST",
                "\(hub.server.endpoint)/api/repos/create",
                [:],
                body
            )
            #expect(answer.status == 400)
            #expect(answer.headers["x-error-message"]?.isEmpty == false)
            #expect(fileKind(joined(hub.root, "repositories")) == nil)
        }
    }

    @Test("A body over the limit is refused, and the connection goes on to be useful")
    func tooLarge() async throws {
        try await withHub { hub in
            let transport = CurlTransport()
            let url = try #require(WebURL("\(hub.server.endpoint)/api/repos/create"))
            let authorization = ("Authorization", "Bearer \(hub.token.secret)")
            var request = WebRequest("POST", url, headers: [authorization])
            request.body = .bytes([UInt8](repeating: 0x20, count: 5 << 20))
            #expect(try await transport.send(request, to: nil).status == 413)
            let next = WebRequest(
                "GET",
                try #require(WebURL("\(hub.server.endpoint)/api/whoami-v2")),
                headers: [authorization]
            )
            #expect(try await transport.send(next, to: nil).status == 200)
        }
    }

    @Test("A chunked commit is accepted, as other clients send it")
    func chunkedCommit() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(LiveHub.repository)
            let lines = [
                "{\"key\": \"header\", \"value\": {\"summary\": \"Chunks\", \"description\": \"\"}}\n",
                "{\"key\": \"file\", \"value\": {\"path\": \"a.txt\", \"content\": \"text\", \"encoding\": \"utf-8\"}}\n",
            ]
            var chunks = ""
            for line in lines { chunks += "\(String(line.utf8.count, radix: 16))\r\n\(line)\r\n" }
            chunks += "0\r\n\r\n"
            let head = """
                POST /api/models/ada/tiny/commit/main HTTP/1.1\r
                Host: h\r
                Connection: close\r
                Authorization: Bearer \(hub.token.secret)\r
                Transfer-Encoding: chunked\r
                \r

                """
            let answer = try await raw(hub.server.endpoint, head + chunks)
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(answer.prefix(300))")
            let tree = try await hub.client().tree(LiveHub.repository, at: .main)
            #expect(tree.map(\.path.description) == [".gitattributes", "a.txt"])
        }
    }

    @Test(
        "What is no HTTP ends the connection and not the server",
        arguments: [
            "\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /api/repos/create HTTP/1.1\r\nContent-Length: 99\r\nConnection: close\r\n\r\nshort",
        ]
    )
    func garbage(_ text: String) async throws {
        try await withHub { hub in
            _ = try await raw(hub.server.endpoint, text)
            #expect(try await hub.client().whoami().name == "ada")
        }
    }

    private static let rangeCases: [(header: String?, range: ByteRange)] = [
        (nil, .whole), ("bytes=0-", .part(0..<10)), ("bytes=3-5", .part(3..<6)),
        ("bytes=9-", .part(9..<10)), ("bytes=3-99", .part(3..<10)), ("bytes=-4", .part(6..<10)),
        ("bytes=-99", .part(0..<10)), ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
        ("bytes=0-9223372036854775807", .part(0..<10)),
        ("bytes=99999999999999999999-", .unsatisfiable), ("bytes=5-3", .whole),
        ("bytes=0-1,3-4", .whole), ("items=0-1", .whole), ("bytes=a-b", .whole),
    ]

    @Test("Ranges as RFC 9110 has them", arguments: rangeCases)
    func ranges(_ header: String?, _ expected: ByteRange) {
        #expect(ByteRange(header, size: 10) == expected)
    }
}
