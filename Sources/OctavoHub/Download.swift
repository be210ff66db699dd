internal import Glibc
internal import OctavoBase

/// What a download did.
public struct DownloadReport: Sendable, Equatable {
    /// The commit whose files are there now.
    public let commit: String
    /// The files, by path.
    public let files: [TreeEntry]
    /// How many files were fetched; the others were there already.
    public let fetchedFiles: Int
    /// How many bytes came over the network.
    public let receivedBytes: Int
}

extension HubClient {
    /// Makes a directory hold the files of a repository at a revision, every byte checked.
    ///
    /// The revision is pinned to its commit first. A file that is there with the right digest is not
    /// fetched again; a transfer that broke goes on where it stopped, after hashing what it had.
    /// Nothing is written outside the directory, and no file has its name before it is whole and right.
    ///
    /// - Parameters:
    ///   - id: The repository.
    ///   - revision: A branch, a tag or a commit.
    ///   - directory: Where the files go; made if it is not there. Other files in it stay.
    ///   - isWanted: Which of the files to fetch, by path.
    ///   - progress: Told how far the work is, from any thread.
    /// - Returns: What was fetched, and the commit.
    /// - Throws: `HubError`, among it `.wrongDigest` and `.unsafePath`; `FileError` from the disk.
    public func download(
        repository id: RepositoryID,
        revision: Revision = .main,
        into directory: String,
        isWanted: @Sendable (RepositoryPath) -> Bool = { _ in true },
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws -> DownloadReport {
        let commit = try Revision(try await information(id, at: revision).commit)
        let files = try await tree(id, at: commit).filter { isWanted($0.path) }.sorted {
            $0.path < $1.path
        }
        let partials = try place([".cache", "octavo"], below: directory)
        try makeDirectory(partials)
        var fetched = 0
        var received = 0
        for file in files {
            let place = try place(file.path.parts, below: directory)
            let isThere = try await runBlocking {
                guard fileKind(place) == .file, try fileSize(place) == file.size else {
                    return false
                }
                return file.content.matches(try MappedFile(place))
            }
            if isThere { continue }
            received += try await fetch(
                file,
                of: id,
                at: commit,
                to: place,
                partials: partials,
                progress
            )
            fetched += 1
        }
        // Left in place while it holds partial files of another download.
        unsafe rmdir(partials)
        unsafe rmdir(joined(directory, ".cache"))
        return DownloadReport(
            commit: commit.description,
            files: files,
            fetchedFiles: fetched,
            receivedBytes: received
        )
    }

    /// Fetches one file; returns how many bytes that took.
    private func fetch(
        _ file: TreeEntry,
        of id: RepositoryID,
        at commit: Revision,
        to place: String,
        partials: String,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> Int {
        let path = file.path.description
        // Stable over runs, and different for two files with the same contents.
        let name = "\(Digest(of: path).hex.prefix(16)).\(file.content).incomplete"
        let partial = try await runBlocking {
            try PartialFile(joined(partials, name), for: file) { count in
                progress(
                    .init(
                        phase: .downloading,
                        path: path,
                        completedBytes: count,
                        totalBytes: file.size
                    )
                )
            }
        }
        let url = resolveURL(id, commit, file.path)
        var received = 0
        var attempt = 1
        // A long file over a bad line may need many tries: progress starts their count anew. A hub
        // that drips a byte at a time makes none.
        let step = max(1, min(1 << 20, file.size / 100))
        var milestone = partial.count
        while partial.count < file.size {
            let start = partial.count
            var request = WebRequest("GET", url, headers: [("Accept-Encoding", "identity")])
            if start > 0 { request.headers.append(("Range", "bytes=\(start)-")) }
            var response: WebResponse?
            var failure: (any Error)?
            do {
                let exchange = try await exchange(request, to: partial, isRepeatable: false)
                response = exchange.response
                let status = exchange.response.status
                let isStale = status == 403 && exchange.url.origin != url.origin
                if status == 416 {
                    try partial.restart()
                } else if !(200..<300).contains(status) {
                    let error = HubError(exchange.response, about: id)
                    guard isStale || RetryPolicy.isTransient(status) else { throw error }
                    failure = error
                }
            } catch  where RetryPolicy.isTransient(error) {
                failure = error
            }
            received += max(0, partial.count - start)
            if partial.count == file.size { break }
            milestone = min(milestone, partial.count)
            if partial.count - milestone >= step {
                milestone = partial.count
                attempt = 1
            }
            guard attempt < retry.attempts, let wait = retry.wait(after: attempt, response) else {
                throw failure
                    ?? HubError.wrongSize(path: path, expected: file.size, found: partial.count)
            }
            try await retry.pause(wait)
            attempt += 1
        }
        try await runBlocking { try partial.finish(as: place) }
        return received
    }
}
