import Glibc
import OctavoBase
import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

@Suite("The cache that other tools share")
struct CacheTests {
    private static let id = LiveHub.repository
    private static let weights = "model.safetensors"

    /// Runs a test's body with a hub that holds the small model, and a client with a cache of its own.
    private func withCache(
        _ body: (LiveHub, HubClient, _ cache: String, _ commit: String) async throws -> Void
    ) async throws {
        try await withHub { hub in
            let pusher = try hub.client()
            _ = try await pusher.createRepository(Self.id)
            let commit = try await pusher.upload(
                folder: try hub.folder("model", tinyModel),
                to: Self.id,
                message: "First"
            ).commit
            let cache = joined(hub.scratch, "cache")
            try await body(hub, try hub.client(cache: cache), cache, commit)
        }
    }

    private func link(_ path: String) throws -> String {
        var buffer = [CChar](repeating: 0, count: 1000)
        let count = readlink(path, &buffer, buffer.count)
        #expect(count > 0)
        return String(
            decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) },
            as: UTF8.self
        )
    }

    @Test("Contents, links, and what the branch stood for lie where huggingface_hub looks")
    func layout() async throws {
        try await withCache { _, client, cache, commit in
            let report = try await client.downloadToCache(repository: Self.id)
            let folder = joined(cache, "models--ada--tiny")
            #expect(report.directory == joined(folder, "snapshots/\(commit)"))
            #expect(try readFile(joined(folder, "refs/main")) == Array(commit.utf8))
            for (path, bytes) in tinyModel {
                #expect(try readFile(joined(report.directory, path)) == bytes)
            }
            let digest = Digest(of: try #require(tinyModel[Self.weights]))
            #expect(
                try link(joined(report.directory, Self.weights)) == "../../blobs/\(digest)"
            )
            let nested = gitBlobName(try #require(tinyModel["original/params.json"]))
            #expect(
                try link(joined(report.directory, "original/params.json"))
                    == "../../../blobs/\(nested)"
            )
            let tag = try readFile(joined(cache, "CACHEDIR.TAG"))
            #expect(tag.starts(with: "Signature: 8a477f597d28d172789f06886806bc55".utf8))
            // Nothing that was on the way is left.
            let blobs = try directoryEntries(joined(folder, "blobs"))
            #expect(blobs.allSatisfy { !$0.contains(".") })
        }
    }

    @Test("What is there and right is not fetched again; a flipped bit is")
    func again() async throws {
        try await withCache { _, client, cache, commit in
            let first = try await client.downloadToCache(repository: Self.id)
            // .gitattributes is the hub's own.
            #expect(first.fetchedFiles == tinyModel.count + 1)
            let pinned = try Revision(commit)
            let second = try await client.downloadToCache(repository: Self.id, revision: pinned)
            #expect(second.fetchedFiles == 0 && second.receivedBytes == 0)
            let weights = try #require(tinyModel[Self.weights])
            let blob = joined(cache, "models--ada--tiny/blobs/\(Digest(of: weights))")
            var spoilt = weights
            spoilt[1000] ^= 1
            try AtomicFile.write(spoilt, to: blob)
            let third = try await client.downloadToCache(repository: Self.id)
            #expect(third.fetchedFiles == 1 && third.receivedBytes == weights.count)
            #expect(try readFile(joined(third.directory, Self.weights)) == weights)
            // A commit that is named stands for itself.
            #expect(
                try directoryEntries(joined(cache, "models--ada--tiny/refs")) == ["main"]
            )
        }
    }

    @Test("Two files of the same contents are fetched once")
    func sameContents() async throws {
        try await withHub { hub in
            let pusher = try hub.client()
            _ = try await pusher.createRepository(Self.id)
            let bytes = [UInt8](repeating: 9, count: 1000)
            _ = try await pusher.upload(
                folder: try hub.folder("twins", ["a.bin": bytes, "b.bin": bytes]),
                to: Self.id,
                message: "First"
            )
            let client = try hub.client(cache: joined(hub.scratch, "cache"))
            let report = try await client.downloadToCache(
                repository: Self.id,
                isWanted: { "\($0)".hasSuffix(".bin") }
            )
            #expect(report.fetchedFiles == 1 && report.receivedBytes == 1000)
            for name in ["a.bin", "b.bin"] {
                #expect(try readFile(joined(report.directory, name)) == bytes)
            }
        }
    }

    @Test(
        "A link in the cache leads nowhere else",
        arguments: ["", "/blobs", "/snapshots", "/refs", "/refs/main", "/snapshots/COMMIT"]
    )
    func links(_ place: String) async throws {
        try await withCache { hub, client, cache, commit in
            let outside = joined(hub.scratch, "outside")
            try makeDirectory(outside)
            let trap = joined(
                cache,
                "models--ada--tiny" + place.replacing("COMMIT", with: commit)
            )
            try makeDirectory(parent(of: trap))
            #expect(symlink(outside, trap) == 0)
            await #expect {
                _ = try await client.downloadToCache(repository: Self.id)
            } throws: { error in
                if case HubError.unsafePath = error { true } else { false }
            }
            #expect(try filesBelow(outside) == [])
        }
    }

    @Test("Contents behind a link count if they are in the cache, and never if they are outside")
    func sharedContents() async throws {
        try await withCache { hub, client, cache, _ in
            let weights = try #require(tinyModel[Self.weights])
            let blobs = joined(cache, "models--ada--tiny/blobs")
            let shared = joined(cache, "blobs/ab")
            try makeDirectory(blobs)
            try makeDirectory(shared)
            try AtomicFile.write(weights, to: joined(shared, "x"))
            let blob = joined(blobs, "\(Digest(of: weights))")
            #expect(symlink("../../blobs/ab/x", blob) == 0)
            let report = try await client.downloadToCache(repository: Self.id)
            #expect(report.fetchedFiles == tinyModel.count)
            #expect(try readFile(joined(report.directory, Self.weights)) == weights)
            let outside = joined(hub.scratch, "x")
            try AtomicFile.write(weights, to: outside)
            #expect(unlink(blob) == 0 && symlink(outside, blob) == 0)
            await #expect {
                _ = try await client.downloadToCache(repository: Self.id)
            } throws: { error in
                if case HubError.unsafePath = error { true } else { false }
            }
        }
    }

    @Test("What another tool is fetching, by its lock, is not fetched beside it")
    func locked() async throws {
        try await withCache { _, client, cache, _ in
            let weights = try #require(tinyModel[Self.weights])
            let locks = joined(cache, ".locks/models--ada--tiny")
            try makeDirectory(locks)
            let lock = try DirectoryLock(locks, file: "\(Digest(of: weights)).lock")
            await #expect(throws: HubError.alreadyDownloading(path: Self.weights)) {
                _ = try await client.downloadToCache(repository: Self.id)
            }
            lock.release()
            _ = try await client.downloadToCache(repository: Self.id)
        }
    }
}
