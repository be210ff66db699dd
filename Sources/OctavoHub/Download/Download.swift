internal import OctavoBase
internal import Synchronization

/// What a download did.
public struct DownloadReport: Sendable, Equatable {
    /// Where the files are.
    public let directory: String
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
    /// Several files come at a time, and several ranges of a large one (``TransferLimits``).
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
        let (commit, files) = try await wanted(of: id, at: revision, isWanted)
        let target = try DirectoryTarget(directory)
        defer { target.tidy() }
        return try await fetch(files, of: id, at: commit, to: target, directory, progress)
    }

    /// Makes the cache that Hugging Face's tools share hold the files of a repository at a revision, every byte
    /// checked; otherwise as ``download(repository:revision:into:isWanted:progress:)``.
    ///
    /// - Returns: What was fetched; the directory is the commit's snapshot, of links to the contents.
    public func downloadToCache(
        repository id: RepositoryID,
        revision: Revision = .main,
        isWanted: @Sendable (RepositoryPath) -> Bool = { _ in true },
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws -> DownloadReport {
        let (commit, files) = try await wanted(of: id, at: revision, isWanted)
        let cache = try HubCache(configuration.cacheDirectory, id)
        let snapshot = cache.snapshot(commit.description)
        let report = try await fetch(files, of: id, at: commit, to: cache, snapshot, progress)
        try await runBlocking {
            for file in files { try cache.link(file, in: commit.description) }
            try cache.note(commit.description, as: revision)
        }
        return report
    }

    /// Pins a revision and lists the files that are wanted of it, sorted.
    private func wanted(
        of id: RepositoryID,
        at revision: Revision,
        _ isWanted: @Sendable (RepositoryPath) -> Bool
    ) async throws -> (commit: Revision, files: [TreeEntry]) {
        let commit = try Revision(try await information(id, at: revision).commit)
        let files = try await tree(id, at: commit).filter { isWanted($0.path) }.sorted {
            $0.path < $1.path
        }
        try checkNames(files)
        return (commit, files)
    }

    private func fetch(
        _ files: [TreeEntry],
        of id: RepositoryID,
        at commit: Revision,
        to target: some DownloadTarget,
        _ directory: String,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> DownloadReport {
        let missing = try await missing(files, in: target, progress)
        let ledger = TransferLedger(
            .downloading,
            files: missing.count,
            bytes: missing.reduce(0) { $0 + $1.size },
            progress
        )
        let received = Counter()
        try await forEach(missing, atOnce: limits.files) { file in
            let lock = try target.lock(file)
            defer { lock?.release() }
            let download = FileDownload(
                client: self,
                repository: id,
                url: resolveURL(id, commit, file.path),
                file: file,
                onProgress: { ledger.note("\(file.path)", $0, of: file.size) }
            )
            received.add(
                try await download.run(
                    partial: try target.partialPlace(file),
                    final: try target.place(file)
                )
            )
            ledger.finish("\(file.path)", of: file.size)
        }
        return DownloadReport(
            directory: directory,
            commit: commit.description,
            files: files,
            fetchedFiles: missing.count,
            receivedBytes: received.value
        )
    }

    /// The files that a target has not, of those with the same place one each.
    private func missing(
        _ files: [TreeEntry],
        in target: some DownloadTarget,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> [TreeEntry] {
        let ledger = TransferLedger(
            .checking,
            files: files.count,
            bytes: files.reduce(0) { $0 + $1.size },
            progress
        )
        let missing = Mutex<[String: TreeEntry]>([:])
        try await forEach(files, atOnce: 2) { file in
            try await runBlocking {
                let isThere = try target.has(file) {
                    ledger.note("\(file.path)", $0, of: file.size)
                }
                if isThere { return ledger.finish("\(file.path)", of: file.size) }
                let place = try target.partialPlace(file)
                missing.withLock { $0[place] = $0[place] ?? file }
            }
        }
        return missing.withLock { $0.values.sorted { $0.path < $1.path } }
    }
}

/// Refuses files that cannot be beside each other on every disk: whose paths differ in nothing but the case of
/// letters, and a file in what is a file too.
func checkNames(_ files: [TreeEntry]) throws(HubError) {
    var seen: [String: RepositoryPath] = [:]
    for file in files {
        let folded = file.path.description.lowercased()
        if let other = seen.updateValue(file.path, forKey: folded) {
            throw .unsafePath("\(file.path)", rule: "on some disks it is the same as \(other)")
        }
    }
    for file in files {
        for folder in file.path.folders {
            if let other = seen[folder.description.lowercased()] {
                throw .unsafePath("\(file.path)", rule: "\(other) is a file")
            }
        }
    }
}
