import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

@testable import OctavoHubServer

@Suite("What one commit may bring")
struct CommitLimitTests {
    private static let id = LiveHub.repository
    private static let path = "/api/models/ada/tiny/commit/main"

    private func withRepository(_ body: (LiveHub) async throws -> Void) async throws {
        try await withHub { hub in
            _ = try await hub.client().createRepository(Self.id)
            try await body(hub)
        }
    }

    private func header(summary: String = "S", description: String = "") -> String {
        "{\"key\":\"header\",\"value\":{\"summary\":\"\(summary)\",\"description\":\"\(description)\"}}"
    }

    private func file(_ path: String, _ content: String) -> String {
        "{\"key\":\"file\",\"value\":{\"path\":\"\(path)\",\"content\":\"\(content)\",\"encoding\":\"utf-8\"}}"
    }

    @Test(
        "Summary and description have 64 KiB each, and are told apart",
        arguments: ["summary", "description"]
    )
    func words(_ which: String) async throws {
        try await withRepository { hub in
            for (count, status) in [(65_537, 400), (65_536, 200)] {
                // Two bytes each, but for one: bytes are counted.
                let text = String(repeating: "é", count: count / 2) + (count % 2 == 1 ? "x" : "")
                let line =
                    which == "summary" ? header(summary: text) : header(description: text)
                let answer = try await hub.post(Self.path, line)
                #expect(answer.status == status)
                if status == 400 {
                    #expect(
                        answer.json["error"]
                            == .string("The \(which) has 65537 bytes: expected 65536 at most")
                    )
                }
            }
            let squash = "/api/models/ada/tiny/super-squash/main"
            let long = String(repeating: "x", count: 65_537)
            let answer = try await hub.post(squash, "{\"message\":\"\(long)\"}")
            #expect(answer.status == 400)
            #expect(try await hub.client().information(Self.id).commit.count == 40)
        }
    }

    @Test("A line that is longer than any small file is refused as soon as it is")
    func longLine() async throws {
        try await withRepository { hub in
            let head = try await hub.client().information(Self.id).commit
            let room = IncomingCommit.lineLimit - file("a", "").utf8.count
            for (count, status) in [(room + 1, 413), (room, 200)] {
                let text = String(repeating: "x", count: count)
                let answer = try await hub.post(Self.path, "\(header())\n\(file("a", text))\n")
                #expect(answer.status == status)
                if status == 413 {
                    #expect(
                        answer.json["error"]
                            == "A line of the request is longer than 16777216 bytes: store such files by LFS"
                    )
                    #expect(try await hub.client().information(Self.id).commit == head)
                }
            }
        }
    }

    @Test("Each file is stored as its line comes, and what is wrong later is named by its line")
    func lineByLine() async throws {
        try await withRepository { hub in
            let head = try await hub.client().information(Self.id).commit
            let text = "stored before the end"
            let name = gitBlobName(Array(text.utf8))
            let cases = [
                ("{", "Line 4: the JSON text ends too early (at byte 1)"),
                ("{}", "Line 4: \"key\" is missing or is not a text"),
                (
                    header(),
                    "Line 4: \"key\" is missing or is not \"header\" on the first line and only there"
                ),
            ]
            for (line, message) in cases {
                let blob = joined(hub.root, "blobs/\(name.prefix(2))/\(name)")
                try removeAll(blob)
                let body = [header(), "", file("a", text), line].joined(separator: "\n")
                let answer = try await hub.post(Self.path, body)
                #expect(answer.status == 400 && answer.json["error"] == .string(message))
                #expect(fileKind(blob) == .file)
            }
            #expect(
                try await hub.post(Self.path, "").json["error"]
                    == "\"header\" is missing or is not the first line"
            )
            #expect(try await hub.client().information(Self.id).commit == head)
        }
    }

    @Test("A file that is too large for a commit goes to LFS, whatever the repository's rules")
    func largeText() {
        let rules = GitAttributes("*.txt -filter\n")
        #expect(!rules.isLFS("a.txt", size: 10_000_000, sample: []))
        #expect(rules.isLFS("a.txt", size: 10_000_001, sample: []))
    }

    @Test("A record that would be too large to be read again is not written")
    func record() async throws {
        try await withTemporaryDirectory { root in
            var store = HubStore(root: root)
            try store.create(Self.id, isPrivate: false, author: "ada")
            let before = try #require(try store.repository(Self.id)?.branches["main"])
            store.recordLimit = 2000
            func commit(_ count: Int) throws {
                let incoming = IncomingCommit(store, by: "ada", limits: HubSettings.Limits())
                try incoming.take(
                    ([header()] + (0..<count).map { file("folder/\($0)", "x") }).map {
                        Array($0.utf8)
                    }
                )
                let (header, changes) = try incoming.finish()
                _ = try store.commit(
                    header,
                    changes,
                    to: Self.id,
                    at: .main,
                    author: "ada",
                    asPullRequest: false
                )
            }
            #expect {
                try commit(100)
            } throws: { error in
                (error as? Refusal)?.status == 413
            }
            #expect(try store.repository(Self.id)?.branches["main"] == before)
            try commit(3)
            #expect(try store.repository(Self.id)?.branches["main"] != before)
        }
    }

    private static let pieces: [(pieces: [String], lines: [String])] = [
        ([], [""]), (["a"], ["a"]), (["a\n"], ["a", ""]), (["a", "b\nc", "\n"], ["ab", "c", ""]),
        (["\n\n"], ["", "", ""]), (["abcd\n", "abc", "d"], ["abcd", "abcd"]),
        (["abc", "de"], []), (["abcde\n"], []), (["a\nbcdef"], []),
    ]

    @Test("Pieces become lines, wherever they are cut, of four bytes at most", arguments: pieces)
    func lines(_ pieces: [String], _ lines: [String]) throws {
        var cutter = LineCutter(limit: 4)
        var found: [[UInt8]] = []
        do {
            for piece in pieces { found += try cutter.cut(Array(piece.utf8)) }
            found.append(cutter.finish())
            #expect(found.map { String(decoding: $0, as: UTF8.self) } == lines)
        } catch {
            #expect(error.status == 413 && lines.isEmpty)
        }
    }
}
