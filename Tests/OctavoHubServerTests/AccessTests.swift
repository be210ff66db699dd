import OctavoBase
@testable import OctavoHub
import OctavoHubServer
import Testing

@Suite("Who may do what")
struct AccessTests {
    private static let id = LiveHub.repository

    @Test("A token is known by its hash alone, until it is revoked")
    func tokens() async throws {
        try await withHub { hub in
            let identity = try await hub.client().whoami()
            #expect(identity == Identity.expecting("ada", .write))
            let kept = String(
                decoding: try readFile(joined(hub.root, "tokens.json")),
                as: UTF8.self
            )
            #expect(kept.contains("ada") && !kept.contains("hf_"))
            let tokens = HubTokens(root: hub.root)
            try tokens.revoke(try #require(try tokens.list().first).id)
            await #expect(
                throws: HubError.tokenRefused(
                    message: "Invalid credentials in Authorization header"
                )
            ) {
                _ = try await hub.client().whoami()
            }
            #expect(throws: HubTokens.TokenError.self) { try tokens.revoke("none") }
            #expect(throws: HubTokens.TokenError.self) {
                try tokens.create(user: "a/b", role: .read)
            }
        }
    }

    @Test("A private repository is there for its owner only")
    func privacy() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id, isPrivate: true)
            #expect(try await hub.client().information(Self.id).isPrivate)
            let own = try hub.token(user: "ada", role: .read)
            #expect(try await hub.client(token: own).information(Self.id).isPrivate)
            for token in [nil, try hub.token(user: "eve", role: .write)] {
                let client = try hub.client(token: .some(token))
                await #expect(throws: HubError.repositoryNotFound("ada/tiny")) {
                    _ = try await client.information(Self.id)
                }
                await #expect(throws: HubError.repositoryNotFound("ada/tiny")) {
                    _ = try await client.metadata(
                        of: try RepositoryPath(".gitattributes"),
                        in: Self.id
                    )
                }
            }
        }
    }

    @Test(
        "Reading a public repository needs no token; writing needs one of its owner with the role"
    )
    func writing() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let head = try await hub.client(token: .some(nil)).information(Self.id).commit
            let tokens = [
                try hub.token(user: "ada", role: .read), try hub.token(user: "eve", role: .write),
            ]
            for token in tokens {
                await #expect {
                    _ = try await hub.client(token: token).commit(
                        [.file(path: "a", contents: [])],
                        to: Self.id,
                        branch: .main,
                        parent: head,
                        message: "No"
                    )
                } throws: { error in
                    if case HubError.forbidden = error { true } else { false }
                }
            }
            await #expect(throws: HubError.self) {
                _ = try await hub.client(token: .some(nil)).createRepository(.of("ada/other"))
            }
            await #expect(throws: HubError.self) {
                _ = try await hub.client().createRepository(.of("eve/other"))
            }
            #expect(try await hub.client().information(Self.id).commit == head)
        }
    }

    @Test(
        "A branch or tag cannot pose as a commit or as a full name",
        arguments: [
            String(repeating: "a", count: 40), String(repeating: "0", count: 40), "refs/heads/x",
            "refs/pr/1",
        ]
    )
    func referenceNames(_ name: String) async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            await #expect {
                try await client.createBranch(try Revision(name), of: Self.id)
            } throws: { error in
                if case HubError.badRequest = error { true } else { false }
            }
            await #expect {
                try await client.createTag(try Revision(name), of: Self.id)
            } throws: { error in
                if case HubError.badRequest = error { true } else { false }
            }
        }
    }

    @Test("A model card is checked for those with a token only")
    func card() async throws {
        try await withHub { hub in
            let (path, body) = ("/api/validate-yaml", "{\"content\":\"---\\r\\n\\ta: b\\r\\n---\"}")
            let stranger = try await hub.post(path, body, token: .some(nil))
            #expect(stranger.status == 401)
            let owner = try await hub.post(path, body)
            #expect(owner.status == 400)
        }
    }

    @Test("What is not there is named")
    func missing() async throws {
        try await withHub { hub in
            let client = try hub.client()
            await #expect(throws: HubError.repositoryNotFound("ada/none")) {
                _ = try await client.information(.of("ada/none"))
            }
            _ = try await client.createRepository(Self.id)
            await #expect {
                _ = try await client.information(Self.id, at: try Revision("none"))
            } throws: { error in
                if case HubError.revisionNotFound = error { true } else { false }
            }
            await #expect {
                _ = try await client.metadata(of: try RepositoryPath("none"), in: Self.id)
            } throws: { error in
                if case HubError.entryNotFound = error { true } else { false }
            }
        }
    }

    @Test("A commit that breaks the rules changes nothing")
    func badCommits() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let head = try await client.information(Self.id).commit
            let absent = Digest(of: "never uploaded")
            let operations: [CommitOperation] = [
                .file(path: "../evil", contents: []), .file(path: "/../evil", contents: []),
                .file(path: "a/../../b", contents: []), .file(path: ".git/config", contents: []),
                .file(path: "a\u{0}b", contents: []), .file(path: "a\\b", contents: []),
                .file(path: ".gitattributes/x", contents: []),
                .file(path: "../\u{301}evil", contents: []),
                .file(path: "/../\u{301}evil", contents: []),
                .file(path: "a\u{600}/..\u{600}/../evil", contents: []),
                .file(path: ".git/\u{301}config", contents: []),
                .lfsFile(path: "w.bin", oid: absent, size: 3),
                .file(path: "README.md", contents: Array("---\n\tlicense: mit\n---\n".utf8)),
                .file(path: "README.md", contents: Array("---\nlicense: mit\n".utf8)),
            ]
            for operation in operations {
                await #expect("\(operation.path)") {
                    _ = try await client.commit(
                        [operation],
                        to: Self.id,
                        branch: .main,
                        parent: head,
                        message: "Bad"
                    )
                } throws: { error in
                    if case HubError.badRequest = error { true } else { false }
                }
            }
            await #expect(throws: HubError.self) {
                _ = try await client.commit(
                    [.deletedFile(path: "none")],
                    to: Self.id,
                    branch: .main,
                    parent: head,
                    message: "Bad"
                )
            }
            #expect(try await client.information(Self.id).commit == head)
        }
    }
}

extension Identity {
    /// Describes who a token should belong to.
    static func expecting(_ name: String, _ role: Role) -> Identity {
        Identity(name: name, organizations: [], role: role)
    }
}
