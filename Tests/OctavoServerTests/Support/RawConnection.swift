import Foundation
import Glibc
import OctavoBase
import Testing

/// A connection to a port of this machine, byte by byte.
///
/// Its calls block: they belong into `runBlocking`.
final class RawConnection: @unchecked Sendable {
    // Each test uses it from one task at a time.
    private var descriptor: Int32
    /// What has come and was not taken yet.
    private var buffer: [UInt8] = []

    /// Connects.
    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        // Only so that a server that never answers fails the test: it has a process full of work beside it.
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
    }

    deinit { close() }

    /// Sends bytes; what the other side does not take any more is lost.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = Array(rest.prefix(1 << 20))
            let count = Glibc.send(descriptor, piece, piece.count, Int32(MSG_NOSIGNAL))
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends text.
    func send(_ text: String) { send(Array(text.utf8)) }

    /// Takes what comes up to and with a text; nil if the connection ends before.
    func receive(through end: String) -> String? {
        let end = Array(end.utf8)
        while true {
            if let place = buffer.firstRange(of: end) {
                defer { buffer.removeSubrange(..<place.upperBound) }
                return String(decoding: buffer[..<place.upperBound], as: UTF8.self)
            }
            guard receiveMore() else { return nil }
        }
    }

    /// Takes so many bytes; fewer if the connection ends before.
    func receive(_ count: Int) -> String {
        while buffer.count < count, receiveMore() {}
        defer { buffer.removeFirst(min(count, buffer.count)) }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// Takes all that comes until the other side closes the connection.
    func receiveRest() -> String {
        while receiveMore() {}
        defer { buffer = [] }
        return String(decoding: buffer, as: UTF8.self)
    }

    private func receiveMore() -> Bool {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &piece, piece.count, 0)
        guard count > 0 else { return false }
        buffer += piece[..<count]
        return true
    }

    /// Goes away.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}

/// An answer to a request.
struct RawAnswer: Sendable {
    let status: Int
    let headers: String
    let body: String

    /// The body as JSON.
    func json() throws -> JSON { try JSON(parsing: Array(body.utf8)) }

    /// The message, the parameter and the code of an error.
    func error() throws -> (message: String, parameter: String?, code: String?) {
        let error = try #require(try json()["error"])
        #expect(error["type"]?.string != nil)
        return (
            try #require(error["message"]?.string), error["param"]?.string, error["code"]?.string
        )
    }

    /// The data of a stream's events.
    var events: [String] {
        body.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map {
            $0.hasPrefix("data: ") ? String($0.dropFirst(6)) : "not data: \($0)"
        }
    }
}

extension RawConnection {
    /// Takes an answer, its body whole, in chunks or not.
    func answer() throws -> RawAnswer {
        let head = try #require(receive(through: "\r\n\r\n"), "no answer")
        let words = head.split(separator: " ", maxSplits: 2)
        let status = try #require(words.count > 1 ? Int(words[1]) : nil, "\(head)")
        let fields = head.lowercased()
        var body = ""
        if fields.contains("transfer-encoding: chunked") {
            while true {
                let line = try #require(receive(through: "\r\n"), "a chunk is missing")
                let size = try #require(Int(line.dropLast(), radix: 16))
                body += receive(size)
                #expect(receive(2) == "\r\n")
                if size == 0 { break }
            }
        } else if let length = fields.firstMatch(of: /content-length: (\d+)/) {
            body = receive(Int(length.1) ?? 0)
        }
        return RawAnswer(status: status, headers: fields, body: body)
    }
}
