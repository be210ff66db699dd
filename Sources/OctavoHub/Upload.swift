internal import OctavoBase

/// How far a transfer has come.
public struct TransferProgress: Sendable, Equatable {
    /// What is being done.
    public enum Phase: String, Sendable {
        /// A local file is read and hashed.
        case hashing
        /// Bytes go to the hub.
        case uploading
        /// The commit is made.
        case committing
        /// Bytes come from the hub.
        case downloading
    }

    /// What is being done.
    public let phase: Phase
    /// The file it is done to; empty for the commit.
    public let path: String
    /// How many bytes of the file are done.
    public let completedBytes: Int
    /// How many it has.
    public let totalBytes: Int
}

/// What an upload did.
public struct UploadReport: Sendable, Equatable {
    /// The head of the branch now.
    public let commit: String
    /// Whether a commit was made; if not, all was there already.
    public let didCommit: Bool
    /// How many files the commit changed.
    public let changedFiles: Int
    /// How many files were there already, the same.
    public let unchangedFiles: Int
    /// The files that the hub's ignore rules left out.
    public let ignoredFiles: [String]
    /// Links that lead out of the folder, whose files were left out.
    public let skippedLinks: [String]
    /// How many bytes of contents were sent.
    public let sentBytes: Int
    /// The pull request that was opened, if one was asked for.
    public let pullRequestURL: String?
}

extension HubClient {
    /// Makes a branch hold the files of a folder, in one commit; files it holds besides stay.
    ///
    /// Contents stored by LFS are sent first and the commit comes last, with README.md and the rest of
    /// the small files in it, so that the branch never shows half of a model. What the hub has already
    /// is not sent; if it has everything, nothing is sent and no commit is made. A run that was
    /// interrupted is resumed by running it again.
    ///
    /// Links are followed within the folder, and into the `blobs` of the hub's own cache; files that
    /// lie elsewhere are left out.
    ///
    /// - Parameters:
    ///   - folder: The folder; `.git` and `.cache` in it are left out.
    ///   - id: A repository that exists.
    ///   - revision: The branch; made at the head of `main` if it does not exist.
    ///   - message: The commit's first line.
    ///   - description: The rest of the commit's message.
    ///   - asPullRequest: Whether to open a pull request against the branch instead.
    ///   - progress: Told how far the work is, from any thread.
    /// - Returns: What was sent, and the commit.
    /// - Throws: `HubError`, among it `.headMoved`; `FileError` from the disk.
    public func upload(
        folder: String,
        to id: RepositoryID,
        revision: Revision = .main,
        message: String,
        description: String = "",
        asPullRequest: Bool = false,
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws -> UploadReport {
        let (files, skipped) = try await runBlocking { try localFiles(in: folder) }
        guard !files.isEmpty else { throw HubError.nothingToUpload(folder: folder) }
        let head = try await headMakingBranch(id, revision)
        let decisions = try await preupload(
            files,
            to: id,
            at: revision,
            asPullRequest: asPullRequest
        )

        var operations: [CommitOperation] = []
        var objects: [LFSObject] = []
        var ignored: [String] = []
        var unchanged = 0
        var inlineBytes = 0
        for file in files {
            guard let decision = decisions[file.path] else { continue }
            if decision.isIgnored {
                ignored.append(file.path.description)
                continue
            }
            progress(
                .init(
                    phase: .hashing,
                    path: file.path.description,
                    completedBytes: 0,
                    totalBytes: file.size
                )
            )
            switch decision.mode {
            case .lfs:
                let oid = try await runBlocking { try MappedFile(file.location).digest() }
                if decision.remote == oid.hex {
                    unchanged += 1
                } else {
                    objects.append(LFSObject(file: file, oid: oid))
                    operations.append(
                        .lfsFile(path: file.path.description, oid: oid, size: file.size)
                    )
                }
            case .regular:
                guard inlineBytes + file.size <= Protocol.largestCommit else {
                    throw HubError.malformedReply(
                        from: configuration.endpoint.withoutQuery,
                        problem: "it wants more than \(Protocol.largestCommit) bytes in one commit"
                    )
                }
                let contents = try await runBlocking {
                    try readFile(file.location, limit: Protocol.largestRegularFile)
                }
                if decision.remote == gitBlobName(contents) {
                    unchanged += 1
                } else {
                    operations.append(.file(path: file.path.description, contents: contents))
                    inlineBytes += contents.count
                }
            }
        }
        guard !operations.isEmpty else {
            return UploadReport(
                commit: head,
                didCommit: false,
                changedFiles: 0,
                unchangedFiles: unchanged,
                ignoredFiles: ignored,
                skippedLinks: skipped,
                sentBytes: 0,
                pullRequestURL: nil
            )
        }
        let storedBytes = try await store(
            objects,
            to: id,
            at: asPullRequest ? nil : revision,
            progress
        )
        progress(.init(phase: .committing, path: "", completedBytes: 0, totalBytes: 0))
        let result = try await commit(
            operations,
            to: id,
            branch: revision,
            parent: head,
            message: message,
            description: description,
            asPullRequest: asPullRequest
        )
        return UploadReport(
            commit: result.commit,
            didCommit: true,
            changedFiles: operations.count,
            unchangedFiles: unchanged,
            ignoredFiles: ignored,
            skippedLinks: skipped,
            sentBytes: inlineBytes + storedBytes,
            pullRequestURL: result.pullRequestURL
        )
    }

    /// Stores the objects that the hub lacks; returns how many bytes that took.
    private func store(
        _ objects: [LFSObject],
        to id: RepositoryID,
        at revision: Revision?,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> Int {
        let actions = try await lfsBatch(objects, to: id, at: revision)
        var stored: Set<Digest> = []
        var sentBytes = 0
        for object in objects where stored.insert(object.oid).inserted {
            guard let action = actions[object.oid] else { continue }
            let path = object.file.path.description
            let size = object.file.size
            sentBytes += try await store(object, action, to: id, at: revision) { sent in
                progress(
                    .init(phase: .uploading, path: path, completedBytes: sent, totalBytes: size)
                )
            }
        }
        return sentBytes
    }

    /// The head of a branch, which is made if there is none.
    private func headMakingBranch(_ id: RepositoryID, _ branch: Revision) async throws -> String {
        do {
            return try await information(id, at: branch).commit
        } catch HubError.revisionNotFound where branch != .main {
            try await createBranch(branch, of: id)
            return try await information(id, at: branch).commit
        }
    }
}
