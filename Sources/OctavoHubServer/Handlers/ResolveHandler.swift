internal import FlyingFox
internal import Foundation
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// Sends a small file, or the way to a large one.
    func resolve(
        _ context: Context,
        _ id: RepositoryID,
        _ revision: Revision,
        _ path: String
    ) async throws -> HTTPResponse {
        let (repository, commitID, commit) = try await found(context, id, revision)
        try checkFiles(of: repository, for: context.caller)
        guard let path = try? RepositoryPath(path), let file = commit.files[path] else {
            var response = HTTPResponse.refusal(.noEntry(path), to: context.request.method)
            response.headers[HTTPHeader("X-Repo-Commit")] = commitID
            return response
        }
        var headers = ["X-Repo-Commit": commitID, "Accept-Ranges": "bytes"]
        switch file.content {
        case .sha256(let oid):
            headers["X-Linked-Etag"] = "\"\(oid)\""
            headers["X-Linked-Size"] = String(file.size)
            headers["Location"] =
                contentEndpoint
                + presigner.target(
                    .init(
                        permission: .read(at: commitID),
                        oid: oid,
                        size: file.size,
                        user: context.caller?.user ?? ""
                    )
                )
            return .reply(302, headers)
        case .gitBlob(let name):
            headers["ETag"] = "\"\(name)\""
            return try await fileResponse(
                store.contents.path(file.content),
                context.request,
                headers
            )
        }
    }
}

/// Sends a file, or the range of it that is asked for; only the headers for HEAD.
func fileResponse(
    _ path: String,
    _ request: HTTPRequest,
    _ headers: [String: String]
) async throws -> HTTPResponse {
    let size = try await runBlocking { try fileSize(path) }
    var headers = headers
    headers["Content-Type"] = "application/octet-stream"
    // No browser is to see a page in what somebody uploaded.
    headers["X-Content-Type-Options"] = "nosniff"
    var range = 0..<size
    var status = 200
    switch ByteRange(request.headers[.range], size: size) {
    case .whole: break
    case .unsatisfiable: return .reply(416, ["Content-Range": "bytes */\(size)"])
    case .part(let part):
        range = part
        status = 206
        headers["Content-Range"] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(size)"
    }
    headers["Content-Length"] = String(range.count)
    var response = HTTPResponse.reply(status, headers)
    if request.method != .HEAD && !range.isEmpty {
        let body = try HTTPBodySequence(
            file: URL(fileURLWithPath: path),
            range: range,
            suggestedBufferSize: 1 << 18
        )
        response.payload = .httpBody(body)
    }
    return response
}

/// What a `Range` header asks for.
enum ByteRange: Equatable {
    case whole
    case part(Range<Int>)
    case unsatisfiable

    /// Reads `bytes=A-B`, `bytes=A-` and `bytes=-N`; anything else, several ranges among it, may be
    /// answered with the whole (RFC 9110, section 14.2).
    init(_ header: String?, size: Int) {
        self = .whole
        guard let header, header.hasPrefix("bytes="), !header.contains(",") else { return }
        let ends = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2,
            ends.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } })
        else { return }
        switch (Int(ends[0]), Int(ends[1])) {
        case (let first?, let last?) where first <= last && first < size:
            self = .part(first..<(last < size ? last + 1 : size))
        case (let first?, nil) where ends[1].isEmpty && first < size: self = .part(first..<size)
        case (nil, let count?) where ends[0].isEmpty && count > 0 && size > 0:
            self = .part(max(0, size - count)..<size)
        case (let first?, let last?) where first > last: break
        default: self = .unsatisfiable
        }
    }
}
