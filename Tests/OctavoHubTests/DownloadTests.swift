import Glibc
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Synchronization
import Testing

@Suite("Downloads from a hub that sends something else")
struct DownloadTests {
    private static let commit = "0123456789abcdef0123456789abcdef01234567"
    private static let contents = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

    /// Downloads one file of 1000 bytes, by what a script answers, after `kept` bytes of an earlier run.
    private func download(
        _ steps: [ScriptedTransport.Step],
        kept: Int = 0
    ) async throws -> (result: Result<[UInt8], any Error>, requests: [WebRequest], pauses: Int) {
        let oid = Digest(of: Self.contents)
        let transport = ScriptedTransport(
            [
                .json("{\"id\":\"ada/tiny\",\"sha\":\"\(Self.commit)\"}"),
                .json(
                    "[{\"type\":\"file\",\"path\":\"w\",\"lfs\":{\"oid\":\"\(oid)\",\"size\":1000}}]"
                ),
            ] + steps
        )
        let pauses = Mutex(0)
        let client = HubClient(
            HubConfiguration(endpoint: try #require(WebURL("https://hub.example"))),
            transport: transport,
            retry: RetryPolicy(attempts: 3, pause: { _ in pauses.withLock { $0 += 1 } })
        )
        let result = try await withTemporaryDirectory { target -> Result<[UInt8], any Error> in
            if kept > 0 {
                let partials = joined(target, ".cache/octavo")
                let name = Digest(of: "w").hex.prefix(16)
                try makeDirectory(partials)
                let start = Array(Self.contents.prefix(kept))
                try AtomicFile.write(
                    start,
                    to: joined(partials, "\(name).\(oid).incomplete")
                )
            }
            do {
                _ = try await client.download(
                    repository: try RepositoryID("ada/tiny"),
                    into: target
                )
                return .success(try readFile(joined(target, "w")))
            } catch {
                return .failure(error)
            }
        }
        return (result, Array(transport.requests.dropFirst(2)), pauses.withLock { $0 })
    }

    private static func part(_ range: Range<Int>) -> ScriptedTransport.Step {
        let header = "bytes \(range.lowerBound)-999/1000"
        return .answer(
            WebResponse(
                status: range.lowerBound == 0 ? 200 : 206,
                headers: ["content-range": header],
                body: Array(contents[range])
            )
        )
    }

    @Test("A hub that drips is given up; one that is only slow is not")
    func drip() async throws {
        let dripping = (0..<8).map { Self.part($0..<$0 + 1) }
        let (failure, requests, pauses) = try await download(dripping)
        #expect(throws: HubError.wrongSize(path: "w", expected: 1000, found: 3)) {
            try failure.get()
        }
        #expect(requests.count == 3)
        #expect(pauses == 2)
        // Ten bytes are one per cent.
        let slow = stride(from: 0, to: 1000, by: 100).map { Self.part($0..<$0 + 100) }
        let (result, _, _) = try await download(slow)
        #expect(try result.get() == Self.contents)
    }

    @Test("A range that the hub cannot send begins the file anew")
    func unsatisfiable() async throws {
        let (result, requests, _) = try await download(
            [.json("", status: 416), Self.part(0..<1000)],
            kept: 400
        )
        #expect(try result.get() == Self.contents)
        #expect(requests.map { $0.header("range") } == ["bytes=400-", nil])
    }

    @Test("A hub that sends the whole file instead of the range is taken at its word")
    func wholeInstead() async throws {
        let (result, requests, _) = try await download([Self.part(0..<1000)], kept: 400)
        #expect(try result.get() == Self.contents)
        #expect(requests.map { $0.header("range") } == ["bytes=400-"])
    }

    @Test(
        "What is stored by Xet comes through the bridge, and a bridge's URL that is over is renewed"
    )
    func xet() async throws {
        func bridge(_ signature: String) -> ScriptedTransport.Step {
            .answer(
                WebResponse(
                    status: 302,
                    headers: [
                        "location": "https://bridge.example/xet/w?X-Amz-Signature=\(signature)",
                        "x-xet-hash": String(repeating: "a", count: 64),
                        "link": "<https://hub.example/auth>; rel=\"xet-auth\"",
                    ]
                )
            )
        }
        let (result, requests, _) = try await download([
            bridge("1"), Self.part(0..<400), bridge("1"), .json("", status: 403), bridge("2"),
            .answer(
                WebResponse(
                    status: 206,
                    headers: ["content-range": "bytes 400-999/1000"],
                    body: Array(Self.contents[400...])
                )
            ),
        ])
        #expect(try result.get() == Self.contents)
        #expect(requests.map { $0.url.origin.host }.filter { $0 == "bridge.example" }.count == 3)
        #expect(requests.last?.url.target.hasSuffix("=2") == true)
        #expect(requests.last?.header("range") == "bytes=400-")
    }

    @Test("Another range than the one asked for is refused")
    func otherRange() async throws {
        let (result, _, _) = try await download([Self.part(300..<1000)], kept: 400)
        #expect {
            try result.get()
        } throws: { error in
            if case HubError.malformedReply = error { true } else { false }
        }
    }
}
