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
        let received = try await fetch(url, of: id, file.path, to: partial)
        try await runBlocking { try partial.finish(as: place) }
        return received
    }
}
