import OctavoBase
@testable import OctavoHub
import OctavoHubServer
import Testing

@Suite("A folder goes to the hub and comes back")
struct RoundTripTests {
    private static let id = LiveHub.repository

    @Test("Create, upload, download: the same bytes; a second time nothing moves")
    func roundTrip() async throws {
        try await withHub { hub in
            let client = try hub.client()
            #expect(try await client.createRepository(Self.id).existed == false)
            #expect(try await client.createRepository(Self.id).existed)
            let folder = try hub.folder("model", tinyModel)
            let first = try await client.upload(folder: folder, to: Self.id, message: "First")
            #expect(first.changedFiles == 5)
            #expect(first.sentBytes == tinyModel.values.reduce(0) { $0 + $1.count })

            let again = try await client.upload(folder: folder, to: Self.id, message: "Again")
            #expect(again.commit == first.commit)
            #expect(!again.didCommit && again.sentBytes == 0 && again.unchangedFiles == 5)

            let target = joined(hub.scratch, "copy")
            let download = try await client.download(repository: Self.id, into: target)
            #expect(download.commit == first.commit)
            #expect(try filesBelow(target) == (tinyModel.keys + [".gitattributes"]).sorted())
            for (path, bytes) in tinyModel {
                #expect(try readFile(joined(target, path)) == bytes, "\(path)")
            }
            try AtomicFile.write("changed", to: joined(target, "config.json"))
            let repaired = try await client.download(repository: Self.id, into: target)
            #expect(repaired.fetchedFiles == 1)
            #expect(try readFile(joined(target, "config.json")) == tinyModel["config.json"])
            #expect(fileKind(joined(target, ".cache")) == nil)
        }
    }

    @Test("What was committed survives a restart of the server")
    func restart() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            let report = try await hub.client().upload(
                folder: folder,
                to: Self.id,
                message: "First"
            )
            await #expect(throws: HubServer.StartError.inUse(root: hub.root)) {
                _ = try await HubServer.start(root: hub.root)
            }
            await hub.server.stop()
            let second = try await HubServer.start(root: hub.root)
            let client = HubClient(
                HubConfiguration(endpoint: try #require(WebURL(second.endpoint)), token: hub.token)
            )
            let again = try await client.upload(folder: folder, to: Self.id, message: "Again")
            #expect(again.commit == report.commit && !again.didCommit)
            await second.stop()
        }
    }

    @Test("Metadata of a small and of a large file")
    func metadata() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            let report = try await client.upload(folder: folder, to: Self.id, message: "First")
            let weights = try #require(tinyModel["model.safetensors"])
            let large = try await client.metadata(
                of: try RepositoryPath("model.safetensors"),
                in: Self.id
            )
            #expect(
                large
                    == FileMetadata.expecting(
                        report.commit,
                        Digest(of: weights).hex,
                        weights.count
                    )
            )
            let empty = try await client.metadata(of: try RepositoryPath("empty.txt"), in: Self.id)
            // The name that git gives to the empty blob.
            #expect(
                empty
                    == FileMetadata.expecting(
                        report.commit,
                        "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
                        0
                    )
            )
        }
    }

    @Test("A branch that does not exist is made; main stays; tags and pull requests resolve")
    func branches() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let before = try await client.information(Self.id).commit
            let folder = try hub.folder("model", ["a.txt": Array("a".utf8)])
            let branch = try Revision("dev/one")
            let report = try await client.upload(
                folder: folder,
                to: Self.id,
                revision: branch,
                message: "On a branch"
            )
            #expect(try await client.information(Self.id).commit == before)
            #expect(try await client.information(Self.id, at: branch).commit == report.commit)
            try await client.createTag(try Revision("v1"), of: Self.id, at: branch)
            let references = try await client.references(Self.id)
            #expect(references.branches.map(\.name) == ["dev/one", "main"])
            #expect(references.tags.map(\.commit) == [report.commit])
            let short = try Revision(String(report.commit.prefix(7)))
            #expect(try await client.information(Self.id, at: short).commit == report.commit)
            let proposal = try await client.upload(
                folder: folder,
                to: Self.id,
                message: "Propose",
                asPullRequest: true
            )
            #expect(proposal.pullRequestURL == "\(hub.server.endpoint)/ada/tiny/discussions/1")
            #expect(
                try await client.information(Self.id, at: try Revision("refs/pr/1")).commit
                    == proposal.commit
            )
            #expect(try await client.information(Self.id).commit == before)
        }
    }
}

extension FileMetadata {
    /// Describes what a hub should tell.
    static func expecting(_ commit: String, _ tag: String, _ size: Int) -> FileMetadata {
        FileMetadata(commit: commit, tag: tag, size: size)
    }
}
