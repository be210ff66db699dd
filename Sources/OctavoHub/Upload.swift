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
    /// What became of each file.
    public let files: [UploadPlan.File]
    /// Links that lead out of the folder, whose files were left out.
    public let skippedLinks: [String]
    /// Patterns of what is to go that match no file which only the branch had.
    public let idlePatterns: [String]
    /// How many bytes of contents were sent.
    public let sentBytes: Int
    /// The pull request that was opened, if one was asked for.
    public let pullRequestURL: String?
    /// What the commit holds at each path of the folder.
    let contents: [RepositoryPath: ContentName]

    init(
        _ plan: UploadPlan,
        commit: String,
        didCommit: Bool,
        sentBytes: Int = 0,
        pullRequestURL: String? = nil
    ) {
        self.commit = commit
        self.didCommit = didCommit
        files = plan.files
        skippedLinks = plan.skippedLinks
        idlePatterns = plan.idlePatterns
        self.sentBytes = sentBytes
        self.pullRequestURL = pullRequestURL
        contents = plan.contents
    }

    /// How many files have something become of them.
    public func count(_ change: UploadPlan.Change) -> Int { files.count { $0.change == change } }

    /// How many files the commit changed.
    public var changedFiles: Int { count(.created) + count(.replaced) + count(.deleted) }

    /// How many files were there already, the same.
    public var unchangedFiles: Int { count(.unchanged) }
}

extension HubClient {
    /// Makes a branch hold the files of a folder, in one commit; files it holds besides stay, but for those that
    /// are to go.
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
    ///   - patterns: Which files of the branch are to go that the folder does not have: patterns of the shell
    ///     whose `*` matches slashes too.
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
        deleting patterns: [String] = [],
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws -> UploadReport {
        let (files, skipped) = try await runBlocking { try localFiles(in: folder) }
        guard !files.isEmpty else { throw HubError.nothingToUpload(folder: folder) }
        let head = try await headMakingBranch(id, revision)
        let plan = try await plan(
            files,
            skipped,
            to: id,
            at: revision,
            head: head,
            asPullRequest: asPullRequest,
            deleting: patterns,
            progress
        )
        guard plan.commits > 0 else {
            return UploadReport(plan, commit: head, didCommit: false)
        }
        let storedBytes = try await store(
            plan.objects,
            to: id,
            at: asPullRequest ? nil : revision,
            progress
        )
        progress(.init(phase: .committing, path: "", completedBytes: 0, totalBytes: 0))
        let result = try await commit(
            plan.operations,
            to: id,
            branch: revision,
            parent: head,
            message: message,
            description: description,
            asPullRequest: asPullRequest
        )
        let inlineBytes = plan.operations.reduce(0) { sum, operation in
            if case .file(_, let contents) = operation { sum + contents.count } else { sum }
        }
        return UploadReport(
            plan,
            commit: result.commit,
            didCommit: true,
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
