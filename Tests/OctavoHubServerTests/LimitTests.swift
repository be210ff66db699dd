import OctavoBase
import OctavoHub
import Testing

@testable import OctavoHubServer

@Suite("Limits of a hub")
struct LimitTests {
    private static let id = LiveHub.repository

    private func withLimits(
        _ change: (inout HubSettings.Limits) -> Void,
        _ body: (LiveHub) async throws -> Void
    ) async throws {
        var settings = HubSettings()
        change(&settings.limits)
        try await withHub(settings, body)
    }

    private func object(_ contents: String, size: Int? = nil) -> String {
        "{\"oid\":\"\(Digest(of: contents))\",\"size\":\(size ?? contents.utf8.count)}"
    }

    private func batch(
        _ hub: LiveHub,
        _ id: String = "ada/tiny",
        _ objects: String...,
        token: AccessToken?? = .none
    )
        async throws -> (status: Int, json: JSON)
    {
        try await hub.post(
            "/\(id).git/info/lfs/objects/batch",
            "{\"operation\":\"upload\",\"objects\":[\(objects.joined(separator: ","))]}",
            token: token
        )
    }

    @Test("A file over the limit is refused, and only that one")
    func largestFile() async throws {
        try await withLimits {
            $0.largestFile = 10
        } _: { hub in
            _ = try await hub.client().createRepository(Self.id)
            let objects = try await batch(
                hub,
                "ada/tiny",
                object("0123456789"),
                object("0123456789a")
            ).json["objects"]?.array
            #expect(objects?.map { $0["error"]?["code"]?.integer } == [nil, 413])
            #expect(
                objects?.first?["actions"]?["upload"] != nil && objects?.last?["actions"] == nil
            )
        }
    }

    @Test("An owner's bytes are counted over its repositories, each object once")
    func quota() async throws {
        let attributes = 1500...3000
        try await withLimits {
            $0.bytesPerOwner = 100_000
        } _: { hub in
            let client = try hub.client()
            for name in ["ada/tiny", "ada/other"] {
                _ = try await client.createRepository(.of(name))
            }
            let half = [UInt8](repeating: 1, count: 50_000)
            let folder = try hub.folder("one", ["w.safetensors": half])
            for name in ["ada/tiny", "ada/other"] {
                _ = try await client.upload(folder: folder, to: .of(name), message: "Half")
            }
            let rest = 50_000 - 2 * attributes.lowerBound
            // A lie about a size that is beyond counting.
            for size in [rest, 50_001, Int.max] {
                let answer = try await batch(
                    hub,
                    "ada/tiny",
                    object("x", size: size),
                    object("y", size: 1)
                )
                #expect(answer.status == 403, "\(size)")
                #expect(answer.json["error"]?.string?.contains("Storage limit") == true)
            }
            #expect(try await batch(hub, "ada/tiny", object("x", size: 40_000)).status == 200)
            // Small files count too.
            let head = try await client.information(Self.id).commit
            await #expect(throws: HubError.self) {
                _ = try await client.commit(
                    [.file(path: "large.txt", contents: [UInt8](repeating: 0x61, count: 50_000))],
                    to: Self.id,
                    branch: .main,
                    parent: head,
                    message: "Too much"
                )
            }
            #expect(try await client.information(Self.id).commit == head)
            // Another owner has a count of its own.
            let eve = try hub.token(user: "eve", role: .write)
            _ = try await hub.client(token: eve).createRepository(.of("eve/own"))
            #expect(
                try await batch(hub, "eve/own", object("x", size: 90_000), token: eve).status == 200
            )
        }
    }

    /// Objects of 92 bytes where there is room for 2000, or first parts of 50 bytes.
    @Test(
        "URLs that were given early do not help against a quota",
        arguments: [(1000, 21), (50, 40)]
    )
    func manyURLs(_ partSize: Int, _ room: Int) async throws {
        var settings = HubSettings()
        settings.partSize = partSize
        settings.limits.bytesPerOwner = GitAttributes.standard.utf8.count + 2000
        try await withHub(settings) { hub in
            _ = try await hub.client().createRepository(Self.id)
            let contents = (10..<60).map { String(repeating: "x", count: 90) + "\($0)" }
            var urls: [String] = []
            for contents in contents {
                let answer = try await hub.post(
                    "/ada/tiny.git/info/lfs/objects/batch",
                    "{\"operation\":\"upload\",\"transfers\":[\"multipart\"],"
                        + "\"objects\":[\(object(contents))]}"
                )
                let upload = answer.json["objects"]?.array?.first?["actions"]?["upload"]
                urls.append(try #require((upload?["header"]?["00001"] ?? upload?["href"])?.string))
            }
            var statuses: [Int] = []
            for (url, contents) in zip(urls, contents) {
                let bytes = String(contents.prefix(partSize))
                statuses.append(
                    try await hub.send("PUT", url, [:], bytes, token: .some(nil)).status
                )
            }
            let refused = Array(repeating: 403, count: contents.count - room)
            #expect(statuses == Array(repeating: 200, count: room) + refused)
        }
    }

    @Test("A commit of too many operations is refused, so that the client sends fewer")
    func operations() async throws {
        try await withLimits {
            $0.operationsPerCommit = 3
        } _: { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            for (count, status) in [(4, 413), (3, 200)] {
                let lines = (0..<count).map {
                    "{\"key\":\"file\",\"value\":{\"path\":\"\($0)\",\"content\":\"\",\"encoding\":\"utf-8\"}}"
                }
                let body =
                    "{\"key\":\"header\",\"value\":{\"summary\":\"S\"}}\n"
                    + lines.joined(separator: "\n")
                #expect(
                    try await hub.post("/api/models/ada/tiny/commit/main", body).status == status
                )
            }
        }
    }

    @Test("Too many requests are told when to come back; each caller has a count of its own")
    func rate() async throws {
        try await withLimits {
            $0.requests = 3
            // So long that a slow machine does not see its end.
            $0.window = 1_000_000_000
        } _: { hub in
            let url = "\(hub.server.endpoint)/api/whoami-v2"
            for _ in 0..<3 { #expect(try await hub.send("GET", url).status == 200) }
            let refused = try await hub.send("GET", url)
            #expect(refused.status == 429)
            let left = try #require(refused.headers["retry-after"].flatMap { Int($0) })
            #expect((1...1_000_000_000).contains(left))
            #expect(refused.headers["ratelimit"] == "\"api\";r=0;t=\(left)")
            #expect(
                refused.headers["ratelimit-policy"] == "\"fixed window\";\"api\";q=3;w=1000000000"
            )
            let eve = try hub.token(user: "eve", role: .read)
            #expect(try await hub.send("GET", url, token: eve).status == 200)
            // Without a token, and with one that nobody gave, it is the address that counts.
            let guess = try #require(AccessToken("hf_guess"))
            let statuses = [
                try await hub.send("GET", url, token: .some(nil)).status,
                try await hub.send("GET", url, token: guess).status,
                try await hub.send("GET", url, token: guess).status,
                try await hub.send("GET", url, token: guess).status,
                try await hub.send("GET", url, token: .some(nil)).status,
            ]
            #expect(statuses == [401, 401, 401, 429, 429])
            // Claims of where a request comes from are not believed.
            let claim = ["X-Forwarded-For": "10.0.0.1"]
            #expect(try await hub.send("GET", url, claim, token: .some(nil)).status == 429)
        }
    }
}
