import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

@Suite("Listings of a hub that may lie")
struct ListingTests {
    private static let blob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"

    private func tree(_ transport: ScriptedTransport) async throws -> [TreeEntry] {
        try await client(transport).tree(try RepositoryID("ada/tiny"), at: .main)
    }

    @Test("Pages are followed to the end")
    func pages() async throws {
        let entry = { (path: String) in
            "[{\"type\":\"file\",\"path\":\"\(path)\",\"oid\":\"\(Self.blob)\",\"size\":0}]"
        }
        let transport = ScriptedTransport([
            .json(
                entry("a"),
                headers: ["link": "<https://hub.example/next?cursor=1>; rel=\"next\""]
            ),
            .json(entry("b")),
        ])
        #expect(try await tree(transport).map(\.path.description) == ["a", "b"])
        #expect(transport.requests.last?.url.description == "https://hub.example/next?cursor=1")
    }

    @Test(
        "A next page elsewhere or in a circle is refused",
        arguments: ["https://elsewhere.example/", "https://hub.example/again"]
    )
    func badPages(_ next: String) async throws {
        let page = ScriptedTransport.Step.json("[]", headers: ["link": "<\(next)>; rel=\"next\""])
        let transport = ScriptedTransport([page, page, page])
        await #expect(throws: HubError.self) { _ = try await tree(transport) }
        #expect(transport.requests.allSatisfy { $0.url.origin.host == "hub.example" })
    }

    /// An entry of a listing, stored by LFS or not.
    private static func entry(_ path: String, size: String, isLFS: Bool = false) -> String {
        let oid = String(repeating: "0", count: 64)
        let lfs = isLFS ? ",\"lfs\":{\"oid\":\"\(oid)\",\"size\":\(size)}" : ""
        return "{\"type\":\"file\",\"path\":\"\(path)\",\"oid\":\"\(blob)\",\"size\":\(size)\(lfs)}"
    }

    @Test(
        "A length that no disk holds is refused",
        arguments: ["1125899906842624", "9223372036854775807", "9223372036854775808", "-1"],
        [true, false]
    )
    func tooLong(_ size: String, isLFS: Bool) async throws {
        let lie = ScriptedTransport.Step.json("[\(Self.entry("a", size: size, isLFS: isLFS))]")
        await #expect {
            _ = try await tree(ScriptedTransport([lie]))
        } throws: { error in
            if case HubError.malformedReply(_, let problem) = error {
                problem.contains("\"size\"")
            } else {
                false
            }
        }
        let most = Self.entry("a", size: "1125899906842623", isLFS: isLFS)
        let found = try await tree(ScriptedTransport([.json("[\(most)]")]))
        #expect(found.map(\.size) == [(1 << 50) - 1])
    }

    @Test("Lengths that add up to more than can be counted are refused, in a pull too")
    func tooMuch() async throws {
        // 2^13 of almost 2^50 are almost 2^63; one more is beyond it.
        let entries = (0...8192).map { Self.entry("\($0)", size: "1125899906842623") }
        let pages = [entries.prefix(8192), entries.suffix(1)].map {
            "[\($0.joined(separator: ","))]"
        }
        let head = "{\"id\":\"ada/tiny\",\"sha\":\"\(Self.blob)\"}"
        let transport = ScriptedTransport([
            .json(head), .json(pages[0], headers: ["link": "</next>; rel=\"next\""]),
            .json(pages[1]),
        ])
        try await withTemporaryDirectory { directory in
            await #expect {
                _ = try await client(transport).download(
                    repository: try RepositoryID("ada/tiny"),
                    into: directory
                )
            } throws: { error in
                if case HubError.malformedReply = error { true } else { false }
            }
            let left = try directoryEntries(directory)
            #expect(left == [])
        }
        #expect(transport.remaining == 0)
    }

    @Test("Pages without end are refused")
    func endless() async throws {
        let pages = (0..<10_002).map { page in
            ScriptedTransport.Step.json("[]", headers: ["link": "</next?\(page)>; rel=\"next\""])
        }
        let transport = ScriptedTransport(pages)
        await #expect {
            _ = try await tree(transport)
        } throws: { error in
            if case HubError.malformedReply = error { true } else { false }
        }
        #expect(transport.requests.count == 10_000)
    }

    @Test(
        "A path that leads out of the directory is refused",
        arguments: [
            "../evil", "/etc/passwd", "a/../../b", ".git/hooks/post-checkout", "a\\\\b", "C:/x",
            "a\\u0000", "../\u{301}evil", "a/../\u{301}../\u{301}evil", "a\u{600}/../evil",
            ".git/\u{301}hooks",
        ]
    )
    func hostilePaths(_ path: String) async throws {
        let transport = ScriptedTransport([
            .json("[{\"type\":\"file\",\"path\":\"\(path)\",\"oid\":\"\(Self.blob)\",\"size\":0}]")
        ])
        await #expect {
            _ = try await tree(transport)
        } throws: { error in
            if case HubError.unsafePath = error { true } else { false }
        }
    }

    @Test(
        "An entry without a usable hash or size is refused",
        arguments: [
            "{\"type\":\"file\",\"path\":\"a\",\"size\":0}",
            "{\"type\":\"file\",\"path\":\"a\",\"oid\":\"main\",\"size\":0}",
            "{\"type\":\"file\",\"path\":\"a\",\"oid\":\"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\",\"size\":-1}",
            "{\"type\":\"file\",\"path\":\"a\",\"oid\":\"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\",\"size\":1.5}",
            "{\"type\":\"file\",\"path\":\"a\",\"oid\":\"x\",\"size\":1,\"lfs\":{\"oid\":\"abc\",\"size\":1}}",
        ]
    )
    func badEntries(_ entry: String) async throws {
        let transport = ScriptedTransport([.json("[\(entry)]")])
        await #expect {
            _ = try await tree(transport)
        } throws: { error in
            if case HubError.malformedReply = error { true } else { false }
        }
    }
}
