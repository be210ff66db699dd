internal import OctavoBase
private import Synchronization

/// A file of a repository that is read a range at a time, at one commit.
///
/// What comes has no digest of the hub's: whoever reads a file by ranges has to know by itself what is in it.
public final class RemoteFile: Sendable {
    /// The repository.
    public let repository: RepositoryID
    /// The file's path in it.
    public let path: RepositoryPath
    /// The commit that it is read at, whatever its branch holds by now.
    public let commit: String
    /// Its length in bytes.
    public let size: Int
    private let client: HubClient
    private let url: WebURL
    private let received = Atomic(0)

    /// How many of its bytes have come over the network.
    public var receivedBytes: Int { received.load(ordering: .relaxed) }

    fileprivate init(
        _ client: HubClient,
        _ repository: RepositoryID,
        _ path: RepositoryPath,
        at commit: Revision,
        size: Int
    ) {
        self.client = client
        self.repository = repository
        self.path = path
        self.commit = commit.description
        self.size = size
        url = client.resolveURL(repository, commit, path)
    }

    /// Fetches a range of its bytes, all of it, or nothing.
    ///
    /// The hub is asked each time, and follows to where it keeps the bytes without the token.
    ///
    /// - Parameter range: Inside the file.
    /// - Returns: Them.
    /// - Throws: `HubError`: `.rangeIgnored` if the hub would send the whole file instead, `.malformedReply` if it sends
    ///   another range or one of a file of another length, `.wrongSize` if it sends more or, after all tries, less.
    public func bytes(_ range: Range<Int>) async throws -> [UInt8] {
        guard !range.isEmpty else { return [] }
        let sink = RangeSink(path, range, of: size)
        defer { received.wrappingAdd(sink.count, ordering: .relaxed) }
        _ = try await client.fetch(url, of: repository, path, to: sink)
        return sink.bytes
    }
}

extension HubClient {
    /// Finds a file that is to be read by ranges.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - id: The repository.
    ///   - revision: A branch, a tag or a commit; it is pinned to its commit.
    /// - Returns: The file, of which nothing has been fetched yet.
    /// - Throws: `HubError`.
    public func file(
        _ path: RepositoryPath,
        in id: RepositoryID,
        at revision: Revision = .main
    ) async throws -> RemoteFile {
        let commit = try Revision(try await information(id, at: revision).commit)
        let found = try await metadata(of: path, in: id, at: commit)
        guard found.commit == commit.description else {
            throw HubError.malformedReply(
                from: resolveURL(id, commit, path).withoutQuery,
                problem: "it is about commit \(found.commit), not \(commit)"
            )
        }
        return RemoteFile(self, id, path, at: commit, size: found.size)
    }
}

/// Keeps a range of a file in memory, which grows with what arrives and never beyond the range.
private final class RangeSink: ResumableSink {
    private let path: RepositoryPath
    private let wanted: Range<Int>
    private let total: Int
    private let taken = Mutex<[UInt8]>([])

    init(_ path: RepositoryPath, _ wanted: Range<Int>, of total: Int) {
        self.path = path
        self.wanted = wanted
        self.total = total
    }

    var bytes: [UInt8] { taken.withLock { $0 } }
    var count: Int { taken.withLock { $0.count } }
    var size: Int { wanted.count }
    var range: String? { "bytes=\(span)" }
    /// First and last byte of what is missing.
    private var span: String { "\(wanted.lowerBound + count)-\(wanted.upperBound - 1)" }

    /// Accepts a 206 of exactly what is missing.
    ///
    /// A 200 would bring the whole file.
    func accepts(_ response: WebResponse) throws -> Bool {
        switch response.status {
        case 200: throw HubError.rangeIgnored(path: path.description)
        case 206:
            try requireRange(in: response, "bytes \(span)/\(total)", of: path)
            return true
        default: return false
        }
    }

    func write(_ bytes: RawSpan) throws {
        try taken.withLock { taken in
            guard bytes.byteCount <= wanted.count - taken.count else {
                throw HubError.wrongSize(
                    path: path.description,
                    expected: wanted.count,
                    found: taken.count + bytes.byteCount
                )
            }
            taken += bytes.array
        }
    }

    func restart() throws {
        throw HubError.rangeNotSatisfiable(
            message: "bytes \(span) of \(path), which it said has \(total)"
        )
    }
}

/// Refuses a 206 of another range than was asked for.
func requireRange(in response: WebResponse, _ wanted: String, of path: RepositoryPath) throws {
    let found = response.headers["content-range"] ?? "none"
    guard found == wanted else {
        throw HubError.malformedReply(
            from: path.description,
            problem: "its range is \(found.prefix(100)), not \(wanted)"
        )
    }
}
