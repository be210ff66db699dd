internal import OctavoBase

/// One request and its answer, as libcurl's callbacks see them.
///
/// Its maker has it first, then the loop's thread until the transfer has ended, then its maker again: never two
/// at a time, and the queue and the continuation between them order what they see.
final class CurlExchange: @unchecked Sendable {
    /// The most that is kept in memory of an answer that no sink takes: listings of 1000 files with
    /// long names are about 1 MB.
    static let bodyLimit = 64 << 20

    /// The most that is kept of the headers of one exchange, in bytes.
    static let headerLimit = 256 << 10

    let request: WebRequest
    let isCancelled: CancellationFlag
    let bodyLength: Int
    private(set) var response = WebResponse(status: 0)
    /// Why the exchange was stopped from this side.
    private(set) var failure: (any Error)?

    private let sink: (any BodySink)?
    private var sinkAccepts: Bool?
    private let file: ReadableFile?
    private let fileStart: Int
    private var headerBytes = 0
    private var sent = 0
    private var reported = -1

    init(_ request: WebRequest, _ sink: (any BodySink)?, _ isCancelled: CancellationFlag) throws {
        self.request = request
        self.sink = sink
        self.isCancelled = isCancelled
        switch request.body {
        case .none:
            (file, fileStart, bodyLength) = (nil, 0, 0)
        case .bytes(let bytes):
            (file, fileStart, bodyLength) = (nil, 0, bytes.count)
        case .file(let path, let range):
            let opened = try ReadableFile(path)
            guard range.upperBound <= opened.count else { throw HubError.fileChanged(path: path) }
            (file, fileStart, bodyLength) = (opened, range.lowerBound, range.count)
        }
    }

    /// Whether nothing large passes in either direction.
    var isShort: Bool { sink == nil && file == nil }

    /// The headers as libcurl takes them; a name with nothing after the colon removes libcurl's own.
    var headerLines: [String] {
        // A server that does not answer 100-continue would cost a second a request.
        ["Expect:"] + request.headers.map { "\($0.name): \($0.value)" }
    }

    /// Takes a line of the headers; false stops the transfer.
    func receive(headerLine line: String) -> Bool {
        headerBytes += line.utf8.count
        guard headerBytes <= Self.headerLimit else {
            failure = HubError.malformedReply(
                from: request.url.withoutQuery,
                problem: "its headers are longer than \(Self.headerLimit) bytes"
            )
            return false
        }
        let text = line.trimmingWhitespace()
        if text.hasPrefix("HTTP/") {
            // Interim answers (100) come first: the last status counts.
            let status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            response = WebResponse(status: status ?? 0)
        } else if let colon = text.firstIndex(of: ":") {
            let name = text[..<colon].lowercased()
            response.headers[name] = text[text.index(after: colon)...].trimmingWhitespace()
        }
        return true
    }

    /// Takes bytes of the body; false stops the transfer.
    func receive(_ bytes: RawSpan) -> Bool {
        do {
            if sinkAccepts == nil { sinkAccepts = try sink?.accepts(response) ?? false }
            if sinkAccepts == true {
                try sink?.write(bytes)
            } else {
                guard response.body.count + bytes.byteCount <= Self.bodyLimit else {
                    throw HubError.malformedReply(
                        from: request.url.withoutQuery,
                        problem: "it is longer than \(Self.bodyLimit) bytes"
                    )
                }
                response.body.append(contentsOf: bytes.array)
            }
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// Puts the next bytes of the request's body into `buffer` and says how many; nil stops the transfer.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = min(buffer.count, bodyLength - sent)
        guard count > 0 else { return 0 }
        let piece = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        if let file {
            do {
                guard try unsafe file.read(into: piece, at: fileStart + sent) == count else {
                    throw HubError.fileChanged(path: file.path)
                }
            } catch {
                failure = error
                return nil
            }
        } else if case .bytes(let bytes) = request.body {
            unsafe piece.copyBytes(from: bytes[sent..<sent + count])
        }
        sent += count
        return count
    }

    func seek(to offset: Int) -> Bool {
        guard (0...bodyLength).contains(offset) else { return false }
        sent = offset
        return true
    }

    func reportSent(_ count: Int) {
        guard count != reported else { return }
        reported = count
        request.onSent?(count)
    }
}
