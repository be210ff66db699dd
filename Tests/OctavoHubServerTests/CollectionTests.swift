import OctavoBase
import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

@Suite("What nothing leads to is collected")
struct CollectionTests {
    private static let id = LiveHub.repository

    /// A hub with a history: weights that were replaced, a tag on the old ones or none, an upload without
    /// a commit, one in parts; the server is stopped, and all files are old.
    private func withHistory(
        tag: Bool,
        _ body: (_ root: String, _ hub: LiveHub, _ old: [UInt8], _ new: [UInt8]) async throws ->
            Void
    ) async throws {
        var settings = HubSettings()
        settings.partSize = 1 << 20
        try await withHub(settings) { hub in
            let client = try hub.client()
            _ = try await client.createRepository(Self.id)
            let (old, new) = (
                [UInt8](repeating: 1, count: 5000), [UInt8](repeating: 2, count: 6000)
            )
            let first = try hub.folder("old", ["w.bin": old, "a.txt": Array("old text".utf8)])
            _ = try await client.upload(folder: first, to: Self.id, message: "Old")
            if tag { try await client.createTag(try Revision("v1"), of: Self.id) }
            let second = try hub.folder("new", ["w.bin": new, "a.txt": Array("new text".utf8)])
            _ = try await client.upload(folder: second, to: Self.id, message: "New")
            let squash = try await hub.post("/api/models/ada/tiny/super-squash/main", "{}")
            #expect(squash.status == 200)
            await hub.server.stop()
            for file in try filesBelow(hub.root) {
                try makeOld(joined(hub.root, file), by: 48 * 3600)
            }
            try await body(hub.root, hub, old, new)
        }
    }

    private func files(_ root: String) throws -> [String] {
        try filesBelow(root).filter {
            $0.hasPrefix("objects/") || $0.hasPrefix("blobs/") || $0.contains("/commits/")
        }
    }

