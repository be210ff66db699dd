import OctavoBase
import OctavoHub
import Synchronization
import Testing

@Suite("A commit is made once, or not at all")
struct CommitTests {
    private static let parent = "0123456789abcdef0123456789abcdef01234567"
    private static let head = "89abcdef0123456789abcdef0123456789abcdef"
    private static let committed = ScriptedTransport.Step.json("{\"commitOid\":\"\(head)\"}")

    private static func information(_ commit: String) -> ScriptedTransport.Step {
        .json("{\"id\":\"ada/tiny\",\"sha\":\"\(commit)\"}")
    }

    /// A listing with an empty file, or with what is given.
    private static func tree(_ paths: [String]) -> ScriptedTransport.Step {
        let entries = paths.map {
            "{\"type\":\"file\",\"path\":\"\($0)\",\"oid\":\"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\",\"size\":0}"
        }
        return .json("[\(entries.joined(separator: ","))]")
    }

    /// Commits with three tries, and says how often it waited.
    private func commit(
        _ transport: ScriptedTransport,
        _ operations: [CommitOperation] = [.file(path: "a", contents: [])],
        asPullRequest: Bool = false
    ) async throws -> (result: Result<String, any Error>, pauses: Int) {
        let pauses = Mutex(0)
        var result: Result<String, any Error>
        let client = HubClient(
            HubConfiguration(endpoint: try #require(WebURL("https://hub.example"))),
            transport: transport,
            retry: RetryPolicy(attempts: 3, pause: { _ in pauses.withLock { $0 += 1 } })
        )
        do {
            result = .success(
                try await client.commit(
                    operations,
                    to: try RepositoryID("ada/tiny"),
                    branch: .main,
                    parent: Self.parent,
                    message: "One",
                    asPullRequest: asPullRequest
                ).commit
            )
        } catch {
            result = .failure(error)
        }
        return (result, pauses.withLock { $0 })
    }

    @Test(
        "Who is told to come later comes later, also with a pull request",
        arguments: [true, false]
    )
    func rateLimit(_ asPullRequest: Bool) async throws {
        let transport = ScriptedTransport([.json("", status: 429), Self.committed])
        let (result, pauses) = try await commit(transport, asPullRequest: asPullRequest)
        #expect(try result.get() == Self.head)
        // A hub that did not serve the request need not be asked what came of it.
        #expect(transport.requests.map(\.method) == ["POST", "POST"])
        #expect(pauses == 1)
    }

    @Test("A pull request that may have been opened is looked for, and not opened again")
    func pullRequest() async throws {
        let none = "{\"branches\":[],\"tags\":[],\"pullRequests\":[]}"
        let transport = ScriptedTransport([.json("", status: 502), .json(none)])
        let (result, pauses) = try await commit(transport, asPullRequest: true)
        #expect(throws: HubError.serverFailed(status: 502, message: "no reason given (status 502)"))
        {
            try result.get()
        }
        #expect(transport.requests.map(\.method) == ["POST", "GET"])
        #expect(pauses == 1)
    }

    @Test("Where the hub cannot be asked for it, that is what is said, and it is not opened again")
    func pullRequestUnknown() async throws {
        let cut = HubError.interrupted(host: "h", reason: "cut")
        let lost = ScriptedTransport.Step.failure(cut)
        let steps = [ScriptedTransport.Step.json("", status: 502), lost, lost, lost]
        let transport = ScriptedTransport(steps)
        let (result, _) = try await commit(transport, asPullRequest: true)
        #expect(throws: cut) { try result.get() }
        #expect(transport.requests.map(\.method) == ["POST", "GET", "GET", "GET"])
    }

    @Test(
        "A branch that moved meanwhile to what was to be committed, by a run that was killed, is right",
        arguments: [true, false]
    )
    func madeByAnother(isSame: Bool) async throws {
        let transport = ScriptedTransport([
            .json("", status: 412), Self.information(Self.head), Self.tree([isSame ? "a" : "b"]),
        ])
        let (result, pauses) = try await commit(transport)
        if isSame {
            #expect(try result.get() == Self.head)
        } else {
            #expect(throws: HubError.headMoved(expected: Self.parent, found: Self.head)) {
                try result.get()
            }
        }
        #expect(pauses == 0 && transport.remaining == 0)
    }

    @Test("The last try may have landed too")
    func lastTry() async throws {
        let failed = ScriptedTransport.Step.json("", status: 504)
        let parent = Self.information(Self.parent)
        let head = Self.information(Self.head)
        let landed = ScriptedTransport([
            failed, parent, .failure(.interrupted(host: "h", reason: "cut")), parent, failed, head,
            head, Self.tree(["a"]),
        ])
        let (result, pauses) = try await commit(landed)
        #expect(try result.get() == Self.head)
        #expect(pauses == 2)

        let lost = ScriptedTransport([failed, parent, failed, parent, failed, parent])
        let (failure, _) = try await commit(lost)
        #expect {
            try failure.get()
        } throws: { error in
            if case HubError.serverFailed(504, _) = error { true } else { false }
        }
        #expect(lost.remaining == 0)
    }

    private static let operations: [(CommitOperation, [String], Bool)] = [
        (.file(path: "a", contents: []), ["a"], true),
        (.file(path: "./a", contents: []), ["a"], true),
        (.file(path: "a", contents: [1]), ["a"], false),
        (.deletedFile(path: "a"), ["b"], true), (.deletedFile(path: "a"), ["a"], false),
        (.deletedFolder(path: "a/"), ["a/b"], false), (.deletedFolder(path: "a"), ["a/b"], false),
        (.deletedFolder(path: "a/"), ["ab/b"], true),
    ]

    @Test("A head that moved is ours if all of the commit is in it", arguments: operations)
    func landed(_ operation: CommitOperation, _ paths: [String], _ isOurs: Bool) async throws {
        let head = Self.information(Self.head)
        let transport = ScriptedTransport([
            .failure(.interrupted(host: "h", reason: "cut")), head, head, Self.tree(paths),
        ])
        let (result, _) = try await commit(transport, [operation])
        if isOurs {
            #expect(try result.get() == Self.head)
        } else {
            #expect(throws: HubError.headMoved(expected: Self.parent, found: Self.head)) {
                try result.get()
            }
        }
    }

    @Test("Another commit than the one asked for is refused")
    func pinned() async throws {
        let transport = ScriptedTransport([Self.information(Self.head)])
        await #expect {
            _ = try await client(transport).information(
                try RepositoryID("ada/tiny"),
                at: try Revision(Self.parent)
            )
        } throws: { error in
            if case HubError.malformedReply = error { true } else { false }
        }
    }
}
