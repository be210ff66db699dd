import Glibc
import OctavoBase
import OctavoHub
import OctavoHubServer
import Testing

extension LiveHub {
    /// Sends a request as it is, and returns the answer.
    func send(
        _ method: String,
        _ url: String,
        _ headers: [String: String] = [:],
        _ body: String = "",
        token: AccessToken?? = .none
    ) async throws -> WebResponse {
        var request = WebRequest(
            method,
            try #require(WebURL(url)),
            headers: headers.map { (name: $0, value: $1) }
        )
        if let token = token ?? self.token {
            request.headers.append(("Authorization", "Bearer \(token.secret)"))
        }
        if !body.isEmpty { request.body = .bytes(Array(body.utf8)) }
        return try await CurlTransport().send(request, to: nil)
    }

    /// Sends a JSON text to a path of the API, and returns status and JSON of the answer.
    func post(_ path: String, _ body: String, token: AccessToken?? = .none) async throws -> (
        status: Int, json: JSON
    ) {
        let answer = try await send("POST", server.endpoint + path, [:], body, token: token)
        return (answer.status, try JSON(parsing: answer.body))
    }
}

/// Sends bytes to a port of this machine, says that no more come, and returns what is answered.
func raw(_ endpoint: String, _ text: String) async throws -> String {
    let port = try #require(endpoint.split(separator: ":").last.flatMap { UInt16($0) })
    return try await runBlocking {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        // Only so that a hub that never answers fails the test: it has a process full of work beside it.
        var wait = timeval(tv_sec: 240, tv_usec: 0)
        setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &wait,
            socklen_t(MemoryLayout<timeval>.size)
        )
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw FileError("connect", "\(port)") }
        let bytes = Array(text.utf8)
        _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            answer.append(contentsOf: buffer[..<count])
        }
        return String(decoding: answer, as: UTF8.self)
    }
}