    /// Starts the hub again and compares what main holds.
    private func check(_ hub: LiveHub, revision: Revision = .main, holds weights: [UInt8])
        async throws
    {
        let server = try await HubServer.start(root: hub.root)
        let client = HubClient(
            HubConfiguration(endpoint: try #require(WebURL(server.endpoint)), token: hub.token)
        )
        let target = joined(hub.scratch, "copy-\(UInt32.random(in: 0 ... .max))")
        _ = try await client.download(repository: Self.id, revision: revision, into: target)
        #expect(try readFile(joined(target, "w.bin")) == weights)
        await server.stop()
    }

    @Test("Squashed history goes, with its contents; what a branch leads to stays")
    func collects() async throws {
        try await withHistory(tag: false) { root, hub, old, new in
            let before = try files(root)
            let dry = try HubCollection.collect(root: root, isDryRun: true)
            #expect(try files(root) == before)
            let report = try HubCollection.collect(root: root)
            #expect(report == dry)
            // The first commit, the old one and the new one before the squash.
            #expect(report.commits.files == 3)
            #expect(report.objects.files == 1 && report.objects.bytes == old.count)
            #expect(report.blobs.files == 1 && report.blobs.bytes == "old text".utf8.count)
            #expect(fileKind(hub.objectFile(old)) == nil)
            // One commit, one object, the attributes and one text.
            #expect(try files(root).count == 4)
            try await check(hub, holds: new)
            #expect(try HubCollection.collect(root: root).bytes == 0)
        }
    }

    @Test("What a tag leads to stays")
    func tagged() async throws {
        try await withHistory(tag: true) { root, hub, old, new in
            let report = try HubCollection.collect(root: root)
            // Only the commit that was squashed.
            #expect(report.commits.files == 1)
            #expect(report.objects.files == 0 && report.blobs.files == 0)
            try await check(hub, holds: new)
            try await check(hub, revision: try Revision("v1"), holds: old)
        }
    }

    @Test("What is young stays")
    func grace() async throws {
        try await withHistory(tag: false) { root, hub, old, _ in
            let before = try files(root)
            let report = try HubCollection.collect(root: root, olderThan: 72 * 3600)
            #expect(report.bytes == 0)
            #expect(try files(root) == before)
            #expect(fileKind(hub.objectFile(old)) == .file)
        }
    }

    @Test("An upload that was never committed goes, and with it the right to it")
    func neverCommitted() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let oid = Digest(of: "stray")
            let object = "{\"oid\":\"\(oid)\",\"size\":5}"
            let batch = "{\"operation\":\"upload\",\"objects\":[\(object)]}"
            let path = "/ada/tiny.git/info/lfs/objects"
            let answer = try await hub.post("\(path)/batch", batch).json["objects"]?.array?.first
            let url = try #require(answer?["actions"]?["upload"]?["href"]?.string)
            #expect(try await hub.send("PUT", url, [:], "stray", token: .some(nil)).status == 200)
            #expect(try await hub.post("\(path)/verify", object).status == 200)
            await hub.server.stop()
            let report = try HubCollection.collect(root: hub.root)
            #expect(report.objects.files == 0)
            for file in try filesBelow(hub.root) {
                try makeOld(joined(hub.root, file), by: 48 * 3600)
            }
            #expect(try HubCollection.collect(root: hub.root).objects.files == 1)
            #expect(try filesBelow(joined(hub.root, "received")) == [])
        }
    }

    @Test("Parts of an upload that nobody completed go when they are old")
    func parts() async throws {
        try await withHub { hub in
            await hub.server.stop()
            for (upload, age) in [("old", 48), ("young", 12)] {
                let folder = joined(hub.root, "parts/ada/\(upload)")
                try makeDirectory(folder)
                try AtomicFile.write("12345", to: joined(folder, "1.part"))
                try makeOld(folder, by: age * 3600)
            }
            let report = try HubCollection.collect(root: hub.root)
            #expect(report.uploads.files == 1 && report.uploads.bytes == 5)
            #expect(try filesBelow(joined(hub.root, "parts")) == ["ada/young/1.part"])
        }
    }

    @Test("An old right to an object is young again once its bytes are sent again")
    func sentAgain() async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let object = "{\"oid\":\"\(Digest(of: "again"))\",\"size\":5}"
            let batch = "{\"operation\":\"upload\",\"objects\":[\(object)]}"
            let path = "/ada/tiny.git/info/lfs/objects"
            let answer = try await hub.post("\(path)/batch", batch).json["objects"]?.array?.first
            let url = try #require(answer?["actions"]?["upload"]?["href"]?.string)
            #expect(try await hub.send("PUT", url, [:], "again", token: .some(nil)).status == 200)
            for file in try filesBelow(hub.root) {
                try makeOld(joined(hub.root, file), by: 48 * 3600)
            }
            // Nothing to send: but the commit comes soon.
            let here = try await hub.post("\(path)/batch", batch).json["objects"]?.array?.first
            #expect(here?["actions"] == nil)
            await hub.server.stop()
            #expect(try HubCollection.collect(root: hub.root).objects.files == 0)
            #expect(try filesBelow(joined(hub.root, "received")).count == 1)
        }
    }

    @Test(
        "A repository that cannot be read ends the collection before anything is removed",
        arguments: ["repository.json", "commits"]
    )
    func spoilt(_ what: String) async throws {
        try await withHistory(tag: false) { root, hub, _, _ in
            let folder = joined(root, "repositories/ada/tiny")
            if what == "commits" {
                let json = try JSON(parsing: try readFile(joined(folder, "repository.json")))
                let head = try #require(json["branches"]?["main"]?.string)
                try AtomicFile.write("{", to: joined(folder, "commits/\(head).json"))
            } else {
                try AtomicFile.write("{", to: joined(folder, "repository.json"))
            }
            let before = try files(root)
            #expect(throws: (any Error).self) { try HubCollection.collect(root: root) }
            #expect(try files(root) == before)
        }
    }

    @Test("A repository that was half made goes; one that lost its own file ends the collection")
    func halfMade() async throws {
        try await withHistory(tag: false) { root, hub, _, new in
            let half = joined(root, "repositories/ada/half/commits")
            try makeDirectory(half)
            try AtomicFile.write(
                "{}",
                to: joined(half, String(repeating: "ab", count: 20) + ".json")
            )
            #expect(try HubCollection.collect(root: root, isDryRun: true).objects.files == 1)
            #expect(fileKind(half) == .directory)
            #expect(try HubCollection.collect(root: root).objects.files == 1)
            #expect(fileKind(parent(of: half)) == nil)
            try await check(hub, holds: new)
            try makeDirectory(half)
            for number in 0..<2 { try AtomicFile.write("{}", to: joined(half, "\(number).json")) }
            #expect(throws: (any Error).self) { try HubCollection.collect(root: root) }
            #expect(fileKind(joined(half, "1.json")) == .file)
        }
    }

    @Test("A running server keeps the collection out")
    func running() async throws {
        try await withHub { hub -> Void in
            #expect(throws: HubServer.StartError.inUse(root: hub.root)) {
                try HubCollection.collect(root: hub.root)
            }
        }
    }
}
