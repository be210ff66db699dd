internal import FlyingFox
internal import Foundation
internal import OctavoBase

extension HTTPResponse {
    /// An answer in JSON.
    static func json(
        _ value: JSON,
        status: Int = 200,
        type: String = "application/json",
        headers: [String: String] = [:]
    ) -> HTTPResponse {
        reply(
            status,
            headers.merging(["Content-Type": type]) { given, _ in given },
            Array(value.text(.compact).utf8)
        )
    }

    /// An answer of given status, headers and body.
    static func reply(_ status: Int, _ headers: [String: String] = [:], _ body: [UInt8] = [])
        -> HTTPResponse
    {
        var all = HTTPHeaders()
        for (name, value) in headers { all[HTTPHeader(name)] = value }
        return HTTPResponse(
            statusCode: .init(status, phrase: phrase(status)),
            headers: all,
            body: Data(body)
        )
    }

    /// A refusal as the protocol words it; to a HEAD request, only the headers of it.
    static func refusal(_ refusal: Refusal, to method: HTTPMethod) -> HTTPResponse {
        var object = JSONObject()
        object["error"] = .string(refusal.message)
        for (key, value) in refusal.details { object[key] = value }
        // A message may quote the request: nothing in it may end the header.
        let line = refusal.message.unicodeScalars.map {
            (0x20...0x7E).contains($0.value) ? Character($0) : "?"
        }
        var headers = refusal.headers
        headers["X-Error-Message"] = String(line)
        if let code = refusal.code { headers["X-Error-Code"] = code }
        guard method == .HEAD else {
            return json(.object(object), status: refusal.status, headers: headers)
        }
        // A body after the answer to HEAD would be taken for the beginning of the next answer.
        headers["Content-Length"] = String(JSON.object(object).text(.compact).utf8.count)
        headers["Content-Type"] = "application/json"
        return reply(refusal.status, headers)
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 206: "Partial Content"
        case 302: "Found"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 409: "Conflict"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 416: "Range Not Satisfiable"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        default: "Internal Server Error"
        }
    }
}
