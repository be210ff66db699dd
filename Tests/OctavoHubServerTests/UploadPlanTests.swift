import Glibc
import OctavoBase
@testable import OctavoHub
import OctavoHubServer
import Testing

@Suite("What an upload would do, and what it did")
struct UploadPlanTests {
    private static let id = LiveHub.repository

    private func changes(_ files: [UploadPlan.File]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: files.map { ($0.path.description, $0.change.rawValue) })
    }

    @Test("A plan for a repository that is not there makes none")
    func missing() async throws {
        try await withHub { hub in
            let folder = try hub.folder("model", tinyModel)
            let plan = try await hub.client().planUpload(folder: folder, to: Self.id)
            #expect(plan.head == nil && plan.commits == 1)
            #expect(plan.count(.created) == tinyModel.count)
            #expect(plan.bytes == tinyModel.values.reduce(0) { $0 + $1.count })
            #expect(fileKind(joined(hub.root, "repositories")) == nil)
        }
    }

    @Test("A branch that is not there is planned as the main one, and not made")
    func branch() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            _ = try await client.upload(folder: folder, to: Self.id, message: "First")
            let plan = try await client.planUpload(
                folder: folder,
                to: Self.id,
                revision: try Revision("dev")
            )
            #expect(plan.head == nil && plan.commits == 0 && plan.bytes == 0)
            #expect(plan.count(.unchanged) == tinyModel.count)
            #expect(try await client.references(Self.id).branches.map(\.name) == ["main"])
        }
    }

    @Test("Files are created, replaced, left and deleted as planned, and nothing before")
    func changes() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let old = try hub.folder(
                "old",
                tinyModel.merging([
                    "onnx/a.bin": [1], "onnx/deep/b.txt": [2], "weights.bin": [3], "notes.md": [4],
                ]) { $1 }
            )
            let first = try await client.upload(folder: old, to: Self.id, message: "First").commit
            var files = tinyModel
            files["README.md"] = Array("other".utf8)
            files["model.safetensors"]?[7] ^= 1
            files["new.txt"] = Array("new".utf8)
            let folder = try hub.folder("new", files)
            let patterns = ["*.bin", "onnx/", ".gitattributes", "README.md"]
            let plan = try await client.planUpload(
                folder: folder,
                to: Self.id,
                deleting: patterns
            )
            let expected = [
                "README.md": "replaced", "model.safetensors": "replaced", "new.txt": "created",
                "config.json": "unchanged", "original/params.json": "unchanged",
                "empty.txt": "unchanged", "onnx/a.bin": "deleted", "onnx/deep/b.txt": "deleted",
                "weights.bin": "deleted",
            ]
            #expect(changes(plan.files) == expected)
            #expect(plan.head == first && plan.commits == 1)
            #expect(plan.bytes == 300_000 + 5 + 3)
            #expect(try await client.information(Self.id).commit == first)

            let report = try await client.upload(
                folder: folder,
                to: Self.id,
                message: "Second",
                deleting: patterns
            )
            #expect(changes(report.files) == expected)
            #expect(report.sentBytes == plan.bytes && report.changedFiles == 6)
            #expect(try await client.check(report, of: Self.id) == files.count)
            let target = joined(hub.scratch, "copy")
            _ = try await client.download(repository: Self.id, into: target)
            let all = files.keys + [".gitattributes", "notes.md"]
            #expect(try filesBelow(target) == all.sorted())
            for (path, bytes) in files { #expect(try readFile(joined(target, path)) == bytes) }

            let again = try await client.upload(
                folder: folder,
                to: Self.id,
                message: "Third",
                deleting: patterns
            )
            #expect(!again.didCommit && again.commit == report.commit && again.sentBytes == 0)
            #expect(try await client.check(again, of: Self.id) == files.count)
        }
    }

    @Test("A commit that only deletes is one")
    func deletesOnly() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let both = try hub.folder("both", ["a.txt": [1], "b.txt": [2]])
            _ = try await client.upload(folder: both, to: Self.id, message: "First")
            let report = try await client.upload(
                folder: try hub.folder("one", ["a.txt": [1]]),
                to: Self.id,
                message: "Second",
                deleting: ["*"]
            )
            #expect(report.didCommit && report.changedFiles == 1 && report.sentBytes == 0)
            let tree = try await client.tree(Self.id, at: .main)
            #expect(tree.map(\.path.description) == [".gitattributes", "a.txt"])
        }
    }

    @Test("What a link stands for is not deleted, though it is left out")
    func links() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let all: [String: [UInt8]] = ["w.bin": [1], "onnx/a.bin": [2], "b.bin": [3], "c": [4]]
            let folder = try hub.folder("all", all)
            _ = try await client.upload(folder: folder, to: Self.id, message: "First")
            let linked = try hub.folder("linked", ["c": [4]])
            for name in ["w.bin", "onnx"] {
                #expect(symlink(joined(folder, name), joined(linked, name)) == 0)
            }
            let plan = try await client.planUpload(
                folder: linked,
                to: Self.id,
                deleting: ["*", "*.txt"]
            )
            #expect(changes(plan.files) == ["c": "unchanged", "b.bin": "deleted"])
            #expect(plan.skippedLinks == ["onnx", "w.bin"] && plan.idlePatterns == ["*.txt"])
        }
    }

    @Test("A pull request is checked at its own commit")
    func pullRequest() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let report = try await client.upload(
                folder: try hub.folder("model", tinyModel),
                to: Self.id,
                message: "Propose",
                asPullRequest: true
            )
            #expect(try await client.check(report, of: Self.id) == tinyModel.count)
        }
    }

    @Test("A tag stays with its commit: the same again is well, another is refused")
    func tags() async throws {
        try await withHub { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let tag = try Revision("v1.0")
            let first = try await client.upload(
                folder: try hub.folder("a", ["a.txt": [1]]),
                to: Self.id,
                message: "First"
            ).commit
            for _ in 0..<2 { try await client.tag(first, as: tag, of: Self.id) }
            let second = try await client.upload(
                folder: try hub.folder("b", ["a.txt": [2]]),
                to: Self.id,
                message: "Second"
            ).commit
            await #expect {
                try await client.tag(second, as: tag, of: Self.id)
            } throws: { error in
                if case HubError.alreadyExists = error { true } else { false }
            }
            #expect(try await client.information(Self.id, at: tag).commit == first)
        }
    }

    /// As Python's `fnmatch.fnmatchcase` decides, with a slash at the end completed by a star.
    @Test(
        "Patterns match as those of the hub's own tools do",
        arguments: [
            ("*.bin", "a.bin", true), ("*.bin", "deep/a.bin", true), ("*.bin", "a.bin.txt", false),
            ("onnx/", "onnx/a", true), ("onnx/", "onnx/b/c", true), ("onnx/", "my/onnx/a", false),
            ("onnx", "onnx/a", false), ("a?c", "abc", true), ("a?c", "a/c", true),
            ("a?c", "ac", false), ("[ab].txt", "b.txt", true), ("[!ab].txt", "b.txt", false),
            ("*", ".hidden", true), ("*", "a/.b/c", true), ("", "a", false),
            ("model-*-of-*.safetensors", "model-00001-of-00002.safetensors", true),
            ("README.md", "readme.md", false), ("a[]", "a[]", true),
        ]
    )
    func patterns(_ pattern: String, _ path: String, _ matches: Bool) throws {
        #expect(try RepositoryPath(path).matches(pattern) == matches)
    }
}
