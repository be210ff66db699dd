import OctavoBase
@testable import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Synchronization
import Testing

/// Everything that can go wrong, at any request, hundreds of times: a command is run again until it ends well, and then
/// nothing is lost, nothing doubled, and every byte is right.
@Suite("Uploads and downloads in a storm")
struct StormTests {
    /// A model with several large files, two of them alike, and small ones.
    private func model(_ seed: UInt64) -> [String: [UInt8]] {
        var generator = SeededGenerator(seed: seed)
        func bytes(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        let twin = bytes(5_000)
        return [
            "model-1.safetensors": bytes(120_000), "model-2.safetensors": bytes(90_000),
            "a.bin": twin, "b/a.bin": twin, "config.json": Array("{\"seed\": \(seed)}".utf8),
            "tokenizer.json": bytes(300), "README.md": Array("# \(seed)\n".utf8), "empty": [],
        ]
    }

    private func client(_ hub: LiveHub, _ transport: any HTTPTransport) throws -> HubClient {
        var limits = TransferLimits()
        limits.commitChanges = 3
        limits.rangeSize = 40_000
        return HubClient(
            HubConfiguration(endpoint: try #require(WebURL(hub.server.endpoint)), token: hub.token),
            transport: transport,
            retry: RetryPolicy(attempts: 3, pause: { _ in }),
            limits: limits
        )
    }

    /// Does something again and again until it succeeds, as a user would.
    private func untilDone<R>(_ work: () async throws -> R) async throws -> R {
        for _ in 0..<60 {
            do { return try await work() } catch is HubError { continue }
        }
        return try await work()
    }

    @Test("500 faults later every tree is what it should be, made by as many commits as it takes")
    func storm() async throws {
        let faults = Mutex<[StormTransport.Fault: Int]>([:])
        // Large files go in parts.
        var settings = HubSettings()
        settings.partSize = 40_000
        try await withHub(settings) { hub in
            let calm = CurlTransport()
            var seed: UInt64 = 0
            while faults.withLock({ $0.values.reduce(0, +) }) < 500 {
                seed += 1
                try #require(seed < 400, "the storm is too weak")
                let storm = StormTransport(calm, seed: seed, rarity: 5)
                try await round(hub, seed, storm, calm)
                faults.withLock { $0.merge(storm.counts, uniquingKeysWith: +) }
            }
        }
        // Each of them happened, often enough to matter.
        for fault in StormTransport.Fault.allCases {
            #expect(faults.withLock { $0[fault] ?? 0 } >= 3, "\(fault)")
        }
    }

    private func round(
        _ hub: LiveHub,
        _ seed: UInt64,
        _ storm: StormTransport,
        _ calm: CurlTransport
    ) async throws {
        let id = RepositoryID.of("ada/storm-\(seed)")
        let files = model(seed)
        let folder = try hub.folder("storm-\(seed)", files)
        let (rough, quiet) = (try client(hub, storm), try client(hub, calm))
        _ = try await untilDone { try await rough.createRepository(id) }
        _ = try await untilDone {
            try await rough.upload(folder: folder, to: id, message: "Model")
        }
        #expect(fileKind(folder + ".push.json") == nil)
        let head = try Revision(try await quiet.information(id).commit)
        let tree = try await quiet.tree(id, at: head).filter { $0.path != .gitAttributes }
        #expect(Set(tree.map { "\($0.path)" }) == Set(files.keys))
        try checkHistory(hub, id, changes: files.count)

        let target = joined(hub.scratch, "copy-\(seed)")
        _ = try await untilDone { try await rough.download(repository: id, into: target) }
        for (path, bytes) in files {
            #expect(try readFile(joined(target, path)) == bytes, "\(path) of seed \(seed)")
        }
        #expect(try filesBelow(target).count == files.count + 1)
        // Another push has nothing to do, and no journal of the first is left.
        let again = try await quiet.upload(folder: folder, to: id, message: "Again")
        #expect(!again.didCommit && again.sentBytes == 0)
        try removeAll(target)
        try removeAll(folder)
    }

    /// No commit was made twice: each has its own files, and there are at most as many as changes.
    private func checkHistory(_ hub: LiveHub, _ id: RepositoryID, changes: Int) throws {
        let folder = joined(hub.root, "repositories/\(id)/commits")
        let commits = try directoryEntries(folder).map {
            try JSON(parsing: try readFile(joined(folder, $0)))
        }
        let trees = Set(commits.map { ($0["files"] ?? .null).text(.compact) })
        #expect(trees.count == commits.count)
        // Three changes a commit, and the hub's own first one.
        #expect((changes + 2) / 3 + 1 <= commits.count && commits.count <= changes + 1)
        // One line of descent.
        #expect(Set(commits.map { $0["parent"]?.string }).count == commits.count)
    }
}
