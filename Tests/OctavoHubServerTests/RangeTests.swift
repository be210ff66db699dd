import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("Ranges of files that a hub serves")
struct RangeTests {
    private static let id = LiveHub.repository

    /// A hub that holds the tiny model, and the names of a small file and of one stored by LFS.
    private func withModel(_ body: (LiveHub) async throws -> Void) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            let folder = try hub.folder("model", tinyModel)
            _ = try await hub.client().upload(folder: folder, to: Self.id, message: "First")
            try await body(hub)
        }
    }

    @Test(
        "Small and large files are read by ranges",
        arguments: ["README.md", "model.safetensors"]
    )
    func ranges(name: String) async throws {
        try await withModel { hub in
            let whole = try #require(tinyModel[name])
            let file = try await hub.client().file(RepositoryPath(name), in: Self.id)
            #expect(file.size == whole.count)
            var received = 0
            for range in [0..<1, 3..<17, whole.count - 2..<whole.count, 0..<whole.count, 5..<5] {
                #expect(try await file.bytes(range) == Array(whole[range]))
                received += range.count
            }
            #expect(file.receivedBytes == received)
            // What is asked for beyond the end comes short, and is asked for again.
            await #expect(throws: HubError.self) {
                _ = try await file.bytes(whole.count - 1..<whole.count + 1)
            }
        }
    }

    @Test("A range whose body breaks off goes on where it stopped")
    func cutBody() async throws {
        try await withModel { hub in
            let transport = FaultyTransport(.cutBody(after: 1000))
            let path = try RepositoryPath("model.safetensors")
            let file = try await hub.client(transport: transport).file(path, in: Self.id)
            let whole = try #require(tinyModel["model.safetensors"])
            #expect(try await file.bytes(50_000..<60_000) == Array(whole[50_000..<60_000]))
            let ranges = transport.requests.compactMap { request in
                request.headers.first { $0.name == "Range" }?.value
            }
            // Each is asked of the hub, then of where it leads.
            let expected = ["bytes=50000-59999", "bytes=51000-59999"].flatMap { [$0, $0] }
            #expect(ranges == expected)
        }
    }

    @Test("A file is read at the commit that it was found at, whatever its branch holds by now")
    func pins() async throws {
        try await withModel { hub in
            let file = try await hub.client().file(RepositoryPath("config.json"), in: Self.id)
            let folder = try hub.folder("model", ["config.json": Array("{\"other\": 1}".utf8)])
            _ = try await hub.client().upload(folder: folder, to: Self.id, message: "Second")
            let found = try await file.bytes(0..<file.size)
            #expect(found == tinyModel["config.json"])
        }
    }
}
