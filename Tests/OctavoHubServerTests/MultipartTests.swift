import Glibc
import OctavoBase
import OctavoHub
import OctavoHubServer
import OctavoTestSupport
import Testing

@Suite("Large files in parts")
struct MultipartTests {
    private static let partSize = 1000
    /// Three parts, the last of 500 bytes.
    private static let contents = String(
        decoding: (0..<2500).map { UInt8(0x41 + $0 * $0 % 26) },
        as: UTF8.self
    )
    private static let oid = Digest(of: contents)
    private static let pieces = [0..<1000, 1000..<2000, 2000..<2500].map {
        String(decoding: Array(contents.utf8)[$0], as: UTF8.self)
    }

    private static var settings: HubSettings {
        var settings = HubSettings()
        settings.partSize = partSize
        return settings
    }

    /// What a batch request is answered for the contents.
    private func action(_ hub: LiveHub, transfers: String = "[\"basic\",\"multipart\"]")
        async throws -> JSON
    {
        _ = try? await hub.client().createRepository(LiveHub.repository)
        let answer = try await hub.post(
            "/ada/tiny.git/info/lfs/objects/batch",
            "{\"operation\":\"upload\",\"transfers\":\(transfers),\"objects\":"
                + "[{\"oid\":\"\(Self.oid)\",\"size\":\(Self.contents.utf8.count)}]}"
        )
        #expect(answer.status == 200)
        return try #require(answer.json["objects"]?.array?.first?["actions"]?["upload"])
    }

