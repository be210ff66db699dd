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
        // Grows with what arrives, and never beyond the range.
        let taken = Mutex<[UInt8]>([])
        let sink = RangeSink(path, range, of: size) { bytes, _ in
            taken.withLock { $0 += bytes.array }
        }
        defer { received.wrappingAdd(sink.count, ordering: .relaxed) }
        _ = try await client.fetch(url, of: repository, path, to: sink)
        return taken.withLock { $0 }
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
