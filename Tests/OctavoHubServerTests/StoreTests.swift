import Glibc
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

@testable import OctavoHubServer

@Suite("What the hub keeps on disk")
struct StoreTests {
    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("Nobody but the owner may enter the directory, even if it was open before")
    func isPrivate() async throws {
        try await withTemporaryDirectory { directory in
            let root = joined(directory, "hub")
            try makeDirectory(root)
            #expect(chmod(root, 0o755) == 0)
            _ = try HubTokens(root: root).create(user: "ada", role: .write)
            #expect(mode(root) == 0o700)
            #expect(chmod(root, 0o755) == 0)
            try await HubServer.start(root: root).stop()
            #expect(mode(root) == 0o700)
            #expect(mode(joined(root, "secret")) == 0o600)
        }
    }

    @Test("A secret of another length, or open to others, is named", arguments: [0, 31, 33, 65])
    func badSecret(_ length: Int) async throws {
        try await withTemporaryDirectory { root in
            let file = joined(root, "secret")
            let bytes = [UInt8](repeating: 1, count: length)
            try AtomicFile.write(bytes, to: file, mode: 0o600)
            await #expect(throws: HubServer.SecretError.self) {
                _ = try await HubServer.start(root: root)
            }
            try AtomicFile.write([UInt8](repeating: 1, count: 32), to: file)
            #expect(chmod(file, 0o640) == 0)
            await #expect(throws: HubServer.SecretError.self) {
                _ = try await HubServer.start(root: root)
            }
            #expect(chmod(file, 0o600) == 0)
            try await HubServer.start(root: root).stop()
        }
    }

    @Test("Tokens made and revoked at once all count")
    func concurrentTokens() async throws {
        try await withTemporaryDirectory { root in
            let tokens = HubTokens(root: root)
            let doomed = try (0..<8).map { _ in
                try tokens.create(user: "eve", role: .read).record.id
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in doomed {
                    group.addTask { try await runBlocking { try tokens.revoke(id) } }
                    group.addTask {
                        _ = try await runBlocking { try tokens.create(user: "ada", role: .write) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try tokens.list().map(\.user) == Array(repeating: "ada", count: 8))
        }
    }

    @Test("What a server that was cut off left is swept away; the rest stays")
    func sweep() async throws {
        try await withTemporaryDirectory { root in
            let (half, whole) = ("objects/ab/abc.1-2.tmp", "objects/ab/abc")
            for file in [half, whole, "trash/1/repository.json"] {
                try makeDirectory(parent(of: joined(root, file)))
                try AtomicFile.write("x", to: joined(root, file))
            }
            try await HubServer.start(root: root).stop()
            #expect(fileKind(joined(root, half)) == nil)
            #expect(fileKind(joined(root, "trash")) == nil)
            #expect(fileKind(joined(root, whole)) == .file)
        }
    }

    /// What an older hub left that was killed while it made a repository.
    private func leaveHalfMade(_ root: String) throws -> String {
        let folder = joined(root, "repositories/ada/tiny")
        try makeDirectory(joined(folder, "commits"))
        let commit = String(repeating: "ab", count: 20)
        try AtomicFile.write("{}", to: joined(folder, "commits/\(commit).json"))
        return folder
    }

    @Test(
        "A repository that was half made is not there, and in nobody's way",
        arguments: [true, false]
    )
    func halfMade(isBefore: Bool) async throws {
        try await withTemporaryDirectory { root in
            let secret = try HubTokens(root: root).create(user: "ada", role: .write).secret
            if isBefore { _ = try leaveHalfMade(root) }
            try makeDirectory(joined(root, "making/17/commits"))
            let server = try await HubServer.start(root: root)
            #expect(fileKind(joined(root, "making")) == nil)
            if !isBefore { _ = try leaveHalfMade(root) }
            let client = HubClient(
                HubConfiguration(
                    endpoint: try #require(WebURL(server.endpoint)),
                    token: AccessToken(secret)
                )
            )
            #expect(try await client.createRepository(LiveHub.repository).existed == false)
            let tree = try await client.tree(LiveHub.repository, at: .main)
            #expect(tree.map(\.path.description) == [".gitattributes"])
            #expect(try filesBelow(joined(root, "repositories")).count == 2)
            #expect(try filesBelow(joined(root, "making")) == [])
            await server.stop()
        }
    }

    @Test("A repository with a history that lost its own file is not taken for one half made")
    func lostFile() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(LiveHub.repository)
            let folder = try hub.folder("model", tinyModel)
            _ = try await client.upload(folder: folder, to: LiveHub.repository, message: "First")
            let place = joined(hub.root, "repositories/ada/tiny")
            try removeAll(joined(place, "repository.json"))
            let answer = try await hub.post("/api/repos/create", "{\"name\":\"tiny\"}")
            #expect(answer.status == 500)
            #expect(answer.json["error"]?.string?.contains("without its repository.json") == true)
            await hub.server.stop()
            let server = try await HubServer.start(root: hub.root)
            await server.stop()
            #expect(try directoryEntries(joined(place, "commits")).count == 2)
        }
    }

    @Test("A repository that was deleted and made again begins anew")
    func deleted() async throws {
        try await withHub { hub in
            let (client, id) = (try hub.client(), LiveHub.repository)
            _ = try await client.createRepository(id)
            let folder = try hub.folder("model", tinyModel)
            let old = try await client.upload(folder: folder, to: id, message: "Old").commit
            try await client.deleteRepository(id)
            await #expect(throws: HubError.repositoryNotFound("ada/tiny")) {
                _ = try await client.information(id)
            }
            #expect(try filesBelow(joined(hub.root, "trash")) == [])
            _ = try await client.createRepository(id)
            #expect(
                try await client.tree(id, at: .main).map(\.path.description) == [".gitattributes"]
            )
            await #expect(throws: HubError.self) {
                _ = try await client.information(id, at: try Revision(old))
            }
        }
    }

    @Test("A repository whose file is spoilt stands in nobody else's way")
    func spoilt() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(LiveHub.repository)
            _ = try await hub.client().createRepository(.of("ada/spoilt"))
            try AtomicFile.write(
                "{",
                to: joined(hub.root, "repositories/ada/spoilt/repository.json")
            )
            let report = try await hub.client().upload(
                folder: try hub.folder("model", tinyModel),
                to: LiveHub.repository,
                message: "First"
            )
            #expect(report.didCommit)
        }
    }
}
