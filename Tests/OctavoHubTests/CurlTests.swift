import Glibc
import OctavoBase
@testable import OctavoHub
import Testing

@Suite("What libcurl makes of a server that breaks off or goes on and on")
struct CurlTests {
    /// Serves one connection: reads its request, sends an answer as it is, and closes.
    private func withServer(_ answer: String, _ body: (WebURL) async throws -> Void) async throws {
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
        #expect(isListening)
        async let served: Void = runBlocking {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            defer { close(connection) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            _ = recv(connection, &buffer, buffer.count, 0)
            let bytes = Array(answer.utf8)
            _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        let port = UInt16(bigEndian: address.sin_port)
        // Wakes a server that nobody came to.
        defer { shutdown(listener, Int32(SHUT_RDWR)) }
        try await body(try #require(WebURL("http://127.0.0.1:\(port)/x")))
        try await served
    }

    /// A request that waits: where other tests keep all processors busy, the server may come late.
    private func patient(_ url: WebURL) -> WebRequest {
        var request = WebRequest("GET", url)
        request.patience = 600
        return request
    }

    @Test(
        "A body or a header that ends early is no answer",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "HTTP/1.1 200 O", "",
        ]
    )
    func short(_ answer: String) async throws {
        try await withServer(answer) { url in
            let request = patient(url)
            await #expect {
                _ = try await CurlTransport().send(request, to: nil)
            } throws: { error in
                if case HubError.interrupted = error { true } else { false }
            }
        }
    }

    @Test("Headers without end are cut off", arguments: [(200, true), (270, false)])
    func headers(_ kilobytes: Int, _ isAccepted: Bool) async throws {
        let line = "X-A: " + String(repeating: "a", count: 1017) + "\r\n"
        let answer =
            "HTTP/1.1 200 OK\r\n" + String(repeating: line, count: kilobytes)
            + "Content-Length: 0\r\n\r\n"
        try await withServer(answer) { url in
            let request = patient(url)
            if isAccepted {
                let response = try await CurlTransport().send(request, to: nil)
                #expect(response.status == 200)
            } else {
                await #expect {
                    _ = try await CurlTransport().send(request, to: nil)
                } throws: { error in
                    if case HubError.malformedReply = error { true } else { false }
                }
            }
        }
    }
}
