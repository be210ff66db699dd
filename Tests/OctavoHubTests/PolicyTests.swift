@testable import OctavoHub
import Testing

@Suite("Tokens, redirects and repetition")
struct PolicyTests {
    private static let information =
        "{\"id\":\"ada/tiny\",\"sha\":\"0123456789abcdef0123456789abcdef01234567\",\"private\":false}"

    @Test("The token goes to the hub and stays there when a redirect leads elsewhere")
    func tokenStays() async throws {
        let transport = ScriptedTransport([
            .answer(WebResponse(status: 307, headers: ["location": "/api/models/ada/renamed"])),
            .answer(WebResponse(status: 302, headers: ["location": "https://elsewhere.example/x"])),
            .json(Self.information),
        ])
        _ = try await client(transport).information(try RepositoryID("ada/tiny"))
        #expect(
            transport.requests.map { $0.header("authorization") } == [
                "Bearer hf_secret", "Bearer hf_secret", nil,
            ]
        )
    }

    @Test(
        "A redirect that loses protection is refused",
        arguments: [
            "http://hub.example/x", "http://elsewhere.example/x", "file:///etc/passwd", "ftp://x/",
        ]
    )
    func downgrade(_ location: String) async throws {
        let transport = ScriptedTransport([
            .answer(WebResponse(status: 302, headers: ["location": location]))
        ])
        await #expect {
            _ = try await client(transport).information(try RepositoryID("ada/tiny"))
        } throws: { error in
            if case HubError.unsafeRedirect = error { true } else { false }
        }
        #expect(transport.requests.count == 1)
    }

    @Test("A redirect that is refused is told without its secrets")
    func secrets() async throws {
        for location in ["http://store.example/x?signature=s", "ftp://store.example/x?signature=s"]
        {
            let transport = ScriptedTransport([
                .answer(WebResponse(status: 302, headers: ["location": location]))
            ])
            let shown = String(location.prefix { $0 != "?" })
            await #expect(throws: HubError.unsafeRedirect(shown)) {
                _ = try await client(transport).information(try RepositoryID("ada/tiny"))
            }
        }
    }

    @Test("A body is not sent on to another host")
    func bodyStays() async throws {
        let transport = ScriptedTransport([
            .answer(WebResponse(status: 307, headers: ["location": "https://elsewhere.example/"]))
        ])
        await #expect(throws: HubError.self) {
            _ = try await client(transport).createRepository(try RepositoryID("ada/tiny"))
        }
        #expect(transport.requests.count == 1)
    }

    @Test("Redirects in a circle end")
    func circle() async throws {
        let step = ScriptedTransport.Step.answer(
            WebResponse(status: 302, headers: ["location": "/x"])
        )
        let transport = ScriptedTransport(Array(repeating: step, count: 20))
        await #expect(throws: HubError.tooManyRedirects("https://hub.example/x")) {
            _ = try await client(transport).information(try RepositoryID("ada/tiny"))
        }
    }

    @Test("A token is not sent over plain http, except to this machine")
    func plainHTTP() async throws {
        let transport = ScriptedTransport([.json(Self.information)])
        await #expect(throws: HubError.insecureToken(host: "hub.example")) {
            _ = try await client(transport, endpoint: "http://hub.example").whoami()
        }
        #expect(transport.requests.isEmpty)
        _ = try await client(transport, endpoint: "http://127.0.0.1:1").information(
            try RepositoryID("ada/tiny")
        )
        #expect(transport.requests.count == 1)
    }

    @Test("No way of printing shows the token")
    func redaction() throws {
        let configuration = HubConfiguration(
            endpoint: try #require(WebURL("https://h")),
            token: AccessToken("hf_secret")
        )
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in [dumped, "\(configuration)", String(reflecting: configuration)] {
            #expect(!text.contains("hf_secret"))
        }
        #expect(AccessToken("a\r\nX-Evil: 1") == nil)
        #expect(AccessToken(" \n") == nil)
    }

    @Test("A hub that recovers is asked again", arguments: [408, 429, 500, 502, 503, 504])
    func recovers(_ status: Int) async throws {
        let transport = ScriptedTransport([
            .json("", status: status), .failure(.interrupted(host: "h", reason: "cut")),
            .json(Self.information),
        ])
        _ = try await client(transport).information(try RepositoryID("ada/tiny"))
        #expect(transport.requests.count == 3)
    }

    @Test("A refusal is not repeated", arguments: [400, 401, 403, 404, 409, 412, 413, 501])
    func refusals(_ status: Int) async throws {
        let transport = ScriptedTransport([.json("", status: status)])
        await #expect(throws: HubError.self) {
            _ = try await client(transport).information(try RepositoryID("ada/tiny"))
        }
        #expect(transport.requests.count == 1)
    }

    @Test(
        "A hub may say how long to wait",
        arguments: [
            (429, ["ratelimit": "\"api\";r=0;t=17"], 18),
            (429, ["ratelimit": "\"api\";r=3;t=17"], nil),
            (503, ["ratelimit": "\"api\";r=0;t=17"], nil), (503, ["retry-after": "5"], 5),
            (429, ["retry-after": "-5"], nil),
            (429, ["retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"], nil),
            (429, ["ratelimit": "\"api\";r=0;t=99999999999999999999"], nil),
        ] as [(Int, [String: String], Int?)]
    )
    func waits(_ status: Int, _ headers: [String: String], _ seconds: Int?) {
        #expect(RetryPolicy.secondsAsked(WebResponse(status: status, headers: headers)) == seconds)
    }

    @Test("A hub that wants too long a wait is not waited for")
    func tooLong() async throws {
        let transport = ScriptedTransport([
            .json("", status: 429, headers: ["retry-after": "86400"])
        ])
        await #expect(throws: HubError.rateLimited(seconds: 86400)) {
            _ = try await client(transport).information(try RepositoryID("ada/tiny"))
        }
    }
}
