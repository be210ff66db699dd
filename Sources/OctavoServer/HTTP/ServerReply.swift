internal import FlyingFox
internal import Foundation
internal import OctavoBase

extension HTTPResponse {
    /// An answer in JSON.
    static func json(
        _ value: JSON,
        status: Int = 200,
        headers: [String: String] = [:]
    ) -> HTTPResponse {
        reply(status, jsonHeaders(headers), body: HTTPBodySequence(data: Data(value.bytes)))
    }

    /// An error in JSON; to a HEAD request, only the headers of it.
    static func error(_ error: APIError, to method: HTTPMethod) -> HTTPResponse {
        guard method == .HEAD else {
            return json(error.json, status: error.status, headers: error.headers)
        }
        // A body after the answer to HEAD would be taken for the beginning of the next answer.
        var headers = jsonHeaders(error.headers)
        headers["Content-Length"] = String(error.json.bytes.count)
        return reply(error.status, headers, body: HTTPBodySequence())
    }

    /// An error, behind which the connection is closed: what the client still sends is not read.
    static func lastError(_ error: APIError) -> HTTPResponse {
        let bytes = error.json.bytes
        let pieces = AsyncStream<[UInt8]> { stream in
            stream.yield(bytes)
            stream.finish()
        }
        var headers = jsonHeaders(error.headers)
        headers["Connection"] = "close"
        return reply(
            error.status,
            headers,
            body: HTTPBodySequence(
                from: ByteStream(pieces: pieces, isLast: true),
                count: bytes.count
            )
        )
    }

    /// Events, one after the other.
    static func events(_ pieces: AsyncStream<[UInt8]>) -> HTTPResponse {
        let headers = [
            "Content-Type": "text/event-stream", "Cache-Control": "no-cache",
            // Proxies hand the events on as they come.
            "X-Accel-Buffering": "no",
        ]
        return reply(
            200,
            headers,
            body: HTTPBodySequence(
                from: ByteStream(pieces: pieces),
                suggestedBufferSize: 1 << 16
            )
        )
    }

    private static func jsonHeaders(_ headers: [String: String]) -> [String: String] {
        headers.merging(["Content-Type": "application/json"]) { given, _ in given }
    }

    private static func reply(
        _ status: Int,
        _ headers: [String: String],
        body: HTTPBodySequence
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
