import Foundation
import OctavoBase
import OctavoTestSupport
import Subprocess
import Testing

@Suite("Proxies and certificates of the environment")
struct NetworkTests {
    /// What a hub says of a repository that it has not.
    private static let missing =
        "HTTP/1.1 404 Not Found\r\nX-Error-Code: RepoNotFound\r\nContent-Length: 0\r\n"
        + "Connection: close\r\n\r\n"

    /// Answers one connection on a port of its own, and tells the first line of what it was asked.
    private func withListener(
        _ answer: String,
        _ body: (UInt16) async throws -> Void
    ) async throws -> String {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        try #require(isListening)
        async let asked: String = runBlocking {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return "" }
            defer { close(connection) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(connection, &buffer, buffer.count, 0)
            let bytes = Array(answer.utf8)
            _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            let text = String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
            return String(text.prefix { !$0.isNewline })
        }
        // Wakes a listener that nobody came to.
        defer { shutdown(listener, Int32(SHUT_RDWR)) }
        try await body(UInt16(bigEndian: address.sin_port))
        shutdown(listener, Int32(SHUT_RDWR))
        return try await asked
    }

    @Test("A hub elsewhere is asked through the proxy, one that is named as an exception is not")
    func proxy() async throws {
        try await withSandbox { box in
            let asked = try await withListener(Self.missing) { port in
                let environment = [
                    "HF_ENDPOINT": "http://hub.invalid", "http_proxy": "http://127.0.0.1:\(port)",
                ]
                let notes = try await box.fail("pull ada/none", environment: environment)
                #expect(notes.contains("repository ada/none does not exist"), "\(notes)")
            }
            #expect(
                asked == "GET http://hub.invalid/api/models/ada/none/revision/main HTTP/1.1"
            )
            let direct = try await withListener(Self.missing) { port in
                let environment = [
                    "HF_ENDPOINT": "http://hub.invalid", "http_proxy": "http://127.0.0.1:\(port)",
                    "no_proxy": "hub.invalid",
                ]
                let notes = try await box.fail("pull ada/none", environment: environment)
                #expect(notes.contains("couldn't resolve host name"), "\(notes)")
            }
            #expect(direct == "")
        }
    }

    @Test("What is for this machine never passes a proxy")
    func loopback() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                let asked = try await withListener(Self.missing) { port in
                    let environment = hub.merging(["http_proxy": "http://127.0.0.1:\(port)"]) { $1 }
                    try await box.fail("pull ada/none", environment: environment)
                }
                #expect(asked == "")
            }
        }
    }

    @Test(
        "A certificate is accepted if the environment names its issuer, and only then",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "no openssl")
    )
    func certificate() async throws {
        try await withSandbox { box in
            let made = try await Subprocess.run(
                .name("openssl"),
                arguments: [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=hub", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", box("key.pem"),
                    "-out", box("certificate.pem"),
                ],
                output: .discarded,
                error: .discarded
            )
            try #require(made.terminationStatus.isSuccess)
            // The page that this server sends to whoever asks is no hub's answer, but it comes from there.
            _ = try await Subprocess.run(
                .name("openssl"),
                arguments: [
                    "s_server", "-accept", "127.0.0.1:0", "-cert", box("certificate.pem"), "-key",
                    box("key.pem"), "-www",
                ],
                input: .none,
                output: .sequence,
                error: .discarded
            ) { execution in
                do {
                    var lines = execution.standardOutput.strings().makeAsyncIterator()
                    var port: String?
                    while port == nil, let line = try await lines.next() {
                        // "ACCEPT 127.0.0.1:40123"
                        if line.hasPrefix("ACCEPT") {
                            port = line.split(separator: ":").last.map(String.init)
                        }
                    }
                    let endpoint = "https://127.0.0.1:\(try #require(port))"
                    let stranger = try await box.fail(
                        "pull ada/none",
                        environment: ["HF_ENDPOINT": endpoint]
                    )
                    #expect(stranger.contains("cannot reach \(endpoint)"), "\(stranger)")
                    #expect(stranger.contains("certificate"), "\(stranger)")
                    for variable in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"] {
                        let known = try await box.fail(
                            "pull ada/none",
                            environment: [
                                "HF_ENDPOINT": endpoint, variable: box("certificate.pem"),
                            ]
                        )
                        #expect(known.contains("cannot read the answer of \(endpoint)"), "\(known)")
                    }
                } catch {
                    try? execution.send(signal: .kill)
                    throw error
                }
                try execution.send(signal: .kill)
            }
        }
    }
}
