import Glibc
import OctavoBase
@testable import OctavoHub
import OctavoTestSupport
import Testing

@Suite("What an interrupted upload leaves, and what the next makes of it")
struct UploadJournalTests {
    private static let head = "0123456789abcdef0123456789abcdef01234567"
    private static let contents = Array("hello".utf8)
    private static let oid = Digest(of: contents)
    private static let done = ScriptedTransport.Step.json("")

    private static func tag(_ text: String) -> ScriptedTransport.Step {
        .json("", headers: ["etag": "\"\(text)\""])
    }

    /// What a hub answers until it has offered three parts, at a place for this batch.
    private static func offer(_ place: String, lifetime: Int? = nil) -> [ScriptedTransport.Step] {
        let lifetime = lifetime.map { ",\"expires_in\":\($0)" } ?? ""
        return [
            .json("{\"id\":\"ada/tiny\",\"sha\":\"\(head)\"}"),
            .json("{\"files\":[{\"path\":\"w.bin\",\"uploadMode\":\"lfs\"}]}"),
            .json(
                "{\"objects\":[{\"oid\":\"\(oid)\",\"size\":5,\"actions\":{\"upload\":{"
                    + "\"href\":\"/\(place)/done\"\(lifetime),\"header\":{\"chunk_size\":\"2\","
                    + "\"1\":\"/\(place)/1\",\"2\":\"/\(place)/2\",\"3\":\"/\(place)/3\"}}}}]}"
            ),
        ]
    }

    private static let commit = ScriptedTransport.Step.json("{\"commitOid\":\"\(head)\"}")

    /// Uploads a folder of one file, as often as there are scripts; returns the paths that each asked for,
    /// without those before the parts.
    private func upload(
        _ scripts: [[ScriptedTransport.Step]],
        between: (String) throws -> Void = { _ in }
    ) async throws -> [[String]] {
        try await withTemporaryDirectory { directory in
            let folder = joined(directory, "model")
            try makeDirectory(folder)
            try AtomicFile.write(Self.contents, to: joined(folder, "w.bin"))
            var asked: [[String]] = []
            for (index, script) in scripts.enumerated() {
                let transport = ScriptedTransport(script)
                let result = await Result {
                    try await client(transport, attempts: 1).upload(
                        folder: folder,
                        to: try RepositoryID("ada/tiny"),
                        message: "First"
                    )
                }
                asked.append(transport.requests.dropFirst(3).map(\.url.target))
                if index < scripts.count - 1 {
                    #expect(throws: (any Error).self) { try result.get() }
                    try between(folder + ".push.json")
                } else {
                    _ = try result.get()
                    #expect(transport.remaining == 0)
                    #expect(fileKind(folder + ".push.json") == nil)
                }
            }
            return asked
        }
    }

    private static let cut = ScriptedTransport.Step.failure(.interrupted(host: "h", reason: "cut"))

