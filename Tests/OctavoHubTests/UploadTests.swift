import Glibc
import OctavoBase
@testable import OctavoHub
import OctavoTestSupport
import Testing

@Suite("What an upload sends, whatever the hub asks for")
struct UploadTests {
    private static let head = "0123456789abcdef0123456789abcdef01234567"
    private static let next = "89abcdef0123456789abcdef0123456789abcdef"
    private static let contents = Array("hello".utf8)
    private static let information = ScriptedTransport.Step.json(
        "{\"id\":\"ada/tiny\",\"sha\":\"\(head)\"}"
    )
    private static let preupload = ScriptedTransport.Step.json(
        "{\"files\":[{\"path\":\"w.bin\",\"uploadMode\":\"lfs\"}]}"
    )
    private static let committed = ScriptedTransport.Step.json("{\"commitOid\":\"\(next)\"}")
    private static let done = ScriptedTransport.Step.json("")

    /// The answer to a batch request for the one object.
    private static func batch(_ upload: String, verify: Bool = false) -> ScriptedTransport.Step {
        let verify = verify ? ",\"verify\":{\"href\":\"https://hub.example/verify\"}" : ""
        let oid = Digest(of: contents)
        return .json(
            "{\"objects\":[{\"oid\":\"\(oid)\",\"size\":5,\"actions\":{\"upload\":\(upload)\(verify)}}]}"
        )
    }

    /// Uploads a folder with one file of five bytes.
    private func upload(_ transport: ScriptedTransport) async throws -> UploadReport {
        try await withTemporaryDirectory { folder in
            try AtomicFile.write(Self.contents, to: joined(folder, "w.bin"))
            return try await client(transport).upload(
                folder: folder,
                to: try RepositoryID("ada/tiny"),
                message: "First"
            )
        }
    }

    private func start(_ steps: [ScriptedTransport.Step]) -> ScriptedTransport {
        ScriptedTransport([Self.information, Self.preupload] + steps)
    }