    private func partURLs(_ action: JSON) throws -> [String] {
        let header = try #require(action["header"]?.object)
        #expect(header["chunk_size"] == "1000")
        return try ["00001", "00002", "00003"].map { try #require(header[$0]?.string) }
    }

    /// Sends the parts in an order, all at once, and returns their ETags in theirs.
    private func send(_ hub: LiveHub, _ urls: [String], _ order: [Int] = [2, 0, 1]) async throws
        -> [String]
    {
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for index in order {
                group.addTask {
                    let answer = try await hub.send(
                        "PUT",
                        urls[index],
                        [:],
                        Self.pieces[index],
                        token: .some(nil)
                    )
                    #expect(answer.status == 200)
                    return (index, try #require(answer.headers["etag"]))
                }
            }
            var tags: [Int: String] = [:]
            for try await (index, tag) in group { tags[index] = tag }
            return tags.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private func completion(_ tags: [String], numbers: [Int]? = nil, oid: Digest = oid) -> String {
        let numbers = numbers ?? Array(1...max(1, tags.count))
        let parts = zip(numbers, tags).map { number, tag in
            JSON.object(["partNumber": .integer(number), "etag": .string(tag)])
        }
        return JSON.object(["oid": .string(oid.hex), "parts": .array(parts)]).text(.compact)
    }

    private func complete(_ hub: LiveHub, _ action: JSON, _ body: String) async throws -> Int {
        let url = try #require(action["href"]?.string)
        return try await hub.send("POST", url, [:], body, token: .some(nil)).status
    }

    private func stored(_ hub: LiveHub) -> [UInt8]? {
        try? readFile(hub.objectFile(Array(Self.contents.utf8)))
    }

    @Test("Parts may come in any order and at once; the completion may be asked for again")
    func parts() async throws {
        try await withHub(Self.settings) { hub in
            let action = try await action(hub)
            let tags = try await send(hub, try partURLs(action))
            #expect(tags == Self.pieces.map { "\"\(Digest(of: $0))\"" })
            #expect(stored(hub) == nil)
            #expect(try await complete(hub, action, completion(tags)) == 200)
            #expect(stored(hub) == Array(Self.contents.utf8))
            #expect(try filesBelow(joined(hub.root, "parts")) == [])
            // Its answer got lost: the client asks again.
            #expect(try await complete(hub, action, completion(tags)) == 200)
        }
    }

    @Test("A part that is sent twice counts as the completion says")
    func twice() async throws {
        try await withHub(Self.settings) { hub in
            let action = try await action(hub)
            let urls = try partURLs(action)
            let wrong = String(repeating: "x", count: Self.partSize)
            let first = try await hub.send("PUT", urls[1], [:], wrong, token: .some(nil))
            #expect(first.status == 200)
            let tags = try await send(hub, urls)
            let mixed = [tags[0], try #require(first.headers["etag"]), tags[2]]
            #expect(try await complete(hub, action, completion(mixed)) == 400)
            #expect(stored(hub) == nil)
            #expect(try await complete(hub, action, completion(tags)) == 200)
            #expect(stored(hub) == Array(Self.contents.utf8))
        }
    }

    @Test("Two completions at once are both answered with success")
    func concurrent() async throws {
        try await withHub(Self.settings) { hub in
            let action = try await action(hub)
            let body = completion(try await send(hub, try partURLs(action)))
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await complete(hub, action, body) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [200, 200, 200, 200])
            #expect(stored(hub) == Array(Self.contents.utf8))
        }
    }

    @Test("A completion that is not right stores nothing, and does no harm")
    func wrongCompletions() async throws {
        try await withHub(Self.settings) { hub in
            let action = try await action(hub)
            let tags = try await send(hub, try partURLs(action))
            let other = "\"\(Digest(of: "other"))\""
            let bodies = [
                completion([]), completion(Array(tags.prefix(2))), completion(tags + [tags[0]]),
                completion([tags[0], other, tags[2]]), completion([tags[1], tags[0], tags[2]]),
                completion(tags, numbers: [1, 3, 2]), completion(tags, numbers: [0, 1, 2]),
                completion(tags.map { String($0.dropFirst().dropLast()) }),
                completion(["\"../../../tokens.json\"", tags[1], tags[2]]),
                completion(tags, oid: Digest(of: "other")), "{}", "[]", "{\"oid\":", "",
            ]
            for body in bodies {
                #expect(try await complete(hub, action, body) == 400, "\(body)")
                #expect(stored(hub) == nil)
            }
            #expect(try await complete(hub, action, completion(tags)) == 200)
        }
    }

    @Test("A missing part, and one that is not as long as it should be, are refused")
    func wrongParts() async throws {
        try await withHub(Self.settings) { hub in
            let action = try await action(hub)
            let urls = try partURLs(action)
            for body in [Self.pieces[0] + "x", String(Self.pieces[0].dropLast()), ""] {
                let answer = try await hub.send("PUT", urls[0], [:], body, token: .some(nil))
                #expect(answer.status == 400, "\(body.utf8.count)")
            }
            #expect(fileKind(joined(hub.root, "parts")) == nil)
            let tags = try await send(hub, urls, [1, 2])
            let all = ["\"\(Digest(of: Self.pieces[0]))\""] + tags
            #expect(try await complete(hub, action, completion(all)) == 400)
            #expect(stored(hub) == nil)
        }
    }

    @Test("A part's URL allows that part alone")
    func signatures() async throws {
        try await withHub(Self.settings) { hub in
            let action = try await action(hub)
            let url = try partURLs(action)[0]
            let href = try #require(action["href"]?.string)
            let upload = try #require(
                url.split(separator: "upload=").last?.prefix { $0 != "&" }
            )
            let forged = [
                url.replacing("part=1", with: "part=2"),
                url.replacing("chunk=1000", with: "chunk=999"),
                url.replacing(upload, with: String(repeating: "0", count: 32)),
                url.replacing(upload, with: "../.."),
                url.replacing("permission=part", with: "permission=write"),
                url.replacing("permission=part", with: "permission=complete"), href,
            ]
            for url in forged {
                let answer = try await hub.send("PUT", url, [:], Self.pieces[0], token: .some(nil))
                #expect(answer.status == 403, "\(url)")
            }
            #expect(try await hub.send("POST", url, [:], "{}", token: .some(nil)).status == 403)
            #expect(try await hub.send("GET", url, token: .some(nil)).status == 403)
            #expect(try await hub.send("PUT", url, [:], Self.pieces[0]).status == 400)
            #expect(fileKind(joined(hub.root, "parts")) == nil)
        }
    }

    @Test("Clients that offer no parts, and small files, go in one piece")
    func basic() async throws {
        try await withHub(Self.settings) { hub in
            #expect(try await action(hub, transfers: "[\"basic\"]")["header"] == nil)
            var settings = Self.settings
            settings.partSize = Self.contents.utf8.count
            try await withHub(settings) { hub in
                let action = try await action(hub)
                #expect(action["header"] == nil)
            }
        }
    }

    @Test(
        "The client sends parts, also when the answer to the completion gets lost",
        arguments: [false, true]
    )
    func client(losesAnswer: Bool) async throws {
        var settings = Self.settings
        settings.partSize = 1 << 16
        try await withHub(settings) { hub in
            let transport = FaultyTransport(
                losesAnswer ? .lostAnswer(to: "permission=complete") : nil
            )
            let client = try hub.client(transport: transport)
            _ = try await client.createRepository(LiveHub.repository)
            let folder = try hub.folder("model", tinyModel)
            let report = try await client.upload(
                folder: folder,
                to: LiveHub.repository,
                message: "First"
            )
            #expect(report.didCommit)
            let targets = transport.requests.map(\.url.target)
            #expect(targets.count { $0.contains("permission=part&") } == 5)
            #expect(targets.count { $0.contains("permission=complete&") } == (losesAnswer ? 2 : 1))
            let weights = try #require(tinyModel["model.safetensors"])
            #expect(try readFile(hub.objectFile(weights)) == weights)
        }
    }

    @Test(
        "Parts that nobody completed are swept away at the next start, once their URLs have run out"
    )
    func abandoned() async throws {
        try await withHub(Self.settings) { hub in
            for _ in 0..<2 { _ = try await send(hub, try partURLs(try await action(hub))) }
            await hub.server.stop()
            let parts = joined(hub.root, "parts/ada")
            let uploads = try directoryEntries(parts)
            #expect(uploads.count == 2)
            try makeOld(joined(parts, uploads[0]), by: 25 * 3600)
            try makeOld(joined(parts, uploads[1]), by: 23 * 3600)
            try await HubServer.start(root: hub.root).stop()
            #expect(try directoryEntries(parts) == [uploads[1]])
        }
    }
}

/// Sets the time of a file's last change back.
func makeOld(_ path: String, by seconds: Int) throws {
    let then = timeval(tv_sec: time(nil) - seconds, tv_usec: 0)
    guard utimes(path, [then, then]) == 0 else { throw FileError("change", path) }
}
