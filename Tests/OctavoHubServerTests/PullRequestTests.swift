import OctavoBase
@testable import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

@Suite("Pull requests over a bad line")
struct PullRequestTests {
    private static let id = LiveHub.repository

    private func withRepository(_ body: (LiveHub, _ folder: String) async throws -> Void)
        async throws
    {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            try await body(hub, try hub.folder("model", tinyModel))
        }
    }

    private func files(_ hub: LiveHub, _ reference: Reference) async throws -> Set<String> {
        let tree = try await hub.client().tree(Self.id, at: try Revision(reference.commit))
        return Set(tree.map { "\($0.path)" })
    }

    @Test("One that was opened is not opened again because the answer got lost")
    func lostAnswer() async throws {
        try await withRepository { hub, folder in
            let transport = FaultyTransport(.lostAnswer(to: "create_pr=1"))
            let client = try hub.client(transport: transport)
            // The first request with this in it asks how files are stored, and is repeated harmlessly.
            let first = try await client.upload(
                folder: folder,
                to: Self.id,
                message: "Propose",
                asPullRequest: true
            )
            let again = FaultyTransport(.lostAnswer(to: "commit/main?create_pr=1"))
            let other = try hub.folder("other", ["new.txt": Array("new".utf8)])
            let second = try await hub.client(transport: again).upload(
                folder: other,
                to: Self.id,
                message: "Propose more",
                asPullRequest: true
            )
            #expect(first.pullRequestURL?.hasSuffix("/discussions/1") == true)
            #expect(second.pullRequestURL?.hasSuffix("/discussions/2") == true)
            let found = try await hub.client().references(Self.id, withPullRequests: true)
            #expect(found.pullRequests.map(\.fullName).sorted() == ["refs/pr/1", "refs/pr/2"])
            #expect(found.pullRequests.contains { $0.commit == second.commit })
        }
    }

    @Test("One of several commits that was interrupted is gone on with, not opened anew")
    func interrupted() async throws {
        try await withRepository { hub, folder in
            var limits = TransferLimits()
            limits.commitChanges = 2
            // Its second commit fails, as often as it is tried.
            let transport = RefusingTransport("/commit/refs%2Fpr%2F1")
            let broken = HubClient(
                HubConfiguration(
                    endpoint: try #require(WebURL(hub.server.endpoint)),
                    token: hub.token
                ),
                transport: transport,
                retry: RetryPolicy(attempts: 2, pause: { _ in }),
                limits: limits
            )
            await #expect(throws: HubError.self) {
                _ = try await broken.upload(
                    folder: folder,
                    to: Self.id,
                    message: "Propose",
                    asPullRequest: true
                )
            }
            #expect(fileKind(folder + ".push.json") == .file)
            let report = try await hub.client(limits: limits).upload(
                folder: folder,
                to: Self.id,
                message: "Propose",
                asPullRequest: true
            )
            #expect(report.commits == 2 && report.pullRequestURL?.hasSuffix("/1") == true)
            #expect(fileKind(folder + ".push.json") == nil)
            let found = try await hub.client().references(Self.id, withPullRequests: true)
            #expect(found.pullRequests.map(\.fullName) == ["refs/pr/1"])
            let reference = try #require(found.pullRequests.first)
            #expect(
                try await files(hub, reference) == Set(tinyModel.keys).union([".gitattributes"])
            )
            // The branch itself is as it was.
            let main = try #require(found.branches.first)
            #expect(try await files(hub, main) == [".gitattributes"])
        }
    }
}

/// Fails each request for a path with a text in it before it is sent.
private final class RefusingTransport: HTTPTransport {
    private let real = CurlTransport()
    private let part: String

    init(_ part: String) { self.part = part }

    func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        guard !request.url.target.contains(part) else {
            throw HubError.interrupted(host: "test", reason: "refused")
        }
        return try await real.send(request, to: sink)
    }
}
