import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

@Suite("A hash gives no right to the contents")
struct ObjectAccessTests {
    private static let weights = [UInt8](repeating: 7, count: 4096)
    private static let oid = Digest(of: weights)
    private static let object = "{\"oid\":\"\(oid)\",\"size\":\(weights.count)}"

    /// A hub where ada's private repository holds the weights, and eve has one of her own.
    private func withSecret(_ body: (LiveHub, _ eve: AccessToken) async throws -> Void) async throws
    {
        try await withHub { hub in
            let id = RepositoryID.of("ada/secret")
            _ = try await hub.client().createRepository(id, isPrivate: true)
            let folder = try hub.folder("model", ["w.safetensors": Self.weights])
            _ = try await hub.client().upload(folder: folder, to: id, message: "Secret")
            let eve = try hub.token(user: "eve", role: .write)
            _ = try await hub.client(token: eve).createRepository(.of("eve/own"))
            try await body(hub, eve)
        }
    }

    private func batch(_ hub: LiveHub, _ operation: String, _ id: String, _ token: AccessToken)
        async throws -> JSON
    {
        let answer = try await hub.post(
            "/\(id).git/info/lfs/objects/batch",
            "{\"operation\":\"\(operation)\",\"objects\":[\(Self.object)]}",
            token: token
        )
        #expect(answer.status == 200)
        return try #require(answer.json["objects"]?.array?.first)
    }

    private func commit(_ hub: LiveHub, _ token: AccessToken) async throws {
        let client = try hub.client(token: token)
        let id = RepositoryID.of("eve/own")
        _ = try await client.commit(
            [.lfsFile(path: "w.bin", oid: Self.oid, size: Self.weights.count)],
            to: id,
            branch: .main,
            parent: try await client.information(id).commit,
            message: "Take"
        )
    }

    @Test("Another user can neither fetch, nor commit, nor ask for what is private")
    func stranger() async throws {
        try await withSecret { hub, eve in
            let download = try await batch(hub, "download", "eve/own", eve)
            #expect(download["error"]?["code"]?.integer == 404)
            #expect(download["actions"] == nil)
            // As if nobody had it: the bytes are asked for.
            let upload = try await batch(hub, "upload", "eve/own", eve)
            #expect(upload["actions"]?["upload"] != nil)
            let verify = try await hub.post(
                "/eve/own.git/info/lfs/objects/verify",
                Self.object,
                token: eve
            )
            #expect(verify.status == 404)
            await #expect {
                try await commit(hub, eve)
            } throws: { error in
                if case HubError.badRequest = error { true } else { false }
            }
        }
    }

    @Test("Who sends the bytes may commit them")
    func sender() async throws {
        try await withSecret { hub, eve in
            let folder = try hub.folder("own", ["w.safetensors": Self.weights])
            let report = try await hub.client(token: eve).upload(
                folder: folder,
                to: .of("eve/own"),
                message: "Mine too"
            )
            #expect(report.sentBytes == Self.weights.count)
            try await commit(hub, eve)
            #expect(try await batch(hub, "download", "eve/own", eve)["actions"] != nil)
        }
    }

    @Test("What is public anywhere may be committed without sending it")
    func publicContents() async throws {
        try await withSecret { hub, eve in
            let id = RepositoryID.of("ada/open")
            _ = try await hub.client().createRepository(id)
            let folder = try hub.folder("model", ["w.safetensors": Self.weights])
            let report = try await hub.client().upload(folder: folder, to: id, message: "Open")
            // The owner need not send twice what is in the private repository.
            #expect(report.sentBytes == 0)
            #expect(try await batch(hub, "upload", "eve/own", eve)["actions"] == nil)
            // Readable there, but not by way of a repository that does not hold it.
            #expect(try await batch(hub, "download", "eve/own", eve)["error"] != nil)
            try await commit(hub, eve)
            #expect(try await batch(hub, "download", "eve/own", eve)["actions"] != nil)
        }
    }

    @Test("An object may be committed again without its length")
    func withoutSize() async throws {
        try await withSecret { hub, _ in
            let (client, id) = (try hub.client(), RepositoryID.of("ada/secret"))
            _ = try await client.commit(
                [.lfsFile(path: "copy.bin", oid: Self.oid, size: nil)],
                to: id,
                branch: .main,
                parent: try await client.information(id).commit,
                message: "Copy"
            )
            let copy = try await client.tree(id, at: .main).first {
                $0.path.description == "copy.bin"
            }
            #expect(copy?.size == Self.weights.count)
        }
    }

    @Test("A request with more than 1000 items is refused", arguments: [1000, 1001])
    func tooMany(_ count: Int) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(LiveHub.repository)
            let status = count > 1000 ? 400 : 200
            let objects = Array(repeating: Self.object, count: count).joined(separator: ",")
            let batch = "{\"operation\":\"upload\",\"objects\":[\(objects)]}"
            #expect(
                try await hub.post("/ada/tiny.git/info/lfs/objects/batch", batch).status == status
            )
            let files = Array(repeating: "{\"path\":\"a\",\"size\":1}", count: count)
            let preupload = "{\"files\":[\(files.joined(separator: ","))]}"
            #expect(
                try await hub.post("/api/models/ada/tiny/preupload/main", preupload).status
                    == status
            )
        }
    }
}
