internal import FlyingFox
internal import Foundation
internal import OctavoBase

extension HTTPResponse {
    /// An answer in JSON.
    static func json(_ value: JSON, _ underway: Underway) -> HTTPResponse {
        reply(200, jsonHeaders([:]), whole(value.bytes, underway))
    }

    /// An error in JSON; to a HEAD request, only the headers of it.
    static func error(_ error: APIError, to method: HTTPMethod, _ underway: Underway)
        -> HTTPResponse
    {
        let bytes = error.json.bytes
        var headers = jsonHeaders(error.headers)
        // A body after the answer to HEAD would be taken for the beginning of the next answer.
        if method == .HEAD { headers["Content-Length"] = String(bytes.count) }
        return reply(
            error.status,
            headers,
            method == .HEAD ? HTTPBodySequence() : whole(bytes, underway)
        )
    }

    /// An error, behind which the connection is closed: what the client still sends is not read.
    static func lastError(_ error: APIError, _ underway: Underway) -> HTTPResponse {
        var headers = jsonHeaders(error.headers)
        headers["Connection"] = "close"
        return reply(error.status, headers, whole(error.json.bytes, underway, isLast: true))
    }

    /// Events, one after the other.
    static func events(_ pieces: AsyncStream<[UInt8]>, _ underway: Underway) -> HTTPResponse {
        let headers = [
            "Content-Type": "text/event-stream", "Cache-Control": "no-cache",
            // Proxies hand the events on as they come.
            "X-Accel-Buffering": "no",
        ]
        let body = ByteStream(pieces: pieces, underway: underway)
        return reply(200, headers, HTTPBodySequence(from: body, suggestedBufferSize: 1 << 16))
    }

    private static func whole(_ bytes: [UInt8], _ underway: Underway, isLast: Bool = false)
        -> HTTPBodySequence
    {
        let pieces = AsyncStream<[UInt8]> { stream in
            stream.yield(bytes)
            stream.finish()
        }
        return HTTPBodySequence(
            from: ByteStream(pieces: pieces, underway: underway, isLast: isLast),
            count: bytes.count
        )
    }

    private static func jsonHeaders(_ headers: [String: String]) -> [String: String] {
        headers.merging(["Content-Type": "application/json"]) { given, _ in given }
    }

    private static func reply(
        _ status: Int,
        _ headers: [String: String],
        _ body: HTTPBodySequence
    ) -> HTTPResponse {
        var all = HTTPHeaders()
        for (name, value) in headers { all[HTTPHeader(name)] = value }
        return HTTPResponse(
            statusCode: .init(status, phrase: phrase(status)),
            headers: all,
            body: body
        )
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 413: "Content Too Large"
        case 499: "Client Closed Request"
        case 503: "Service Unavailable"
        default: "Internal Server Error"
        }
    }
}

extension JSON {
    /// As bytes on one line.
    var bytes: [UInt8] { Array(text(.compact).utf8) }

    /// As an event of a stream.
    var event: [UInt8] { Array("data: \(text(.compact))\n\n".utf8) }
}
