import OctavoBase
@testable import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

/// The table of the protocol (hub-protocol 10): what is asked, by whom, and what a user reads then.
@Suite("What a user reads when a hub says no")
struct ErrorTableTests {
    /// Who asks.
    enum Caller: String, CaseIterable, Sendable {
        case nobody, reader, writer, stranger
    }

    /// What is asked.
    enum Question: String, CaseIterable, Sendable {
        case missing, hidden, gated, write, revision, path
    }

    private static let missing = "does not exist, or is private and not open to you"
    private static let checkName = "check the name; for a private repository set HF_TOKEN"
    private static let unknownToken =
        "the hub does not know this token: Invalid credentials in Authorization header"
    private static let newToken = "create a new token and set HF_TOKEN"

    /// The sentence and the advice; nil where the answer is yes.
    private static func expected(_ question: Question, _ caller: Caller) -> (String, String)? {
        if caller == .stranger { return (unknownToken, newToken) }
        switch (question, caller) {
        case (.missing, _): return ("repository bob/none \(missing)", checkName)
        case (.hidden, _): return ("repository bob/hidden \(missing)", checkName)
        case (.gated, _):
            return (
                "repository bob/gated asks you to accept its terms first: "
                    + "Access to model bob/gated is restricted: ask its owner",
                "open the repository's page and accept its terms"
            )
        case (.write, .nobody): return ("repository ada/open \(missing)", checkName)
        case (.write, .reader):
            return (
                "the token has no right to do this: This token has the role read, but write is needed",
                "use a token with the write role for that namespace"
            )
        case (.write, _): return nil
        case (.revision, _):
            return (
                "no such revision: Invalid rev id: none",
                "list the branches and tags of the repository"
            )
        case (.path, _):
            return ("no such file: Entry not found: none", "list the files of the repository")
        }
    }

    private func ask(_ question: Question, _ client: HubClient, _ scratch: String) async throws {
        switch question {
        case .missing: _ = try await client.information(.of("bob/none"))
        case .hidden: _ = try await client.information(.of("bob/hidden"))
        case .gated:
            // The list is open, the files are not.
            _ = try await client.tree(.of("bob/gated"), at: .main)
            _ = try await client.download(
                repository: .of("bob/gated"),
                into: joined(scratch, "gated")
            )
        case .write:
            let id = RepositoryID.of("ada/open")
            let head = try await client.information(id).commit
            _ = try await client.commit(
                [.file(path: "a", contents: [1])],
                to: id,
                branch: .main,
                parent: head,
                message: "Write"
            )
        case .revision:
            _ = try await client.information(.of("ada/open"), at: try Revision("none"))
        case .path:
            _ = try await client.file(try RepositoryPath("none"), in: .of("ada/open"))
        }
    }

    /// Makes a repository's files open to those only who are let in.
    private func gate(_ id: RepositoryID, _ server: HubServer, as owner: AccessToken) async throws {
        let url = try #require(WebURL("\(server.endpoint)/api/models/\(id)/settings"))
        let request = WebRequest(
            "PUT",
            url,
            headers: [
                ("Content-Type", "application/json"), ("Authorization", "Bearer \(owner.secret)"),
            ],
            body: .bytes(Array("{\"gated\": \"manual\"}".utf8))
        )
        #expect(try await CurlTransport().send(request, to: nil).status == 200)
    }

    @Test("Each row, for each caller", arguments: Question.allCases)
    func row(_ question: Question) async throws {
        try await withHub { hub in
            let bobToken = try hub.token(user: "bob", role: .write)
            let bob = try hub.client(token: bobToken)
            _ = try await bob.createRepository(.of("bob/hidden"), isPrivate: true)
            _ = try await bob.createRepository(.of("bob/gated"))
            try await gate(.of("bob/gated"), hub.server, as: bobToken)
            _ = try await hub.client().createRepository(.of("ada/open"))
            let callers: [Caller: AccessToken?] = [
                .nobody: nil, .reader: try hub.token(user: "ada", role: .read), .writer: hub.token,
                .stranger: AccessToken("hf_nobodys"),
            ]
            for caller in Caller.allCases {
                let client = try hub.client(token: .some(callers[caller] ?? nil))
                let told: (String, String)?
                do {
                    try await ask(question, client, hub.scratch)
                    told = nil
                } catch let error as HubError {
                    told = (error.description, error.remedy ?? "")
                }
                let expected = Self.expected(question, caller)
                #expect(told?.0 == expected?.0, "\(question) by \(caller)")
                #expect(told?.1 == expected?.1, "\(question) by \(caller)")
            }
        }
    }
}
