import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("Discussions and pull requests")
struct DiscussionTests {
    private static let id = LiveHub.repository
    private static let path = "/api/models/ada/tiny/discussions"

    private func withRepository(_ body: (LiveHub) async throws -> Void) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            _ = try await commit(hub, "main", ["a.txt": "a", "b.txt": "b"])
            try await body(hub)
        }
    }

    @discardableResult
    private func commit(_ hub: LiveHub, _ revision: String, _ files: [String: String]) async throws
        -> String
    {
        let client = try hub.client()
        let branch = try Revision(revision)
        return try await client.commit(
            files.map { .file(path: $0, contents: Array($1.utf8)) },
            to: Self.id,
            branch: branch,
            parent: try await client.information(Self.id, at: branch).commit,
            message: "Change"
        ).commit
    }

    private func get(_ hub: LiveHub, _ rest: String) async throws -> JSON {
        let answer = try await hub.send("GET", hub.server.endpoint + Self.path + rest)
        #expect(answer.status == 200)
        return try JSON(parsing: answer.body)
    }

    private func open(_ hub: LiveHub, pull: Bool, title: String = "A title") async throws -> Int {
        let answer = try await hub.post(
            Self.path,
            "{\"title\":\"\(title)\",\"description\":\"Why\",\"pullRequest\":\(pull)}"
        )
        #expect(answer.status == 200)
        return try #require(answer.json["num"]?.integer)
    }

    private func texts(_ hub: LiveHub, _ revision: String) async throws -> [String: String] {
        let client = try hub.client()
        let folder = joined(hub.scratch, "copy-\(UInt32.random(in: 0 ... .max))")
        _ = try await client.download(
            repository: Self.id,
            revision: try Revision(revision),
            into: folder
        )
        var texts: [String: String] = [:]
        for file in try filesBelow(folder) where file.hasSuffix(".txt") {
            texts[file] = String(decoding: try readFile(joined(folder, file)), as: UTF8.self)
        }
        return texts
    }

    @Test("A pull request begins as a draft, takes commits, is opened and merged")
    func merge() async throws {
        try await withRepository { hub in
            let number = try await open(hub, pull: true)
            #expect(number == 1)
            try await commit(hub, "refs/pr/1", ["a.txt": "new", "c.txt": "c"])
            // Meanwhile main goes on elsewhere.
            try await commit(hub, "main", ["b.txt": "b2"])
            #expect(try await get(hub, "/1")["status"] == "draft")
            #expect(try await hub.post("\(Self.path)/1/merge", "{}").status == 409)
            let opened = try await hub.post("\(Self.path)/1/status", "{\"status\":\"open\"}")
            #expect(opened.json["newStatus"]?["data"]?["status"] == "open")
            #expect(
                try await hub.post("\(Self.path)/1/merge", "{\"comment\":\"Thanks\"}").status == 200
            )
            #expect(try await texts(hub, "main") == ["a.txt": "new", "b.txt": "b2", "c.txt": "c"])
            let details = try await get(hub, "/1")
            let head = try await hub.client().information(Self.id).commit
            #expect(
                details["status"] == "merged"
                    && details["changes"]?["mergeCommitId"] == .string(head)
            )
            #expect(details["changes"]?["base"] == "refs/heads/main")
            let types = details["events"]?.array?.map { $0["type"]?.string }
            #expect(types == ["comment", "commit", "status-change", "comment", "status-change"])
            #expect(try await hub.post("\(Self.path)/1/merge", "{}").status == 409)
            #expect(
                try await hub.post("\(Self.path)/1/status", "{\"status\":\"closed\"}").status == 400
            )
        }
    }

    @Test("What both sides have changed is named, and not merged")
    func conflicts() async throws {
        try await withRepository { hub in
            _ = try await open(hub, pull: true)
            try await commit(hub, "refs/pr/1", ["a.txt": "mine", "b.txt": "same"])
            let head = try await commit(hub, "main", ["a.txt": "theirs", "b.txt": "same"])
            _ = try await hub.post("\(Self.path)/1/status", "{\"status\":\"open\"}")
            #expect(try await get(hub, "/1")["filesWithConflicts"] == ["a.txt"])
            #expect(try await hub.post("\(Self.path)/1/merge", "{}").status == 409)
            #expect(try await hub.client().information(Self.id).commit == head)
            #expect(try await get(hub, "/1")["status"] == "open")
        }
    }

    /// Proposes a file against a branch, and opens what that made.
    private func propose(_ hub: LiveHub, at revision: String, _ files: [String: String])
        async throws
        -> Int
    {
        let lines = files.map {
            "{\"key\":\"file\",\"value\":{\"path\":\"\($0)\",\"content\":\"\($1)\",\"encoding\":\"utf-8\"}}"
        }
        let header = "{\"key\":\"header\",\"value\":{\"summary\":\"Propose\"}}"
        let answer = try await hub.post(
            "/api/models/ada/tiny/commit/\(revision)?create_pr=1",
            ([header] + lines).joined(separator: "\n")
        )
        try #require(answer.status == 200, "\(answer.json)")
        let number = try #require(
            answer.json["pullRequestUrl"]?.string?.split(separator: "/").last.flatMap { Int($0) }
        )
        _ = try await hub.post("\(Self.path)/\(number)/status", "{\"status\":\"open\"}")
        return number
    }

    @Test(
        "A pull request against a branch goes into that branch, and into no other",
        arguments: ["dev", "refs%2Fheads%2Fdev", "refs%2Fpr%2F1"]
    )
    func target(_ revision: String) async throws {
        try await withRepository { hub in
            try await hub.client().createBranch(try Revision("dev"), of: Self.id)
            // One on top of another goes where that goes.
            _ = try await propose(hub, at: "dev", ["first.txt": "1"])
            let main = try await commit(hub, "main", ["a.txt": "only main"])
            let number = try await propose(hub, at: revision, ["a.txt": "for dev", "p.txt": "p"])
            let details = try await get(hub, "/\(number)")
            #expect(details["changes"]?["base"] == "refs/heads/dev")
            // What main has changed is none of its business.
            #expect(details["filesWithConflicts"] == [])
            #expect(try await hub.post("\(Self.path)/\(number)/merge", "{}").status == 200)
            #expect(try await hub.client().information(Self.id).commit == main)
            let merged = try await texts(hub, "dev")
            #expect(merged["a.txt"] == "for dev" && merged["p.txt"] == "p")
            #expect(try await get(hub, "/\(number)")["changes"]?["base"] == "refs/heads/dev")
        }
    }

    @Test("A branch that is gone takes no pull request, and a tag never does")
    func noTarget() async throws {
        try await withRepository { hub in
            let client = try hub.client()
            try await client.createBranch(try Revision("dev"), of: Self.id)
            try await client.createTag(try Revision("v1"), of: Self.id)
            let header = "{\"key\":\"header\",\"value\":{\"summary\":\"Propose\"}}"
            let tagged = try await hub.post("/api/models/ada/tiny/commit/v1?create_pr=1", header)
            #expect(tagged.status == 400)
            #expect(tagged.json["error"] == "v1 is no branch: pull requests go to branches")
            let number = try await propose(hub, at: "dev", ["p.txt": "p"])
            let gone = try await hub.send(
                "DELETE",
                "\(hub.server.endpoint)/api/models/ada/tiny/branch/dev"
            )
            #expect(gone.status == 200)
            #expect(try await get(hub, "/\(number)")["changes"]?["base"] == "refs/heads/dev")
            let merged = try await hub.post("\(Self.path)/\(number)/merge", "{}")
            #expect(merged.status == 409 && merged.json["error"] == "The branch dev is gone")
        }
    }

    @Test("What is merged or closed takes no commits, until it is opened again")
    func ended() async throws {
        try await withRepository { hub in
            _ = try await propose(hub, at: "main", ["p.txt": "p"])
            let body = """
                {"key":"header","value":{"summary":"More"}}
                {"key":"file","value":{"path":"more.txt","content":"m","encoding":"utf-8"}}
                """
            func add() async throws -> (status: Int, json: JSON) {
                try await hub.post("/api/models/ada/tiny/commit/refs%2Fpr%2F1", body)
            }
            let steps: [(path: String, body: String, name: String?)] = [
                ("status", "{\"status\":\"closed\"}", "closed"),
                ("status", "{\"status\":\"open\"}", nil), ("merge", "{}", "merged"),
            ]
            for (path, body, name) in steps {
                #expect(try await hub.post("\(Self.path)/1/\(path)", body).status == 200)
                let head = try await hub.client().information(
                    Self.id,
                    at: try Revision("refs/pr/1")
                )
                let answer = try await add()
                #expect(answer.status == (name == nil ? 200 : 409))
                if let name {
                    let words = "The pull request 1 is \(name) and takes no commits"
                    #expect(answer.json["error"] == .string(words))
                    #expect(
                        try await hub.client().information(Self.id, at: try Revision("refs/pr/1"))
                            == head
                    )
                }
            }
        }
    }

    @Test("A commit that opens a pull request gives it title, words and head")
    func fromCommit() async throws {
        try await withRepository { hub in
            let main = try await hub.client().information(Self.id).commit
            let answer = try await hub.post(
                "/api/models/ada/tiny/commit/main?create_pr=1",
                """
                {"key":"header","value":{"summary":"Propose","description":"Because"}}
                {"key":"file","value":{"path":"p.txt","content":"p","encoding":"utf-8"}}
                """
            )
            #expect(
                answer.json["pullRequestUrl"]
                    == .string("\(hub.server.endpoint)/ada/tiny/discussions/1")
            )
            let details = try await get(hub, "/1")
            #expect(details["title"] == "Propose" && details["isPullRequest"] == true)
            #expect(details["status"] == "draft")
            #expect(try await hub.client().information(Self.id).commit == main)
            let with = try await hub.send(
                "GET",
                "\(hub.server.endpoint)/api/models/ada/tiny/refs?include_prs=1"
            )
            let pulls = try JSON(parsing: with.body)["pullRequests"]?.array
            #expect(pulls?.map { $0["targetCommit"] } == [answer.json["commitOid"]])
            #expect(pulls?.first?["ref"] == "refs/pr/1")
            let without = try await hub.send(
                "GET",
                "\(hub.server.endpoint)/api/models/ada/tiny/refs"
            )
            #expect(try JSON(parsing: without.body)["pullRequests"] == nil)
        }
    }

    @Test("Discussions are listed by kind, status and author, a page at a time")
    func list() async throws {
        try await withRepository { hub in
            for number in 1...53 {
                _ = try await open(hub, pull: number <= 2, title: "Number \(number)")
            }
            _ = try await hub.post("\(Self.path)/1/status", "{\"status\":\"closed\"}")
            let cases: [(query: String, count: Int, first: Int?, items: Int)] = [
                ("", 53, 53, 50), ("?p=1", 53, 3, 3), ("?p=2", 53, nil, 0),
                ("?p=9223372036854775807", 53, nil, 0),
                ("?type=pull_request", 2, 2, 2), ("?type=discussion", 51, 53, 50),
                ("?status=closed", 1, 1, 1), ("?status=open&type=pull_request", 1, 2, 1),
                ("?author=ada", 53, 53, 50), ("?author=eve", 0, nil, 0),
            ]
            for (query, count, first, items) in cases {
                let page = try await get(hub, query)
                #expect(page["count"]?.integer == count, "\(query)")
                #expect(page["discussions"]?.array?.count == items, "\(query)")
                #expect(page["discussions"]?.array?.first?["num"]?.integer == first, "\(query)")
            }
        }
    }

    @Test("Who may read may talk with a token that writes; the rest is for authors and writers")
    func rights() async throws {
        try await withRepository { hub in
            _ = try await open(hub, pull: true)
            let eve = try hub.token(user: "eve", role: .write)
            let reader = try hub.token(user: "ada", role: .read)
            let cases: [(path: String, body: String, eve: Int, reader: Int, anonymous: Int)] = [
                ("/1/comment", "{\"comment\":\"Hello\"}", 200, 403, 401),
                ("/1/status", "{\"status\":\"open\"}", 403, 403, 401),
                ("/1/title", "{\"title\":\"Mine now\"}", 403, 403, 401),
                ("/1/merge", "{}", 403, 403, 401),
                ("", "{\"title\":\"A pull\",\"pullRequest\":true}", 403, 403, 401),
                ("", "{\"title\":\"A talk\"}", 200, 403, 401),
                ("/9/comment", "{\"comment\":\"Hello\"}", 404, 403, 401),
                ("/1/comment", "{}", 400, 403, 401),
                ("", "{\"title\":\"x\"}", 400, 403, 401),
                (
                    "/1/comment", "{\"comment\":\"\(String(repeating: "x", count: 20_000))\"}", 413,
                    403, 401
                ),
            ]
            for (path, body, forEve, forReader, forAnonymous) in cases {
                let label = "\(path) \(body.prefix(40))"
                #expect(
                    try await hub.post(Self.path + path, body, token: eve).status == forEve,
                    "\(label)"
                )
                #expect(
                    try await hub.post(Self.path + path, body, token: reader).status == forReader,
                    "\(label)"
                )
                #expect(
                    try await hub.post(Self.path + path, body, token: .some(nil)).status
                        == forAnonymous,
                    "\(label)"
                )
            }
            // Of her own talk she may change title and status.
            let renamed = try await hub.post(
                "\(Self.path)/2/title",
                "{\"title\":\"Another\"}",
                token: eve
            )
            #expect(renamed.json["newTitle"]?["data"]?["to"] == "Another")
            let closed = try await hub.post(
                "\(Self.path)/2/status",
                "{\"status\":\"closed\"}",
                token: eve
            )
            #expect(closed.status == 200)
        }
    }

    @Test("Pull requests of a hub that kept only their heads are still there")
    func older() async throws {
        try await withRepository { hub in
            let head = try await hub.client().information(Self.id).commit
            let file = joined(hub.root, "repositories/ada/tiny/repository.json")
            var json = try #require(try JSON(parsing: try readFile(file)).object)
            json["discussions"] = nil
            json["pulls"] = [.string(head)]
            try AtomicFile.write(JSON.object(json).text(), to: file)
            #expect(
                try await hub.client().information(Self.id, at: try Revision("refs/pr/1")).commit
                    == head
            )
            let details = try await get(hub, "/1")
            #expect(details["status"] == "open" && details["isPullRequest"] == true)
            #expect(details["changes"]?["base"] == "refs/heads/main")
        }
    }

    @Test("One of a hub that did not know branches goes into main")
    func withoutTarget() async throws {
        try await withRepository { hub in
            let number = try await propose(hub, at: "main", ["p.txt": "p"])
            let file = joined(hub.root, "repositories/ada/tiny/repository.json")
            let text = String(decoding: try readFile(file), as: UTF8.self)
            var json = try #require(try JSON(parsing: text).object)
            var pull = try #require(json["discussions"]?.array?.first?.object)
            #expect(pull["target"] == "main")
            pull["target"] = nil
            json["discussions"] = .array([.object(pull)])
            try AtomicFile.write(JSON.object(json).text(), to: file)
            #expect(try await hub.post("\(Self.path)/\(number)/merge", "{}").status == 200)
            #expect(try await texts(hub, "main")["p.txt"] == "p")
        }
    }
}
