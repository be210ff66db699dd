import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("What is done to repositories and their history")
struct RepositoryTests {
    private static let id = LiveHub.repository
    private static let api = "/api/models/ada/tiny"

    /// A hub with a repository of several commits.
    private func withHistory(_ commits: Int, _ body: (LiveHub, [String]) async throws -> Void)
        async throws
    {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            var heads = [try await hub.client().information(Self.id).commit]
            for number in 1..<max(1, commits) {
                heads.append(try await commit(hub, "\(number).txt"))
            }
            try await body(hub, heads)
        }
    }

    private func commit(_ hub: LiveHub, _ path: String, _ text: String = "text") async throws
        -> String
    {
        let client = try hub.client()
        let parent = try await client.information(Self.id).commit
        return try await client.commit(
            [.file(path: path, contents: Array(text.utf8))],
            to: Self.id,
            branch: .main,
            parent: parent,
            message: "Add \(path)"
        ).commit
    }

    private func get(_ hub: LiveHub, _ path: String, token: AccessToken?? = .none) async throws
        -> (status: Int, json: JSON, link: String?)
    {
        let url = path.hasPrefix("http") ? path : hub.server.endpoint + path
        let answer = try await hub.send("GET", url, token: token)
        return (answer.status, try JSON(parsing: answer.body), answer.headers["link"])
    }

    private func send(
        _ hub: LiveHub,
        _ method: String,
        _ path: String,
        _ body: String = "",
        token: AccessToken?? = .none
    )
        async throws -> Int
    {
        try await hub.send(method, hub.server.endpoint + path, [:], body, token: token).status
    }

    @Test("A history is told newest first, a page at a time", arguments: [1, 2, 5, 50])
    func history(limit: Int) async throws {
        try await withHistory(5) { hub, heads in
            var found: [String] = []
            var titles: [String] = []
            var next: String? = "\(Self.api)/commits/main?limit=\(limit)"
            var pages = 0
            while let path = next {
                let page = try await get(hub, path)
                #expect(page.status == 200)
                for item in page.json.array ?? [] {
                    found.append(try #require(item["id"]?.string))
                    titles.append(try #require(item["title"]?.string))
                    #expect(item["authors"]?.array?.first?["user"] == "ada")
                }
                pages += 1
                next = page.link.map { String($0.dropFirst().prefix { $0 != ">" }) }
            }
            #expect(found == heads.reversed())
            #expect(titles.first == "Add 4.txt" && titles.last == "initial commit")
            #expect(pages == (5 + limit - 1) / limit)
        }
    }

    @Test("Paths are told of as forms and as JSON; what is not there is left out")
    func paths() async throws {
        try await withHistory(1) { hub, _ in
            _ = try await commit(hub, "a folder/ünï+code.txt")
            let form =
                "paths=a%20folder%2F%C3%BCn%C3%AF%2Bcode.txt&paths=a+folder&paths=none&paths=..%2Fx&expand=false"
            let json = "{\"paths\":[\"a folder/ünï+code.txt\",\"a folder\",\"none\",\"../x\"]}"
            for (type, body) in [
                ("application/x-www-form-urlencoded", form), ("application/json", json),
            ] {
                let answer = try await hub.send(
                    "POST",
                    "\(hub.server.endpoint)\(Self.api)/paths-info/main",
                    ["Content-Type": type],
                    body
                )
                let items = try #require(try JSON(parsing: answer.body).array)
                #expect(items.map { $0["type"]?.string } == ["file", "directory"])
                // The name git gives to a blob that holds "text".
                #expect(items.first?["oid"] == "f3a34851d44d6b97c90fbb99dd3d18c261b9a237")
            }
            let many = String(repeating: "paths=a&", count: 1001)
            #expect(try await send(hub, "POST", "\(Self.api)/paths-info/main", many) == 413)
            #expect(try await send(hub, "POST", "\(Self.api)/paths-info/none", "paths=a") == 404)
            #expect(try await send(hub, "POST", "\(Self.api)/paths-info/main", "paths=%zz") == 400)
        }
    }

    @Test("Branches and tags can be deleted, but not main, and not by others")
    func deleteReferences() async throws {
        try await withHistory(1) { hub, _ in
            #expect(try await send(hub, "POST", "\(Self.api)/branch/dev%2Fx", "{}") == 200)
            #expect(try await send(hub, "POST", "\(Self.api)/tag/main", "{\"tag\":\"v1\"}") == 200)
            let eve = try hub.token(user: "eve", role: .write)
            for path in ["branch/dev%2Fx", "tag/v1"] {
                #expect(try await send(hub, "DELETE", "\(Self.api)/\(path)", token: eve) == 403)
                #expect(
                    try await send(hub, "DELETE", "\(Self.api)/\(path)", token: .some(nil)) == 401
                )
                #expect(try await send(hub, "DELETE", "\(Self.api)/\(path)") == 200)
                #expect(try await send(hub, "DELETE", "\(Self.api)/\(path)") == 404)
            }
            #expect(try await send(hub, "DELETE", "\(Self.api)/branch/main") == 403)
            let references = try await hub.client().references(Self.id)
            #expect(references.branches.map(\.name) == ["main"] && references.tags.isEmpty)
        }
    }

    @Test("A squashed branch has one commit, and the same files")
    func squash() async throws {
        try await withHistory(4) { hub, heads in
            let before = try await hub.client().tree(Self.id, at: .main)
            #expect(
                try await send(
                    hub,
                    "POST",
                    "\(Self.api)/super-squash/main",
                    "{\"message\":\"One\"}"
                ) == 200
            )
            let history = try await get(hub, "\(Self.api)/commits/main").json.array
            #expect(history?.count == 1 && history?.first?["title"] == "One")
            #expect(try await hub.client().tree(Self.id, at: .main) == before)
            #expect(try await send(hub, "POST", "\(Self.api)/super-squash/none", "{}") == 404)
            // The old head is still there for those who know it, until it is collected.
            #expect(
                try await hub.client().information(Self.id, at: try Revision(heads[3])).commit
                    == heads[3]
            )
        }
    }

    @Test("A repository is closed, opened and gated by its owner alone")
    func settings() async throws {
        try await withHistory(1) { hub, _ in
            let eve = try hub.token(user: "eve", role: .write)
            let cases: [(body: String, status: Int, isPrivate: JSON, gated: JSON)] = [
                ("{\"visibility\":\"private\"}", 200, true, false),
                ("{\"visibility\":\"public\",\"gated\":\"manual\"}", 200, false, "manual"),
                ("{\"gated\":\"perhaps\"}", 400, false, "manual"),
                ("{\"visibility\":\"protected\"}", 400, false, "manual"),
                ("{\"gated\":false}", 200, false, false),
                ("{\"private\":true,\"gated\":\"auto\"}", 200, true, "auto"),
                ("{}", 200, true, "auto"),
            ]
            for (body, status, isPrivate, gated) in cases {
                #expect(
                    try await send(hub, "PUT", "\(Self.api)/settings", body) == status,
                    "\(body)"
                )
                let information = try await get(hub, Self.api).json
                #expect(
                    information["private"] == isPrivate && information["gated"] == gated,
                    "\(body)"
                )
                let seen = try await hub.client().information(Self.id)
                #expect(seen.isGated == (gated != false), "\(body)")
            }
            let open = "{\"visibility\":\"public\"}"
            // Who may not see it is not told that it is there.
            #expect(try await send(hub, "PUT", "\(Self.api)/settings", open, token: eve) == 404)
            #expect(try await send(hub, "PUT", "\(Self.api)/settings", open) == 200)
            #expect(try await send(hub, "PUT", "\(Self.api)/settings", open, token: eve) == 403)
        }
    }

    @Test("A repository moves with all that it holds")
    func move() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            _ = try await client.createRepository(.of("ada/other"))
            let folder = try hub.folder("model", tinyModel)
            let commit = try await client.upload(folder: folder, to: Self.id, message: "First")
                .commit
            func move(_ from: String, _ to: String) async throws -> Int {
                try await send(
                    hub,
                    "POST",
                    "/api/repos/move",
                    "{\"fromRepo\":\"\(from)\",\"toRepo\":\"\(to)\",\"type\":\"model\"}"
                )
            }
            #expect(try await move("ada/tiny", "eve/tiny") == 403)
            #expect(try await move("ada/tiny", "ada/other") == 409)
            #expect(try await move("ada/none", "ada/new") == 404)
            #expect(try await move("ada/tiny", "ada/../new") == 400)
            #expect(try await move("ada/tiny", "new") == 400)
            #expect(try await move("ada/tiny", "ada/new") == 200)
            await #expect(throws: HubError.repositoryNotFound("ada/tiny")) {
                _ = try await client.information(Self.id)
            }
            #expect(try await client.information(.of("ada/new")).commit == commit)
            let target = joined(hub.scratch, "copy")
            _ = try await client.download(repository: .of("ada/new"), into: target)
            #expect(
                try readFile(joined(target, "model.safetensors")) == tinyModel["model.safetensors"]
            )
        }
    }

    @Test(
        "Namespaces whose addresses mean something else are refused",
        arguments: ["api", "_content", "datasets"]
    )
    func reserved(_ user: String) async throws {
        try await withHub { hub in
            let token = try hub.token(user: user, role: .write)
            #expect(
                try await send(hub, "POST", "/api/repos/create", "{\"name\":\"x\"}", token: token)
                    == 400
            )
        }
    }
}
