import OctavoBase
@testable import OctavoHub
import OctavoTestSupport
import Synchronization
import Testing

@Suite("Stored tokens, certificates, and what a log tells")
struct SecrecyTests {
    @Test("A stored token is taken by its name")
    func storedTokens() async throws {
        try await withTemporaryDirectory { home in
            let file = joined(home, "stored_tokens")
            try AtomicFile.write(
                "[work]\nhf_token = hf_work\nrefresh_token = r\n\n[Home Two]\r\nHF_TOKEN=hf_home\n"
                    + "[broken]\nhf_token = two words\n[empty]\n",
                to: file
            )
            func token(_ name: String) throws -> String? {
                try HubConfiguration(
                    environment: ["HF_HOME": home, "HF_TOKEN": "hf_other"],
                    tokenName: name
                ).token?.secret
            }
            #expect(try token("work") == "hf_work")
            #expect(try token("Home Two") == "hf_home")
            #expect(throws: HubError.malformedToken("\(file), section broken")) {
                try token("broken")
            }
            for name in ["empty", "nobody", ""] {
                #expect(
                    throws: HubError.noStoredToken(
                        name: name,
                        known: ["Home Two", "broken", "work"],
                        file: file
                    )
                ) { try token(name) }
            }
        }
    }

    @Test(
        "Certificates are where the variables of other tools say",
        arguments: [
            ([:], nil, nil), (["SSL_CERT_FILE": "/s", "SSL_CERT_DIR": "/d"], "/s", "/d"),
            (["SSL_CERT_FILE": "/s", "REQUESTS_CA_BUNDLE": "~/r"], "/home/ada/r", nil),
            (["REQUESTS_CA_BUNDLE": "/r", "CURL_CA_BUNDLE": "/c"], "/c", nil),
        ] as [([String: String], String?, String?)]
    )
    func certificates(_ variables: [String: String], _ file: String?, _ directory: String?) throws {
        let environment = variables.merging(["HOME": "/home/ada"]) { given, _ in given }
        let found = try HubConfiguration(environment: environment).certificates
        #expect(found == CertificatePlaces(file: file, directory: directory))
    }

    @Test("A log tells what was asked and what came of it, and no secret")
    func log() async throws {
        let script = ScriptedTransport([
            .answer(
                WebResponse(
                    status: 302,
                    headers: ["location": "https://store.example/o?signature=hf_signed"]
                )
            ), .failure(.interrupted(host: "store", reason: "cut")),
            .json("{}", status: 503, headers: ["x-request-id": "Root=1-2\u{1B}[2J"]),
        ])
        let lines = Mutex<[String]>([])
        let client = HubClient(
            HubConfiguration(
                endpoint: try #require(WebURL("https://hub.example")),
                token: AccessToken("hf_secret")
            ),
            transport: LoggingTransport(script) { line in lines.withLock { $0.append(line) } },
            retry: RetryPolicy(attempts: 2, pause: { _ in })
        )
        await #expect(throws: HubError.self) { _ = try await client.whoami() }
        let told = lines.withLock { $0 }
        #expect(told.count == 3)
        let text = told.joined(separator: "\n")
        #expect(text.contains("GET https://hub.example/api/whoami-v2: 302 in "))
        #expect(text.contains("GET https://store.example/o: the connection to store broke: cut"))
        #expect(text.contains("503 in ") && text.contains("request Root=1-2[2J"))
        #expect(!text.contains("hf_") && !text.contains("\u{1B}"))
    }

    @Test("Each wait is told, with its reason, before it begins")
    func waits() async throws {
        let script = ScriptedTransport([
            .json("", status: 429, headers: ["ratelimit": "\"api\";r=0;t=17"]),
            .failure(.timedOut(host: "h")),
            .json("{\"name\":\"ada\",\"auth\":{\"accessToken\":{\"role\":\"read\"}}}"),
        ])
        let told = Mutex<[RetryWait]>([])
        let client = HubClient(
            HubConfiguration(endpoint: try #require(WebURL("https://hub.example"))),
            transport: script,
            retry: RetryPolicy(
                attempts: 5,
                pause: { _ in },
                onWait: { wait in told.withLock { $0.append(wait) } }
            )
        )
        _ = try await client.whoami()
        let waits = told.withLock { $0 }
        #expect(waits.map(\.attempt) == [2, 3])
        #expect(waits.map(\.attempts) == [5, 5])
        #expect(
            waits.map(\.reason) == [
                "the hub limits requests, for another 18 s", "h stopped answering",
            ]
        )
        #expect(waits.first?.seconds == 18)
    }
}
