import Glibc
import OctavoBase
@testable import OctavoHub
import Testing

@Suite("What libcurl makes of a server that breaks off or goes on and on")
struct CurlTests {
    /// A socket that listens on a port of its own.
    private func listen() throws -> (socket: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && Glibc.listen(listener, 1) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        try #require(isListening)
        return (listener, UInt16(bigEndian: address.sin_port))
    }

    /// Serves one connection: reads its request, sends an answer as it is, and closes.
    private func withServer(_ answer: String, _ body: (WebURL) async throws -> Void) async throws {
        let (listener, port) = try listen()
        defer { close(listener) }
        async let served: Void = runBlocking {
            let connection = accept(listener, nil, nil)
            guard connection >= 0 else { return }
            defer { close(connection) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            _ = recv(connection, &buffer, buffer.count, 0)
            let bytes = Array(answer.utf8)
            var sent = 0
            while sent < bytes.count {
                let rest = bytes[sent...]
                let count = rest.withUnsafeBytes {
                    send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                sent += count
            }
        }
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

    @Test("A body without end is cut off, and one that is packed is not unpacked")
    func hostileBodies() async throws {
        let size = CurlExchange.bodyLimit + 1
        let answer =
            "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"
            + String(repeating: "[", count: size)
        try await withServer(answer) { url in
            let request = patient(url)
            await #expect {
                _ = try await CurlTransport().send(request, to: nil)
            } throws: { error in
                if case HubError.malformedReply = error { true } else { false }
            }
        }
        let packed = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nbomb"
        try await withServer(packed) { url in
            let response = try await CurlTransport().send(patient(url), to: nil)
            #expect(response.body == Array("bomb".utf8))
        }
    }

    @Test("Hundreds of requests at once all come back, and one that is given up ends")
    func many() async throws {
        let transport = CurlTransport()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await self.withServer(
                        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \("\(number)".count)\r\n\r\n\(number)"
                    ) { url in
                        let response = try await transport.send(self.patient(url), to: nil)
                        #expect(response.body == Array("\(number)".utf8))
                    }
                }
            }
            try await group.waitForAll()
        }
        // Nothing comes, so only the cancellation can end it.
        try await withSilentServer { url in
            let request = patient(url)
            let task = Task { try await transport.send(request, to: nil) }
            try await Task.sleep(for: .milliseconds(50))
            task.cancel()
            await #expect(throws: HubError.cancelled) { _ = try await task.value }
        }
    }

    /// A port on which connections are made and nobody speaks.
    private func withSilentServer(_ body: (WebURL) async throws -> Void) async throws {
        let (listener, port) = try listen()
        defer { close(listener) }
        try await body(try #require(WebURL("http://127.0.0.1:\(port)/x")))
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
