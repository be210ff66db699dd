import Glibc
import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("When things go wrong between client and hub")
struct FaultTests {
    private static let id = LiveHub.repository

    /// A hub that holds the tiny model.
    private func withModel(_ body: (LiveHub, UploadReport) async throws -> Void) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            try await body(
                hub,
                try await hub.client().upload(folder: folder, to: Self.id, message: "First")
            )
        }
    }

    @Test("A wrong byte is refused and never gets the file's name")
    func wrongByte() async throws {
        try await withModel { hub, _ in
            var weights = try #require(tinyModel["model.safetensors"])
            let file = hub.objectFile(weights)
            weights[150_000] ^= 1
            try AtomicFile.write(weights, to: file)
            let target = joined(hub.scratch, "copy")
            await #expect {
                _ = try await hub.client().download(repository: Self.id, into: target)
            } throws: { error in
                guard case HubError.wrongDigest(let path, let expected, let found) = error else {
                    return false
                }
                return path == "model.safetensors" && file.hasSuffix(expected)
                    && found == Digest(of: weights).hex
            }
            #expect(fileKind(joined(target, "model.safetensors")) == nil)
        }
    }

    @Test("A body that breaks off goes on where it stopped")
    func cutBody() async throws {
        try await withModel { hub, _ in
            let transport = FaultyTransport(.cutBody(after: 100_000))
            let target = joined(hub.scratch, "copy")
            let report = try await hub.client(transport: transport).download(
                repository: Self.id,
                into: target,
                isWanted: { $0.description == "model.safetensors" }
            )
            #expect(report.receivedBytes == 300_000)
            #expect(
                try readFile(joined(target, "model.safetensors")) == tinyModel["model.safetensors"]
            )
            let ranges = transport.requests.compactMap { request in
                request.headers.first { $0.name == "Range" }?.value
            }
            // Asked of the hub, then of where it led.
            #expect(ranges == ["bytes=100000-", "bytes=100000-"])
        }
    }

    @Test(
        "A partial file of an earlier run is hashed again and continued; a wrong one is found out"
    )
    func partialFile() async throws {
        try await withModel { hub, _ in
            let weights = try #require(tinyModel["model.safetensors"])
            let name = Digest(of: "model.safetensors").hex.prefix(16)
            for (start, isRight) in [
                (Array(weights.prefix(1000)), true), ([UInt8](repeating: 1, count: 1000), false),
            ] {
                let target = joined(hub.scratch, isRight ? "right" : "wrong")
                try makeDirectory(joined(target, ".cache/octavo"))
                let partial = joined(
                    target,
                    ".cache/octavo/\(name).\(Digest(of: weights)).incomplete"
                )
                try AtomicFile.write(start, to: partial)
                let client = try hub.client()
                if isRight {
                    let report = try await client.download(
                        repository: Self.id,
                        into: target,
                        isWanted: { $0.description == "model.safetensors" }
                    )
                    #expect(report.receivedBytes == 299_000)
                } else {
                    await #expect(throws: HubError.self) {
                        _ = try await client.download(repository: Self.id, into: target)
                    }
                    // Thrown away, so that the next run starts afresh.
                    #expect(fileKind(partial) == nil)
                    _ = try await client.download(repository: Self.id, into: target)
                }
                #expect(try readFile(joined(target, "model.safetensors")) == weights)
            }
        }
    }

    @Test("A commit whose answer is lost is made once")
    func lostAnswer() async throws {
        try await withModel { hub, first in
            let folder = try hub.folder("model", ["new.txt": Array("new".utf8)])
            let transport = FaultyTransport(.lostAnswer(to: "/commit/"))
            let report = try await hub.client(transport: transport).upload(
                folder: folder,
                to: Self.id,
                message: "Second"
            )
            #expect(report.commit != first.commit)
            #expect(try await hub.client().information(Self.id).commit == report.commit)
            #expect(transport.requests.filter { $0.url.target.contains("/commit/") }.count == 1)
        }
    }

    @Test("Of many commits on one parent exactly one wins; the others hear of its head")
    func race() async throws {
        try await withModel { hub, first in
            let client = try hub.client()
            let results = await withTaskGroup(of: Result<CommitResult, any Error>.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        do {
                            return .success(
                                try await client.commit(
                                    [.file(path: "\(number).txt", contents: [1])],
                                    to: Self.id,
                                    branch: .main,
                                    parent: first.commit,
                                    message: "Number \(number)"
                                )
                            )
                        } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            let winners = results.compactMap { try? $0.get() }
            #expect(winners.count == 1)
            let head = try #require(winners.first?.commit)
            #expect(try await client.information(Self.id).commit == head)
            for result in results {
                guard case .failure(let error) = result else { continue }
                #expect(error as? HubError == .headMoved(expected: first.commit, found: head))
            }
        }
    }

    @Test("A hub that is not there is named")
    func deadHub() async throws {
        let endpoint = try await withHub { $0.server.endpoint }
        let client = HubClient(
            HubConfiguration(endpoint: try #require(WebURL(endpoint))),
            retry: RetryPolicy(attempts: 2, pause: { _ in })
        )
        await #expect(
            throws: HubError.unreachable(host: endpoint, reason: "couldn't connect to server")
        ) {
            _ = try await client.information(Self.id)
        }
    }

    @Test("The token never goes to the listener for contents, nor into a request line")
    func tokenStays() async throws {
        try await withHub { hub in
            let transport = FaultyTransport()
            let client = try hub.client(transport: transport)
            _ = try await client.createRepository(Self.id)
            _ = try await client.upload(
                folder: try hub.folder("model", tinyModel),
                to: Self.id,
                message: "First"
            )
            _ = try await client.download(repository: Self.id, into: joined(hub.scratch, "copy"))
            let toContents = transport.requests.filter {
                $0.url.description.hasPrefix(hub.server.contentEndpoint)
            }
            // One object went there and came back.
            #expect(toContents.map(\.method) == ["PUT", "GET"])
            for request in toContents {
                #expect(!request.headers.contains { $0.name.lowercased() == "authorization" })
            }
        }
    }

    @Test(
        "A link in the target directory does not lead the download out of it",
        arguments: ["original", "config.json", ".cache", ".cache/octavo"]
    )
    func links(_ place: String) async throws {
        try await withModel { hub, _ in
            let target = joined(hub.scratch, "copy")
            let outside = joined(hub.scratch, "outside")
            try makeDirectory(parent(of: joined(target, place)))
            try makeDirectory(outside)
            #expect(symlink(outside, joined(target, place)) == 0)
            await #expect {
                _ = try await hub.client().download(repository: Self.id, into: target)
            } throws: { error in
                guard case HubError.unsafePath(let path, _) = error else { return false }
                return path.hasPrefix(place)
            }
            #expect(try filesBelow(outside) == [])
        }
    }
}
