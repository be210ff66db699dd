import OctavoBase
import OctavoHub
import Testing

@Suite("Files that are read by ranges")
struct RemoteFileTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"
    private static let contents = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    private static let storage = "https://storage.example/object?signature=s3cret"

    private static let information = ScriptedTransport.Step.json(
        "{\"id\":\"ada/tiny\",\"sha\":\"\(commit)\"}"
    )
    private static func head(commit: String = commit) -> ScriptedTransport.Step {
        .answer(
            WebResponse(
                status: 302,
                headers: [
                    "x-repo-commit": commit, "x-linked-etag": "\"abc\"", "x-linked-size": "1000",
                    "location": storage,
                ]
            )
        )
    }
    private static let redirect = ScriptedTransport.Step.answer(
        WebResponse(status: 302, headers: ["location": storage])
    )
    /// A 206 of some bytes, by default saying so.
    private static func part(_ range: Range<Int>, saying header: String? = nil)
        -> ScriptedTransport.Step
    {
        let honest = "bytes \(range.lowerBound)-199/1000"
        return .answer(
            WebResponse(
                status: 206,
                headers: ["content-range": header ?? honest],
                body: Array(contents[range])
            )
        )
    }

    /// Reads the bytes from 100 to 199 of a file of 1000, by what a script answers.
    private func read(
        _ steps: [ScriptedTransport.Step]
    ) async throws -> (result: Result<[UInt8], any Error>, requests: [WebRequest], received: Int) {
        let transport = ScriptedTransport([Self.information, Self.head()] + steps)
        let file = try await client(transport).file(
            RepositoryPath("w.aqlm"),
            in: RepositoryID("ada/tiny")
        )
        #expect(file.size == 1000 && file.commit == Self.commit)
        let result: Result<[UInt8], any Error>
        do { result = .success(try await file.bytes(100..<200)) } catch { result = .failure(error) }
        return (result, Array(transport.requests.dropFirst(2)), file.receivedBytes)
    }

    @Test("A range is asked for at the commit, and the token stays with the hub")
    func range() async throws {
        let (result, requests, received) = try await read([Self.redirect, Self.part(100..<200)])
        #expect(try result.get() == Array(Self.contents[100..<200]))
        #expect(received == 100)
        #expect(requests.map { $0.url.origin.host } == ["hub.example", "storage.example"])
        #expect(requests.allSatisfy { $0.header("range") == "bytes=100-199" })
        #expect(requests.map { $0.header("authorization") } == ["Bearer hf_secret", nil])
        #expect(requests[0].url.target == "/ada/tiny/resolve/\(Self.commit)/w.aqlm")
    }

    @Test("A body that breaks off goes on where it stopped; one that stays short is refused")
    func short() async throws {
        let (result, requests, received) = try await read([
            Self.redirect, Self.part(100..<140), Self.redirect, Self.part(140..<200),
        ])
        #expect(try result.get() == Array(Self.contents[100..<200]))
        #expect(
            requests.map { $0.header("range") }.suffix(2) == ["bytes=140-199", "bytes=140-199"]
        )
        #expect(received == 100)
        let none = Array(repeating: Self.part(100..<100), count: 3)
        let (failure, _, _) = try await read(none)
        #expect(throws: HubError.wrongSize(path: "w.aqlm", expected: 100, found: 0)) {
            try failure.get()
        }
    }

    @Test("A hub that is busy and a link that ran out are asked again")
    func transient() async throws {
        let busy = ScriptedTransport.Step.answer(WebResponse(status: 503))
        let stale = ScriptedTransport.Step.answer(WebResponse(status: 403))
        let broken = ScriptedTransport.Step.failure(.interrupted(host: "h", reason: "r"))
        for steps in [[busy], [Self.redirect, stale], [Self.redirect, broken]] {
            let (result, _, _) = try await read(steps + [Self.redirect, Self.part(100..<200)])
            #expect(try result.get() == Array(Self.contents[100..<200]))
        }
    }

    @Test(
        "What is not the range is refused",
        arguments: [
            (part(100..<200, saying: "bytes 0-99/1000"), "its range is bytes 0-99/1000, not"),
            (part(100..<200, saying: "bytes 100-199/999"), "its range is bytes 100-199/999, not"),
            (part(100..<200, saying: "bytes 100-199/*"), "its range is"),
            (part(100..<200, saying: ""), "its range is"),
            (part(100..<201, saying: "bytes 100-199/1000"), "101 bytes where 100"),
            (.answer(WebResponse(status: 200, body: contents)), "the hub sends all of w.aqlm"),
            (.answer(WebResponse(status: 416)), "cannot send that range"),
            (
                .answer(WebResponse(status: 404, headers: ["x-error-code": "EntryNotFound"])),
                "no such file"
            ),
            (
                .answer(WebResponse(status: 302, headers: ["location": "http://storage.example/"])),
                "refused a redirect"
            ),
        ]
    )
    func lies(step: ScriptedTransport.Step, message: String) async throws {
        let (result, requests, received) = try await read([step])
        #expect { try result.get() } throws: { "\($0)".contains(message) }
        #expect(requests.count == 1)
        #expect(received == 0)
    }

    @Test("A file of another commit than was asked for is refused")
    func otherCommit() async throws {
        let other = String(Self.commit.reversed())
        let transport = ScriptedTransport([Self.information, Self.head(commit: other)])
        await #expect(throws: HubError.self) {
            try await client(transport).file(RepositoryPath("w"), in: RepositoryID("ada/tiny"))
        }
    }
}