    @Test("Several parts go where the hub says, without the token, even to the hub itself")
    func multipart() async throws {
        let upload = """
            {"href":"https://hub.example/complete?signature=s","header":{"chunk_size":"2",\
            "2":"https://store.example/2","1":"/part?n=1","3":"https://store.example/3"}}
            """
        func tag(_ text: String) -> ScriptedTransport.Step {
            .json("", headers: ["etag": "\"\(text)\""])
        }
        let transport = start([
            Self.batch(upload, verify: true), tag("a"), tag("b"), tag("c"), Self.done, Self.done,
            Self.committed,
        ])
        #expect(try await self.upload(transport).sentBytes == 5)
        let requests = transport.requests.dropFirst(3)
        #expect(
            requests.prefix(4).map(\.url.description) == [
                "https://hub.example/part?n=1", "https://store.example/2",
                "https://store.example/3", "https://hub.example/complete?signature=s",
            ]
        )
        let ranges = requests.prefix(3).map { request in
            if case .file(_, let range) = request.body { range } else { 0..<0 }
        }
        #expect(ranges == [0..<2, 2..<4, 4..<5])
        #expect(requests.prefix(4).allSatisfy { $0.header("authorization") == nil })
        guard case .bytes(let completion) = requests[6].body else {
            Issue.record("no completion")
            return
        }
        let oid = Digest(of: Self.contents)
        #expect(
            String(decoding: completion, as: UTF8.self)
                == "{\"oid\":\"\(oid)\",\"parts\":[{\"partNumber\":1,\"etag\":\"\\\"a\\\"\"},"
                + "{\"partNumber\":2,\"etag\":\"\\\"b\\\"\"},{\"partNumber\":3,\"etag\":\"\\\"c\\\"\"}]}"
        )
        // The hub's own endpoint wants to know who asks.
        #expect(requests[7].header("authorization") == "Bearer hf_secret")
    }

    @Test(
        "Parts that do not add up, or would go out in the clear, are refused before a byte is sent",
        arguments: [
            "{\"chunk_size\":\"2\",\"1\":\"/1\",\"2\":\"/2\"}",
            "{\"chunk_size\":\"0\",\"1\":\"/1\"}", "{\"chunk_size\":\"x\",\"1\":\"/1\"}",
            "{\"chunk_size\":\"5\",\"1\":\"http://store.example/1\"}",
            "{\"chunk_size\":\"5\",\"1\":\"file:///etc/passwd\"}",
        ]
    )
    func badParts(_ header: String) async throws {
        let transport = start([Self.batch("{\"href\":\"/complete\",\"header\":\(header)}")])
        await #expect(throws: HubError.self) { _ = try await upload(transport) }
        #expect(transport.requests.count == 3)
    }

    @Test(
        "A hub cannot write other headers, or other requests, by way of an upload's",
        arguments: [
            "{\"X-A\":\"a\\r\\nX-Evil: 1\"}", "{\"X-A\\r\\nX-Evil\":\"1\"}", "{\"X A\":\"1\"}",
            "{\"\":\"1\"}", "{\"X-A:\":\"1\"}", "{\"X-\u{E9}\":\"1\"}", "{\"X-A\":\"\u{E9}\"}",
            "{\"X-A\":\"a\\u0000\"}", "{\"Host\":\"evil.example\"}", "{\"content-length\":\"1\"}",
            "{\" Content-Length\":\"1\"}", "{\"Transfer-Encoding\":\"chunked\"}",
            "{\"CONNECTION\":\"close\"}", "{\"Expect\":\"100-continue\"}", "{\"X-A\":[]}",
        ]
    )
    func injection(_ header: String) async throws {
        let transport = start([Self.batch("{\"href\":\"/put\",\"header\":\(header)}")])
        await #expect {
            _ = try await upload(transport)
        } throws: { error in
            if case HubError.malformedReply = error { true } else { false }
        }
        #expect(transport.requests.count == 3)
    }

    @Test("Other headers go along; a foreign authorization does not")
    func headers() async throws {
        let transport = start([
            Self.batch(
                "{\"href\":\"/put\",\"header\":{\"x-amz-acl\":\"a\\tb\",\"AUTHORIZATION\":\"Basic x\"}}"
            ),
            Self.done, Self.committed,
        ])
        _ = try await upload(transport)
        #expect(transport.requests[3].header("x-amz-acl") == "a\tb")
        #expect(transport.requests[3].header("authorization") == nil)
    }

    @Test("A presigned URL that ran out is replaced by a new one")
    func expired() async throws {
        let transport = start([
            Self.batch("{\"href\":\"https://store.example/old?secret\"}"),
            .json("", status: 403), Self.batch("{\"href\":\"https://store.example/new\"}"),
            Self.done, Self.committed,
        ])
        _ = try await upload(transport)
        #expect(
            transport.requests.filter { $0.method == "PUT" }.map(\.url.target) == [
                "/old?secret", "/new",
            ]
        )
    }

    @Test("What did not arrive is sent once more, and not for ever", arguments: [404, 422])
    func lost(_ status: Int) async throws {
        let batch = Self.batch("{\"href\":\"/put\"}", verify: true)
        let refused = ScriptedTransport.Step.json("", status: status)
        let recovering = start([
            batch, Self.done, refused, batch, Self.done, Self.done, Self.committed,
        ])
        #expect(try await upload(recovering).sentBytes == 5)
        let failing = start([batch, Self.done, refused, batch, Self.done, refused])
        await #expect {
            _ = try await upload(failing)
        } throws: { error in
            if case HubError.objectRefused(_, status, _) = error { true } else { false }
        }
        #expect(failing.remaining == 0)
    }

    @Test("If others push while nothing is to be done, it is their head that is told")
    func headMovesMeanwhile() async throws {
        let same = ScriptedTransport.Step.json(
            "{\"files\":[{\"path\":\"w.bin\",\"uploadMode\":\"lfs\",\"oid\":\"\(Digest(of: Self.contents))\"}]}"
        )
        let moved = ScriptedTransport.Step.json("{\"id\":\"ada/tiny\",\"sha\":\"\(Self.next)\"}")
        let transport = ScriptedTransport([Self.information, same, moved, same, moved])
        let report = try await upload(transport)
        #expect(report.commit == Self.next && !report.didCommit && report.sentBytes == 0)
        #expect(transport.remaining == 0)
    }

    /// Uploads files of zeros that a hub wants within the commit.
    private func uploadInline(_ count: Int, of size: Int, _ transport: ScriptedTransport)
        async throws -> UploadReport
    {
        try await withTemporaryDirectory { folder in
            for index in 0..<count {
                let file = joined(folder, "\(index).bin")
                try AtomicFile.write("", to: file)
                #expect(truncate(file, off_t(size)) == 0)
            }
            return try await client(transport).upload(
                folder: folder,
                to: try RepositoryID("ada/tiny"),
                message: "First"
            )
        }
    }

    private static func wantedInline(_ count: Int) -> ScriptedTransport.Step {
        let items = (0..<count).map { "{\"path\":\"\($0).bin\",\"uploadMode\":\"regular\"}" }
        return .json("{\"files\":[\(items.joined(separator: ","))]}")
    }

    @Test("A hub cannot make the client hold a large file in memory")
    func largeInline() async throws {
        let transport = ScriptedTransport([Self.information, Self.wantedInline(1)])
        await #expect {
            _ = try await uploadInline(1, of: (10 << 20) + 1, transport)
        } throws: { error in
            if case HubError.malformedReply = error { true } else { false }
        }
        #expect(transport.requests.count == 2)
    }

    @Test("Small files that are too much for one commit go in several, one on top of the other")
    func manyInline() async throws {
        let heads = (1...3).map { String(repeating: "\($0)", count: 40) }
        let transport = ScriptedTransport(
            [Self.information, Self.wantedInline(11)]
                + heads.map { .json("{\"commitOid\":\"\($0)\"}") }
        )
        let report = try await uploadInline(11, of: 10 << 20, transport)
        #expect(report.commits == 3 && report.commit == heads[2])
        let requests = try transport.requests.dropFirst(2).map { request in
            guard case .bytes(let bytes) = request.body else { throw CancellationError() }
            return try CommitRequest(ndjson: bytes)
        }
        // Five files of 10 MiB are 50 MiB.
        #expect(requests.map(\.operations.count) == [5, 5, 1])
        #expect(requests.map(\.header.parentCommit) == [Self.head, heads[0], heads[1]])
        #expect(
            requests.map(\.header.summary) == [
                "First (part 1)", "First (part 2)", "First (part 3)",
            ]
        )
    }

    @Test(
        "What the hub lists after a commit is compared with what was sent, digest and length",
        arguments: [
            ("", true), ("oid", false), ("size", false), ("none", false), ("blob", false),
        ]
    )
    func checks(_ lie: String, isRight: Bool) async throws {
        let digest = Digest(of: Self.contents).hex
        let oid = lie.contains("oid") ? String(repeating: "0", count: 64) : digest
        let size = lie.contains("size") ? 6 : 5
        let entry = """
            {"type":"file","path":"w.bin","size":\(size),"oid":"\(Self.next)",\
            "lfs":{"oid":"\(oid)","size":\(size)}}
            """
        let blob = "{\"type\":\"file\",\"path\":\"w.bin\",\"size\":5,\"oid\":\"\(Self.next)\"}"
        let transport = start([
            Self.batch("{\"href\":\"/put\"}"), Self.done, Self.committed,
            .json("", status: 404, headers: ["x-error-code": "RevisionNotFound"]),
            .json("[\(lie == "none" ? "" : lie == "blob" ? blob : entry)]"),
        ])
        let report = try await upload(transport)
        let hub = try client(transport)
        let id = try RepositoryID("ada/tiny")
        if isRight {
            #expect(try await hub.check(report, of: id) == 1)
        } else {
            let error = HubError.notAsCommitted(commit: Self.next, paths: ["w.bin"], count: 1)
            await #expect(throws: error) { try await hub.check(report, of: id) }
        }
        let path = "/api/models/ada/tiny/tree/\(Self.next)"
        #expect(transport.requests.last?.url.target.hasPrefix(path) == true)
    }

    @Test(
        "Rules that the hub adds to its own, and files it leaves out, are no fault",
        arguments: [true, false]
    )
    func rules(isThere: Bool) async throws {
        try await withTemporaryDirectory { folder in
            try AtomicFile.write("*.x filter=lfs\n", to: joined(folder, ".gitattributes"))
            try AtomicFile.write(Self.contents, to: joined(folder, "left.out"))
            let rules =
                "{\"type\":\"file\",\"path\":\".gitattributes\",\"size\":99,\"oid\":\"\(Self.next)\"}"
            let transport = ScriptedTransport([
                Self.information,
                .json(
                    "{\"files\":[{\"path\":\".gitattributes\",\"uploadMode\":\"regular\"},"
                        + "{\"path\":\"left.out\",\"uploadMode\":\"lfs\",\"shouldIgnore\":true}]}"
                ), Self.committed, .json(isThere ? "[\(rules)]" : "[]"),
            ])
            let (hub, id) = (try client(transport), try RepositoryID("ada/tiny"))
            let report = try await hub.upload(folder: folder, to: id, message: "First")
            #expect(report.files.map(\.change) == [.created, .ignored])
            if isThere {
                #expect(try await hub.check(report, of: id) == 0)
            } else {
                let error = HubError.notAsCommitted(
                    commit: Self.next,
                    paths: [".gitattributes"],
                    count: 1
                )
                await #expect(throws: error) { try await hub.check(report, of: id) }
            }
        }
    }

    @Test(
        "A file that was to go and is still there is told; paths that are not safe are passed over"
    )
    func stays() async throws {
        try await withTemporaryDirectory { folder in
            try AtomicFile.write(Self.contents, to: joined(folder, "w.bin"))
            func file(_ path: String, _ oid: String, _ size: Int) -> String {
                "{\"type\":\"file\",\"path\":\"\(path)\",\"oid\":\"\(oid)\",\"size\":\(size)}"
            }
            // As `git hash-object` names the five bytes.
            let kept = file("w.bin", "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0", 5)
            let tree =
                "[\(kept),\(file(".cache/x", Self.next, 1)),\(file("old.bin", Self.next, 1))]"
            let transport = ScriptedTransport([
                Self.information,
                .json(
                    "{\"files\":[{\"path\":\"w.bin\",\"uploadMode\":\"regular\","
                        + "\"oid\":\"b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0\"}]}"
                ), .json(tree), Self.committed, .json(tree),
            ])
            let (hub, id) = (try client(transport), try RepositoryID("ada/tiny"))
            let report = try await hub.upload(
                folder: folder,
                to: id,
                message: "First",
                deleting: ["*"]
            )
            #expect(report.count(.deleted) == 1 && report.count(.unchanged) == 1)
            let error = HubError.notAsCommitted(commit: Self.next, paths: ["old.bin"], count: 1)
            await #expect(throws: error) { try await hub.check(report, of: id) }
        }
    }

    @Test("The rules that are about to be committed go with the question how to store")
    func attributes() async throws {
        try await withTemporaryDirectory { folder in
            try AtomicFile.write("*.x filter=lfs\n", to: joined(folder, ".gitattributes"))
            let transport = ScriptedTransport([Self.information])
            await #expect(throws: HubError.self) {
                _ = try await client(transport).upload(
                    folder: folder,
                    to: try RepositoryID("ada/tiny"),
                    message: "First"
                )
            }
            guard case .bytes(let bytes)? = transport.requests.last?.body else {
                Issue.record("no preupload")
                return
            }
            #expect(
                try JSON(parsing: bytes)["gitAttributes"]?.string == "*.x filter=lfs\n"
            )
        }
    }
}
