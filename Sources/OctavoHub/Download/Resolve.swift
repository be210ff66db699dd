internal import OctavoBase

/// What a hub tells about one file without sending it.
public struct FileMetadata: Sendable, Equatable {
    /// The commit that the revision stands for.
    public let commit: String
    /// The ETag: a SHA-256 in hexadecimal for an LFS file, else the git blob's SHA-1.
    public let tag: String
    /// Its length in bytes.
    public let size: Int
}

extension HubClient {
    /// The URL of a file's contents.
    func resolveURL(_ id: RepositoryID, _ revision: Revision, _ path: RepositoryPath) -> WebURL {
        url(
            "/\(id)/resolve/\(percentEncoded(revision.description))/\(percentEncoded(path.description, keeping: "/"))"
        )
    }

    /// Asks for a file's commit, ETag and length.
    public func metadata(
        of path: RepositoryPath,
        in id: RepositoryID,
        at revision: Revision = .main
    )
        async throws -> FileMetadata
    {
        let url = resolveURL(id, revision, path)
        let request = WebRequest("HEAD", url, headers: [("Accept-Encoding", "identity")])
        let exchange = try await exchange(request, redirects: .withinHub)
        let isRedirect = (300..<400).contains(exchange.response.status)
        guard (200..<300).contains(exchange.response.status) || isRedirect else {
            throw HubError(exchange.response, about: id)
        }
        let headers = exchange.headers
        func need<T>(_ value: T?, _ name: String) throws -> T {
            guard let value else {
                throw HubError.malformedReply(
                    from: url.withoutQuery,
                    problem: "its header \(name) is missing or malformed"
                )
            }
            return value
        }
        let length =
            headers["x-linked-size"]
            ?? (isRedirect ? nil : exchange.response.headers["content-length"])
        return FileMetadata(
            commit: try need(
                headers["x-repo-commit"].flatMap { isCommitID($0) ? $0 : nil },
                "X-Repo-Commit"
            ),
            tag: try need((headers["x-linked-etag"] ?? headers["etag"]).map(bareTag), "ETag"),
            size: try need(
                length.flatMap { Int($0) }.flatMap { $0 >= 0 ? $0 : nil },
                "Content-Length"
            )
        )
    }
}

/// An ETag without `W/` and quotes.
func bareTag(_ text: String) -> String {
    var text = Substring(text)
    if text.hasPrefix("W/") { text = text.dropFirst(2) }
    return text.filter { $0 != "\"" }
}
