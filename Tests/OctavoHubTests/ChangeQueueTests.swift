import OctavoBase
@testable import OctavoHub
import OctavoTestSupport
import Testing

@Suite("How changes are spread over commits")
struct ChangeQueueTests {
    /// Changes by files of a folder, of which those that end in `.w` go to LFS; `-x` is a deletion.
    private func changes(_ sizes: [(String, Int)]) async throws -> [PlannedChange] {
        try await withTemporaryDirectory { folder in
            for (path, size) in sizes where !path.hasPrefix("-") {
                try AtomicFile.write([UInt8](repeating: 7, count: size), to: joined(folder, path))
            }
            let files = try localFiles(in: folder).files
            let kept: [PlannedChange] = files.map { file in
                "\(file.path)".hasSuffix(".w")
                    ? .object(LFSObject(file: file, oid: Digest(of: "\(file.path)")))
                    : .blob(file, name: "\(file.path)")
            }
            let gone = try sizes.filter { $0.0.hasPrefix("-") }.map {
                PlannedChange.deletion(try RepositoryPath(String($0.0.dropFirst())))
            }
            return gone + kept
        }
    }

    private func commits(_ changes: [PlannedChange], _ limits: TransferLimits) -> [[String]] {
        var queue = ChangeQueue(changes)
        var commits: [[String]] = []
        while !queue.isEmpty {
            commits.append(queue.take(beside: [], limits).map { "\($0.path)" })
        }
        #expect(commits.count == ChangeQueue(changes).commits(limits))
        return commits
    }

    @Test("Weights come first, what tells of the model last")
    func order() async throws {
        let changes = try await changes([
            ("README.md", 1), ("octavo.json", 1), ("config.json", 1), ("a.w", 9), ("z.w", 9),
            ("-old.bin", 0),
        ])
        #expect(
            commits(changes, TransferLimits()) == [
                ["a.w", "z.w", "config.json", "old.bin", "README.md", "octavo.json"]
            ]
        )
    }

    @Test("A commit holds as much as it may, and at least one change")
    func limits() async throws {
        let changes = try await changes([
            ("a.w", 60), ("b.w", 50), ("c.w", 200), ("d", 30), ("e", 80), ("f", 20), ("g", 1),
        ])
        var limits = TransferLimits()
        limits.commitStoredBytes = 110
        limits.commitInlineBytes = 100
        #expect(commits(changes, limits) == [["a.w", "b.w"], ["c.w"], ["d"], ["e", "f"], ["g"]])
        limits = TransferLimits()
        limits.commitChanges = 3
        #expect(
            commits(changes, limits) == [["a.w", "b.w", "c.w"], ["d", "e", "f"], ["g"]]
        )
    }

    @Test("A wave ends once enough is to be stored, and the next goes into the same commit")
    func waves() async throws {
        let changes = try await changes([("a.w", 60), ("b.w", 50), ("c.w", 50), ("d", 1)])
        var queue = ChangeQueue(changes)
        let first = queue.take(beside: [], TransferLimits(), wave: 100)
        #expect(first.map { "\($0.path)" } == ["a.w", "b.w"])
        let second = queue.take(beside: first, TransferLimits(), wave: 100)
        #expect(second.map { "\($0.path)" } == ["c.w", "d"])
        #expect(queue.isEmpty)
    }

    @Test("A small file that changed after it was planned is not committed")
    func changed() async throws {
        try await withTemporaryDirectory { folder in
            try AtomicFile.write("one", to: joined(folder, "a"))
            let file = try #require(try localFiles(in: folder).files.first)
            let change = PlannedChange.blob(file, name: gitBlobName(Array("one".utf8)))
            #expect(try change.operation() == .file(path: "a", contents: Array("one".utf8)))
            try AtomicFile.write("two", to: joined(folder, "a"))
            #expect(throws: HubError.fileChanged(path: joined(folder, "a"))) {
                _ = try change.operation()
            }
        }
    }
}
