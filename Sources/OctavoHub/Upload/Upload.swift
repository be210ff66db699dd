internal import OctavoBase

/// What an upload did.
public struct UploadReport: Sendable, Equatable {
    /// The head of the branch now.
    public let commit: String
    /// How many commits were made; if none, all was there already.
    public let commits: Int
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
    /// A pull request of an earlier run that takes no more commits, so that a new one was opened if there was
    /// anything to commit.
    public let closedPullRequest: ClosedPullRequest?
    /// What the commit holds at each path of the folder.
    let contents: [RepositoryPath: ContentName]

    /// Whether a commit was made.
    public var didCommit: Bool { commits > 0 }

    /// How many files have something become of them.
    public func count(_ change: UploadPlan.Change) -> Int { files.count { $0.change == change } }

    /// How many files the commits changed.
    public var changedFiles: Int { count(.created) + count(.replaced) + count(.deleted) }

    /// How many files were there already, the same.
    public var unchangedFiles: Int { count(.unchanged) }
}

extension HubClient {
    /// Makes a branch hold the files of a folder; files it holds besides stay, but for those that are to go.
    ///
    /// Contents stored by LFS are sent first and a commit refers to them afterwards: one for all as a rule, several for
    /// what is larger than a commit may be (``TransferLimits``), or takes long to send. Weights come first,
    /// README.md and octavo.json in the last, so that the branch never shows half of a model as a whole. What the hub has
    /// already is not sent; if it has everything, nothing is sent and no commit is made. A run that was
    /// interrupted is taken up by running it again: what is done is not done again, down to the parts of a
    /// large file, by what a journal beside the folder says (`FOLDER.push.json`, gone when all is done). So is a
    /// pull request that it opened or was about to open, as long as nobody has closed or merged it.
    ///
    /// Links are followed within the folder, and into the `blobs` of the hub's own cache; files that
    /// lie elsewhere are left out.
    ///
    /// - Parameters:
    ///   - folder: The folder; `.git` and `.cache` in it are left out.
    ///   - id: A repository that exists.
    ///   - revision: The branch; made at the head of `main` if it does not exist.
    ///   - message: The first line of a commit; of several, each says which part it is.
    ///   - description: The rest of the commit's message.
    ///   - asPullRequest: Whether to open a pull request against the branch instead.
    ///   - patterns: Which files of the branch are to go that the folder does not have: patterns of the shell
    ///     whose `*` matches slashes too.
    ///   - progress: Told how far the work is, from any thread.
    /// - Returns: What was sent, and the last commit.
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
        let journal = UploadJournal(beside: folder)
        var course = try await UploadCourse(
            self,
            id,
            revision,
            isPullRequest: asPullRequest,
            journal
        )
        var plan = try await plan(files, skipped, course, deleting: patterns, progress)
        // What was asked about the branch and about its files may be two states of it. A commit would be refused then;
        // where nothing is to be committed, the head is looked at once more.
        for _ in 0..<5 where plan.commits == 0 {
            let head = try await information(id, at: course.branch).commit
            guard head != course.head else { break }
            course.head = head
            plan = try await self.plan(files, skipped, course, deleting: patterns, progress)
        }
        try await course.run(plan, message: message, description: description, progress)
        journal.remove()
        return course.report(plan)
    }

    private func plan(
        _ files: [LocalFile],
        _ skippedLinks: [String],
        _ course: UploadCourse,
        deleting patterns: [String],
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> UploadPlan {
        try await plan(
            files,
            skippedLinks,
            to: course.repository,
            at: course.branch,
            head: course.head,
            asPullRequest: course.opensPullRequest,
            deleting: patterns,
            journal: course.journal,
            progress
        )
    }

    /// The head of a branch, which is made if there is none.
    func headMakingBranch(_ id: RepositoryID, _ branch: Revision) async throws -> String {
        do {
            return try await information(id, at: branch).commit
        } catch HubError.revisionNotFound where branch != .main {
            try await createBranch(branch, of: id)
            return try await information(id, at: branch).commit
        }
    }
}
