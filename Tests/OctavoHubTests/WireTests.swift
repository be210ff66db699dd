import Foundation
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

@Suite("What goes over the wire")
struct WireTests {
    /// What the fixture's lines say, in Swift.
    private static func written() throws -> CommitRequest {
        CommitRequest(
            header: CommitHeader(
                summary: "Publish \"tiny\"",
                description: "",
                parentCommit: "0123456789abcdef0123456789abcdef01234567"
            ),
            operations: [
                .file(path: "README.md", contents: Array("foobar".utf8)),
                .lfsFile(
                    path: "model.safetensors",
                    oid: try #require(
                        Digest(
                            hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                        )
                    ),
                    size: 12
                ),
                .deletedFile(path: "old.bin"),
                .deletedFolder(path: "original"),
            ]
        )
    }

    private static func fixture() throws -> [UInt8] {
        try readFile(packageRoot + "/Tests/OctavoHubTests/Fixtures/commit.ndjson")
    }

    @Test("A commit is written byte for byte as by hand")
    func writesCommit() throws {
        #expect(try Self.written().ndjson == Self.fixture())
    }

    @Test("A commit written by hand is read")
    func readsCommit() throws {
        #expect(try CommitRequest(ndjson: try Self.fixture()) == Self.written())
    }

    @Test(
        "A commit that breaks the protocol is refused",
        arguments: [
            "", "\n", "{}", "[]", "{\"key\":\"header\"}",
            "{\"key\":\"file\",\"value\":{\"path\":\"a\",\"content\":\"\"}}",
            "{\"key\":\"header\",\"value\":{\"summary\":\"s\"}}\n{\"key\":\"header\",\"value\":{\"summary\":\"s\"}}",
            "{\"key\":\"header\",\"value\":{\"summary\":\"s\"}}\n{\"key\":\"shred\",\"value\":{\"path\":\"a\"}}",
            "{\"key\":\"header\",\"value\":{\"summary\":\"s\"}}\n{\"key\":\"file\",\"value\":{\"path\":\"a\",\"content\":\"!\",\"encoding\":\"base64\"}}",
            "{\"key\":\"header\",\"value\":{\"summary\":\"s\"}}\n{\"key\":\"lfsFile\",\"value\":{\"path\":\"a\",\"oid\":\"abc\",\"size\":1}}",
            "{\"key\":\"header\",\"value\":{\"summary\":\"s\"}}\n{\"key\":\"lfsFile\",\"value\":{\"path\":\"a\",\"oid\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"size\":-1}}",
        ]
    )
    func refusesCommit(_ text: String) {
        #expect(throws: (any Error).self) { try CommitRequest(ndjson: Array(text.utf8)) }
    }
}
