import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("Private and gated repositories, by role")
struct MemberTests {
    private static let id = LiveHub.repository

    /// The statuses that a caller gets: of information, a small file, a large one, a batch, auth checks,
    /// and a commit.
    private func statuses(_ hub: LiveHub, _ token: AccessToken?) async throws -> [Int] {
        let (api, files) = ("/api/models/ada/tiny", "/ada/tiny/resolve/main")
        var found: [Int] = []
        for path in [
            api, "\(files)/config.json", "\(files)/model.safetensors", "\(api)/auth-check",
            "\(api)/auth-check/write",
        ] {
            let answer = try await hub.send("GET", hub.server.endpoint + path, token: .some(token))
            found.append(answer.status)
            if (answer.headers["x-error-code"] == "GatedRepo") { found.append(-1) }
        }
        let commit = """
            {"key":"header","value":{"summary":"S","description":""}}
            {"key":"file","value":{"path":"x","content":"\(UInt32.random(in: 0 ... .max))","encoding":"utf-8"}}
            """
        found.append(try await hub.post("\(api)/commit/main", commit, token: .some(token)).status)
        return found
    }

    /// As `statuses` gives them; -1 marks the answer before it as one about a gated repository.
    private static let cases:
        [(
            settings: String, user: String?, role: HubTokens.Role, granted: HubTokens.Role?,
            statuses: [Int]
        )] = [
            ("{}", nil, .read, nil, [200, 200, 302, 200, 401, 401]),
            ("{}", "eve", .write, nil, [200, 200, 302, 200, 403, 403]),
            ("{}", "eve", .write, .read, [200, 200, 302, 200, 403, 403]),
            ("{}", "eve", .write, .write, [200, 200, 302, 200, 200, 200]),
            ("{}", "eve", .read, .write, [200, 200, 302, 200, 403, 403]),
            ("{\"private\":true}", nil, .read, nil, [401, 401, 401, 401, 401, 401]),
            ("{\"private\":true}", "eve", .write, nil, [404, 404, 404, 404, 404, 404]),
            ("{\"private\":true}", "eve", .read, .read, [200, 200, 302, 200, 403, 403]),
            ("{\"private\":true}", "eve", .write, .write, [200, 200, 302, 200, 200, 200]),
            (
                "{\"gated\":\"manual\"}", nil, .read, nil,
                [200, 401, -1, 401, -1, 401, -1, 401, -1, 401]
            ),
            (
                "{\"gated\":\"auto\"}", "eve", .write, nil,
                [200, 403, -1, 403, -1, 403, -1, 403, -1, 403]
            ),
            ("{\"gated\":\"auto\"}", "eve", .read, .read, [200, 200, 302, 200, 403, 403]),
            ("{\"gated\":\"auto\"}", "ada", .write, nil, [200, 200, 302, 200, 200, 200]),
        ]

    @Test("Who gets what", arguments: cases)
    func roles(
        _ settings: String,
        _ user: String?,
        _ role: HubTokens.Role,
        _ granted: HubTokens.Role?,
        _ expected: [Int]
    ) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            _ = try await hub.client().upload(folder: folder, to: Self.id, message: "First")
            let answer = try await hub.send(
                "PUT",
                "\(hub.server.endpoint)/api/models/ada/tiny/settings",
                [:],
                settings
            )
            #expect(answer.status == 200)
            let members = HubMembers(root: hub.root, repository: Self.id)
            if let granted { try members.grant("eve", granted) }
            let token = try user.map { try hub.token(user: $0, role: role) }
            #expect(try await statuses(hub, token) == expected)
            guard granted != nil else { return }
            try members.revoke("eve")
            let eve = try hub.token(user: "eve", role: .write)
            #expect(
                try await hub.post("/api/models/ada/tiny/commit/main", "", token: eve).status != 200
            )
        }
    }

    @Test("The files of a gated repository may not be taken by their hashes either")
    func gatedObjects() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            _ = try await hub.client().upload(folder: folder, to: Self.id, message: "First")
            _ = try await hub.send(
                "PUT",
                "\(hub.server.endpoint)/api/models/ada/tiny/settings",
                [:],
                "{\"gated\":\"auto\"}"
            )
            let eve = try hub.token(user: "eve", role: .write)
            _ = try await hub.client(token: eve).createRepository(.of("eve/own"))
            let weights = try #require(tinyModel["model.safetensors"])
            let object = "{\"oid\":\"\(Digest(of: weights))\",\"size\":\(weights.count)}"
            let download = "{\"operation\":\"download\",\"objects\":[\(object)]}"
            #expect(
                try await hub.post("/ada/tiny.git/info/lfs/objects/batch", download, token: eve)
                    .status == 403
            )
            let upload = "{\"operation\":\"upload\",\"objects\":[\(object)]}"
            let answer = try await hub.post(
                "/eve/own.git/info/lfs/objects/batch",
                upload,
                token: eve
            )
            #expect(answer.json["objects"]?.array?.first?["actions"]?["upload"] != nil)
        }
    }

    @Test("Members are listed; what cannot be is refused")
    func members() async throws {
        try await withHub { hub in
            let members = HubMembers(root: hub.root, repository: Self.id)
            #expect(throws: HubMembers.MemberError.self) { try members.list() }
            #expect(throws: HubMembers.MemberError.self) { try members.grant("eve", .read) }
            _ = try await hub.client().createRepository(Self.id)
            for user in ["ada", "a/b", "../x", ""] {
                #expect(throws: HubMembers.MemberError.self, "\(user)") {
                    try members.grant(user, .read)
                }
            }
            try members.grant("eve", .read)
            try members.grant("bob", .write)
            try members.grant("eve", .write)
            #expect(
                try members.list().map { "\($0.user) \($0.role)" } == ["bob write", "eve write"]
            )
            #expect(throws: HubMembers.MemberError.self) { try members.revoke("joe") }
        }
    }

    @Test("Grants and commits at once: none gets lost")
    func concurrent() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        let members = HubMembers(root: hub.root, repository: Self.id)
                        try await runBlocking { try members.grant("user\(number)", .read) }
                    }
                    group.addTask {
                        let body = """
                            {"key":"header","value":{"summary":"S","description":""}}
                            {"key":"file","value":{"path":"\(number)","content":"x","encoding":"utf-8"}}
                            """
                        let path = "/api/models/ada/tiny/commit/main"
                        let status = try await hub.post(path, body).status
                        #expect(status == 200)
                    }
                }
                try await group.waitForAll()
            }
            #expect(try HubMembers(root: hub.root, repository: Self.id).list().count == 10)
            #expect(try await hub.client().tree(Self.id, at: .main).count == 11)
        }
    }
}