    @Test("Parts that have arrived are not sent again, and the first offer is gone on with")
    func resumes() async throws {
        let asked = try await upload(
            [
                Self.offer("a") + [Self.tag("x"), Self.cut],
                Self.offer("b") + [Self.tag("y"), Self.tag("z"), Self.done, Self.commit],
            ],
            between: { journal in
                var status = stat()
                #expect(stat(journal, &status) == 0)
                // Signed URLs are in it.
                #expect(status.st_mode & 0o777 == 0o600)
            }
        )
        #expect(
            asked == [
                ["/a/1", "/a/2"],
                ["/a/2", "/a/3", "/a/done", "/api/models/ada/tiny/commit/main"],
            ]
        )
    }

    @Test("A lost answer to the completion costs no part")
    func completion() async throws {
        let parts = [Self.tag("x"), Self.tag("y"), Self.tag("z")]
        let asked = try await upload([
            Self.offer("a") + parts + [Self.cut], Self.offer("b") + [Self.done, Self.commit],
        ])
        #expect(asked[1] == ["/a/done", "/api/models/ada/tiny/commit/main"])
    }

    @Test("A hub that has forgotten what was begun gets all of it", arguments: [403, 404, 400])
    func forgotten(_ status: Int) async throws {
        let asked = try await upload([
            Self.offer("a") + [Self.tag("x"), Self.cut],
            Self.offer("b") + [
                .json("", status: status), Self.tag("x"), Self.tag("y"), Self.tag("z"), Self.done,
                Self.commit,
            ],
        ])
        #expect(
            asked[1] == [
                "/a/2", "/b/1", "/b/2", "/b/3", "/b/done", "/api/models/ada/tiny/commit/main",
            ]
        )
    }

    @Test(
        "An offer that is over, or a journal that others may have written, is not gone on with",
        arguments: ["old", "open", "other", "damaged", "insecure"]
    )
    func unusable(_ reason: String) async throws {
        let asked = try await upload(
            [
                Self.offer("a", lifetime: reason == "old" ? 30 : 3600) + [Self.tag("x"), Self.cut],
                Self.offer("b") + [
                    Self.tag("x"), Self.tag("y"), Self.tag("z"), Self.done, Self.commit,
                ],
            ],
            between: { journal in
                var text = String(decoding: try readFile(journal), as: UTF8.self)
                switch reason {
                case "open": #expect(chmod(journal, 0o644) == 0)
                case "other": text = text.replacing("ada/tiny", with: "ada/other")
                case "damaged": text.removeLast(20)
                case "insecure":
                    text = text.replacing("https://hub.example/a/2", with: "http://h/2")
                default: break
                }
                if reason != "open" { try AtomicFile.write(text, to: journal, mode: 0o600) }
            }
        )
        #expect(
            asked[1] == ["/b/1", "/b/2", "/b/3", "/b/done", "/api/models/ada/tiny/commit/main"]
        )
    }

    @Test("A file is hashed again only after it changed")
    func digests() async throws {
        try await withTemporaryDirectory { directory in
            let folder = joined(directory, "model")
            try makeDirectory(folder)
            let path = joined(folder, "w")
            try AtomicFile.write("one", to: path)
            let file = try #require(try localFiles(in: folder).files.first)
            // No digest of the contents: whoever is told this one did not hash.
            let planted = Digest(of: "planted")
            UploadJournal(beside: folder).note(planted, of: file)
            let journal = UploadJournal(beside: folder + "/")
            #expect(journal.digest(of: file) == planted)
            try AtomicFile.write("two", to: path)
            let changed = try #require(try localFiles(in: folder).files.first)
            #expect(journal.digest(of: changed) == nil)
            // The same length and the same time of the contents: the time of the change tells.
            var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
            let touched = try #require(try localFiles(in: folder).files.first)
            journal.note(planted, of: touched)
            let writer = open(path, O_WRONLY)
            #expect(write(writer, "two", 3) == 3)
            close(writer)
            #expect(utimensat(AT_FDCWD, path, &times, 0) == 0)
            #expect(journal.digest(of: try #require(try localFiles(in: folder).files.first)) == nil)
        }
    }

    @Test("Where no file may lie there is no journal, and no failure")
    func noPlace() async throws {
        try await withTemporaryDirectory { directory in
            try AtomicFile.write("one", to: joined(directory, "w"))
            let file = try #require(try localFiles(in: directory).files.first)
            for folder in ["/", joined(directory, "none/model"), joined(directory, "none/.")] {
                let journal = UploadJournal(beside: folder)
                journal.note(Self.oid, of: file)
                #expect(journal.digest(of: file) == Self.oid)
            }
            #expect(try directoryEntries(directory) == ["w"])
        }
    }

    @Test("Each folder has one place for it, by whatever name it goes")
    func places() async throws {
        try await withTemporaryDirectory { directory in
            let root = try realPath(directory)
            for folder in ["model/sub", "models--a--b/snapshots/\(Self.head)"] {
                try makeDirectory(joined(root, folder))
            }
            let cases = [
                ("model", "model.push.json"), ("model/", "model.push.json"),
                ("model/.", "model.push.json"), ("model/./", "model.push.json"),
                ("model/sub/..", "model.push.json"), ("model/sub", "model/sub.push.json"),
                ("models--a--b/snapshots/\(Self.head)", "models--a--b/\(Self.head).push.json"),
                ("models--a--b/snapshots/\(Self.head)/.", "models--a--b/\(Self.head).push.json"),
                ("models--a--b/snapshots", "models--a--b/snapshots.push.json"),
            ]
            #expect(symlink("models--a--b/snapshots/\(Self.head)", joined(root, "link")) == 0)
            #expect(symlink("model", joined(root, "alias")) == 0)
            let links = [
                ("link", "models--a--b/\(Self.head).push.json"), ("alias", "alias.push.json"),
            ]
            for (folder, file) in cases + links {
                let journal = UploadJournal(beside: joined(root, folder))
                #expect(journal.file == joined(root, file), "\(folder)")
            }
            #expect(UploadJournal(beside: ".").file == (try realPath(".")) + ".push.json")
            #expect(UploadJournal(beside: "").file == nil)
        }
    }

    @Test("Parts of any length are counted without overflow", arguments: [1, 2, 5, Int.max])
    func chunks(_ chunk: Int) async throws {
        try await withTemporaryDirectory { directory in
            let parts = (Self.contents.count - 1) / chunk + 1
            let journal = UploadJournal(beside: joined(directory, "model"))
            let url = try #require(WebURL("https://hub.example/x"))
            let session = UploadJournal.Session(
                hub: "h",
                completion: url,
                chunk: chunk,
                parts: Array(repeating: url, count: parts),
                expires: time(nil) + 3600
            )
            journal.begin(session, of: Self.oid)
            let read = UploadJournal(beside: joined(directory, "model"))
            #expect(read.session(Self.oid, at: "h", size: Self.contents.count) == session)
            #expect(read.session(Self.oid, at: "h", size: 0) == nil)
        }
    }

    @Test(
        "What was about to be opened is kept, digest by digest; what is no such record is not believed"
    )
    func openings() async throws {
        try await withTemporaryDirectory { directory in
            let folder = joined(directory, "model")
            let outcome = try #require(
                CommitOutcome([
                    .file(path: "a", contents: Self.contents),
                    .lfsFile(path: "b/w", oid: Self.oid, size: 5), .deletedFile(path: "c"),
                    .deletedFolder(path: "d/"),
                ])
            )
            let opening = UploadJournal.Opening(place: "here", last: 7, outcome: outcome)
            UploadJournal(beside: folder).note(opening)
            let journal = UploadJournal(beside: folder)
            #expect(journal.opening(at: "here") == opening && journal.opening(at: "there") == nil)
            let file = folder + ".push.json"
            let text = String(decoding: try readFile(file), as: UTF8.self)
            for (part, lie) in [
                ("\"c\":null", "\"c\":7"), ("\"a\"", "\"../a\""), ("\"\(Self.oid)\"", "\"00\""),
            ] {
                try #require(text.contains(part))
                try AtomicFile.write(text.replacing(part, with: lie), to: file, mode: 0o600)
                #expect(UploadJournal(beside: folder).opening(at: "here") == nil, "\(lie)")
            }
            journal.note(UploadJournal.PullRequest(place: "here", url: "u/discussions/8"))
            #expect(UploadJournal(beside: folder).opening(at: "here") == nil)
        }
    }
}

extension Result where Failure == any Error {
    /// What came of asynchronous work.
    fileprivate init(_ body: () async throws -> Success) async {
        do { self = .success(try await body()) } catch { self = .failure(error) }
    }
}
