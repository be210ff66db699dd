import OctavoBase
import OctavoHub
import Testing

@testable import OctavoHubServer

@Suite("A hub that clients know under another name")
struct PublicURLTests {
    private static let id = LiveHub.repository

    private static func settings(_ url: String?, content: String? = nil, behindProxy: Bool = false)
        -> HubSettings
    {
        var settings = HubSettings()
        settings.publicURL = url.flatMap { HubSettings.PublicURL($0) }
        settings.contentPublicURL = content.flatMap { HubSettings.PublicURL($0) }
        settings.isBehindProxy = behindProxy
        settings.partSize = 1 << 16
        return settings
    }

    /// Every URL that the hub hands out.
    private func handedOut(_ hub: LiveHub, _ headers: [String: String] = [:]) async throws
        -> [String]
    {
        let weights = try #require(tinyModel["model.safetensors"])
        func send(_ method: String, _ path: String, _ body: String = "") async throws -> WebResponse
        {
            try await hub.send(method, hub.server.endpoint + path, headers, body)
        }
        func json(_ answer: WebResponse) throws -> JSON { try JSON(parsing: answer.body) }
        var urls: [String?] = []
        urls.append(
            try json(try await send("POST", "/api/repos/create", "{\"name\":\"tiny\"}"))["url"]?
                .string
        )
        urls.append(
            try json(try await send("POST", "/api/repos/create", "{\"name\":\"tiny\"}"))["url"]?
                .string
        )
        let object = "{\"oid\":\"\(Digest(of: weights))\",\"size\":\(weights.count)}"
        for transfers in ["[\"basic\"]", "[\"multipart\"]"] {
            let batch = try json(
                try await send(
                    "POST",
                    "/ada/tiny.git/info/lfs/objects/batch",
                    "{\"operation\":\"upload\",\"transfers\":\(transfers),\"objects\":[\(object)]}"
                )
            )
            let actions = batch["objects"]?.array?.first?["actions"]
            urls += [actions?["upload"]?["href"]?.string, actions?["verify"]?["href"]?.string]
            for (key, value) in actions?["upload"]?["header"]?.object ?? JSONObject()
            where key != "chunk_size" {
                urls.append(value.string)
            }
        }
        let commit = try json(
            try await send(
                "POST",
                "/api/models/ada/tiny/commit/main?create_pr=1",
                """
                {"key":"header","value":{"summary":"S","description":""}}
                {"key":"file","value":{"path":"x","content":"x","encoding":"utf-8"}}
                """
            )
        )
        urls += [commit["commitUrl"]?.string, commit["pullRequestUrl"]?.string]
        for path in ["tree/refs%2Fpr%2F1?limit=1", "commits/refs%2Fpr%2F1?limit=1"] {
            let link = try await send("GET", "/api/models/ada/tiny/\(path)").headers["link"]
            urls.append(link.map { String($0.dropFirst()) })
        }
        let page = String(decoding: try await send("GET", "/ada/tiny").body, as: UTF8.self)
        urls += page.split(separator: "href=\"").dropFirst().map(String.init)
        return try urls.map { try #require($0) }
    }

    @Test(
        "Every URL begins with the public one",
        arguments: [
            ("https://hub.example.org", nil, "https://hub.example.org/_content/objects/"),
            (
                "https://example.org:8443/hub/", nil,
                "https://example.org:8443/hub/_content/objects/"
            ),
            (
                "https://hub.example.org", "https://cdn.example.org",
                "https://cdn.example.org/objects/"
            ),
        ] as [(String, String?, String)]
    )
    func everyURL(_ url: String, _ content: String?, _ contents: String) async throws {
        let settings = Self.settings(url, content: content)
        let base = try #require(settings.publicURL?.description)
        try await withHub(settings) { hub in
            let urls = try await handedOut(hub)
            let outside = urls.filter { !$0.hasPrefix(base + "/") && !$0.hasPrefix(contents) }
            #expect(outside == [])
            #expect(urls.filter { $0.hasPrefix(contents) }.count == 7)
        }
    }

    private static let forwarded = [
        "X-Forwarded-Host": "hub.example.org", "X-Forwarded-Proto": "https",
    ]

    @Test("Forwarded names are believed only behind a proxy, and only if they are names")
    func forwarded() async throws {
        try await withHub(Self.settings(nil)) { hub in
            let urls = try await handedOut(hub, Self.forwarded)
            #expect(urls.allSatisfy { $0.hasPrefix("http://127.0.0.1:") })
        }
        try await withHub(Self.settings(nil, behindProxy: true)) { hub in
            let urls = try await handedOut(hub, Self.forwarded)
            #expect(urls.allSatisfy { $0.hasPrefix("https://hub.example.org/") })
            for (name, value) in [
                ("X-Forwarded-Host", "evil/\"><b>"), ("X-Forwarded-Host", "a b"),
                ("X-Forwarded-Proto", "javascript"),
                ("X-Forwarded-Host", "user@evil"), ("X-Forwarded-Host", ""),
            ] {
                let headers = Self.forwarded.merging([name: value]) { _, new in new }
                let answer = try await hub.send("GET", "\(hub.server.endpoint)/", headers)
                let page = String(decoding: answer.body, as: UTF8.self)
                #expect(page.contains("href=\"http://127.0.0.1:"), "\(value)")
            }
        }
        // What the operator said counts more than what a proxy says.
        try await withHub(Self.settings("https://said.example", behindProxy: true)) { hub in
            let urls = try await handedOut(hub, Self.forwarded)
            #expect(urls.allSatisfy { $0.hasPrefix("https://said.example/") })
        }
    }

    @Test(
        "A token is refused with contents, unless they are behind the name that the token is for",
        arguments: [
            (nil, nil, 400), ("http://127.0.0.1:1", nil, 403),
            ("http://127.0.0.1:1", "http://127.0.0.1:2", 400),
        ] as [(String?, String?, Int)]
    )
    func tokens(_ url: String?, _ content: String?, _ status: Int) async throws {
        try await withHub(Self.settings(url, content: content)) { hub in
            let path = "\(hub.server.contentEndpoint)/objects/\(Digest(of: "x"))"
            let answer = try await hub.send("GET", path)
            #expect(answer.status == status)
        }
    }

    @Test("Behind a proxy requests are counted by the address that the proxy saw")
    func addresses() async throws {
        var settings = Self.settings(nil, behindProxy: true)
        settings.limits.requests = 1
        settings.limits.window = 1_000_000_000
        try await withHub(settings) { hub in
            func status(_ address: String) async throws -> Int {
                try await hub.send(
                    "GET",
                    "\(hub.server.endpoint)/",
                    ["X-Forwarded-For": address],
                    token: .some(nil)
                ).status
            }
            let statuses = [
                try await status("10.0.0.1"), try await status("10.0.0.1"),
                try await status("10.0.0.9, 10.0.0.1"), try await status("10.0.0.1, 10.0.0.2"),
            ]
            #expect(statuses == [200, 429, 429, 200])
        }
    }

    @Test(
        "Contents tell the commit that they were found at, for clients that never see the redirect"
    )
    func commits() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            let report = try await client.upload(folder: folder, to: Self.id, message: "First")
            let path = "\(hub.server.endpoint)/ada/tiny/resolve/main/model.safetensors"
            let redirect = try await hub.send("HEAD", path, token: .some(nil))
            let location = try #require(redirect.headers["location"])
            let weights = try #require(tinyModel["model.safetensors"])
            for method in ["HEAD", "GET"] {
                let answer = try await hub.send(method, location, token: .some(nil))
                #expect(answer.status == 200)
                #expect(answer.headers["x-repo-commit"] == report.commit)
                #expect(answer.headers["etag"] == "\"\(Digest(of: weights))\"")
                #expect(answer.headers["content-length"] == "\(weights.count)")
            }
            let other = String(repeating: "0", count: 40)
            let forged = location.replacing("commit=\(report.commit)", with: "commit=\(other)")
            #expect(try await hub.send("HEAD", forged, token: .some(nil)).status == 403)
        }
    }

    @Test(
        "What is no public URL",
        arguments: [
            "", "hub.example.org", "ftp://a", "https://", "https://a?b", "https://a#b",
            "https://a b", "https://a\"",
            "https://user@a", "https://a\\b",
        ]
    )
    func noURL(_ text: String) {
        #expect(HubSettings.PublicURL(text) == nil)
    }
}
