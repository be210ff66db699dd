import OctavoBase
import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

@Suite("A pull request is opened once, however often the push that opens it ends early")
struct ResumedPullRequestTests {
    private static let id = LiveHub.repository
    private static let opening = "/commit/main?create_pr=1"
    private static let discussions = "/api/models/ada/tiny/discussions"

    private func withRepository(_ body: (LiveHub, _ folder: String) async throws -> Void)
        async throws
    {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            try await body(hub, try hub.folder("model", tinyModel))
        }
    }

    private func propose(
        _ hub: LiveHub,
        _ folder: String,
        changes: Int = 250,
        _ transport: (any HTTPTransport)? = nil
    ) async throws -> UploadReport {
        var limits = TransferLimits()
        limits.commitChanges = changes
        return try await hub.client(transport: transport, limits: limits).upload(
            folder: folder,
            to: Self.id,
            message: "Propose",
            asPullRequest: true
        )
    }

    private func pullRequests(_ hub: LiveHub) async throws -> [String: Set<String>] {
        let client = try hub.client()
        var found: [String: Set<String>] = [:]
        for reference in try await client.references(Self.id, withPullRequests: true).pullRequests {
            let tree = try await client.tree(Self.id, at: try Revision(reference.commit))
            found[reference.fullName] = Set(tree.map { "\($0.path)" })
        }
        return found
    }

    private static let whole = Set(tinyModel.keys).union([".gitattributes"])

    @Test(
        "Killed while the commit is in flight, another run goes on with what it has opened, if it has",
        arguments: [(true, 250), (true, 2), (false, 250), (false, 2)]
    )
    func killed(isSent: Bool, changes: Int) async throws {
        try await withRepository { hub, folder in
            let transport = HookTransport.ending(at: Self.opening, isSent: isSent)
            await #expect(throws: HubError.cancelled) {
                _ = try await propose(hub, folder, changes: changes, transport)
            }
            #expect(try await pullRequests(hub).count == (isSent ? 1 : 0))
            // Cut into other commits than the first time.
            let report = try await propose(hub, folder)
            #expect(report.pullRequestURL?.hasSuffix("/discussions/1") == true)
            #expect(report.closedPullRequest == nil)
            #expect(report.commits == (isSent && changes == 250 ? 0 : 1))
            #expect(try await pullRequests(hub) == ["refs/pr/1": Self.whole])
            #expect(fileKind(folder + ".push.json") == nil)
        }
    }

    @Test("So it is for a snapshot in the cache, beside which no file may lie")
    func snapshot() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let commit = String(repeating: "ab", count: 20)
            let name = "models--ada--tiny/snapshots/\(commit)"
            let folder = try hub.folder(name, tinyModel)
            let journal = joined(hub.scratch, "models--ada--tiny/\(commit).push.json")
            let transport = HookTransport.ending(at: Self.opening, isSent: true)
            await #expect(throws: HubError.cancelled) {
                _ = try await propose(hub, folder, transport)
            }
            #expect(fileKind(journal) == .file)
            #expect(try directoryEntries(parent(of: folder)) == [commit])
            _ = try await propose(hub, folder)
            #expect(try await pullRequests(hub) == ["refs/pr/1": Self.whole])
            #expect(fileKind(journal) == nil)
        }
    }

    @Test("One that was there before is another, though it holds the same")
    func older() async throws {
        try await withRepository { hub, folder in
            let other = try hub.folder("other", tinyModel)
            _ = try await propose(hub, other)
            let transport = HookTransport.ending(at: Self.opening, isSent: false)
            await #expect(throws: HubError.cancelled) {
                _ = try await propose(hub, folder, transport)
            }
            let report = try await propose(hub, folder)
            #expect(report.pullRequestURL?.hasSuffix("/discussions/2") == true)
            #expect(report.commits == 1)
        }
    }

    @Test(
        "Where the hub cannot be asked what was opened, nothing is opened",
        arguments: ["/refs?include_prs=1", "/discussions/1"]
    )
    func notAsked(_ part: String) async throws {
        try await withRepository { hub, folder in
            let transport = HookTransport.ending(at: Self.opening, isSent: true)
            await #expect(throws: HubError.cancelled) {
                _ = try await propose(hub, folder, transport)
            }
            let failure = HubError.interrupted(host: "test", reason: "refused")
            let deaf = HookTransport(before: { request in
                if request.url.target.contains(part) { throw failure }
            })
            await #expect(throws: failure) { _ = try await propose(hub, folder, deaf) }
            #expect(try await pullRequests(hub).count == 1)
            let report = try await propose(hub, folder)
            #expect(report.pullRequestURL?.hasSuffix("/discussions/1") == true)
            #expect(try await pullRequests(hub).count == 1)
        }
    }

    @Test(
        "One that was opened, closed or merged meanwhile: only the first is gone on with",
        arguments: [(["open"], "open"), (["closed"], "closed"), (["open", "merge"], "merged")]
    )
    func ended(_ steps: [String], _ status: String) async throws {
        try await withRepository { hub, folder in
            // Its second commit is never sent.
            let transport = HookTransport.ending(at: "/commit/refs%2Fpr%2F1", isSent: false)
            await #expect(throws: HubError.cancelled) {
                _ = try await propose(hub, folder, changes: 2, transport)
            }
            for step in steps {
                let (path, body) =
                    step == "merge" ? ("merge", "{}") : ("status", "{\"status\":\"\(step)\"}")
                #expect(try await hub.post("\(Self.discussions)/1/\(path)", body).status == 200)
            }
            let report = try await propose(hub, folder)
            let isOpen = status == "open"
            let number = isOpen ? 1 : 2
            #expect(report.pullRequestURL?.hasSuffix("/discussions/\(number)") == true)
            #expect(report.closedPullRequest?.status == (isOpen ? nil : status))
            let closed = isOpen ? nil : "\(hub.server.endpoint)/ada/tiny/discussions/1"
            #expect(report.closedPullRequest?.url == closed)
            let found = try await pullRequests(hub)
            #expect(found.count == number && found["refs/pr/\(number)"] == Self.whole)
        }
    }

    @Test("One that is closed between two commits is named, and another run opens a new one")
    func closedMeanwhile() async throws {
        try await withRepository { hub, folder in
            let transport = HookTransport(before: { request in
                guard request.url.target.contains("/commit/refs%2Fpr%2F1") else { return }
                _ = try await hub.post("\(Self.discussions)/1/status", "{\"status\":\"closed\"}")
            })
            let url = "\(hub.server.endpoint)/ada/tiny/discussions/1"
            await #expect(throws: HubError.pullRequestClosed(url: url, status: "closed")) {
                _ = try await propose(hub, folder, changes: 2, transport)
            }
            let report = try await propose(hub, folder)
            #expect(report.closedPullRequest?.url == url)
            #expect(try await pullRequests(hub)["refs/pr/2"] == Self.whole)
        }
    }
}
