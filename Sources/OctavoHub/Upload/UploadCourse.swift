internal import OctavoBase

/// An upload under way: what is stored, what is committed, and on top of what the next commit goes.
struct UploadCourse {
    let client: HubClient
    let repository: RepositoryID
    var branch: Revision
    var head: String
    let isPullRequest: Bool
    let journal: UploadJournal?
    /// Where it goes, for the journal.
    private let place: String

    private var commits = 0
    private var sentBytes = 0
    private var pullRequestURL: String?

    /// So many bytes are stored before the clock is looked at.
    private static let wave = 1 << 30

    /// Begins at the head of a branch, which is made if there is none; a pull request that an earlier run has opened
    /// is gone on with.
    init(
        _ client: HubClient,
        _ repository: RepositoryID,
        _ branch: Revision,
        isPullRequest: Bool,
        _ journal: UploadJournal?
    ) async throws {
        self.client = client
        self.repository = repository
        self.branch = branch
        self.isPullRequest = isPullRequest
        self.journal = journal
        place = "\(client.configuration.endpoint)/\(repository)@\(branch)"
        if isPullRequest, let opened = journal?.pullRequest(at: place),
            let reference = try? Self.branch(ofPullRequest: opened.url),
            let found = try? await client.information(repository, at: reference)
        {
            (self.branch, head, pullRequestURL) = (reference, found.commit, opened.url)
        } else {
            head = try await client.headMakingBranch(repository, branch)
        }
    }

    /// Whether the next commit opens a pull request.
    var opensPullRequest: Bool { isPullRequest && commits == 0 && pullRequestURL == nil }

    /// Stores and commits everything that is planned.
    mutating func run(
        _ plan: UploadPlan,
        message: String,
        description: String,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws {
        let objects = plan.changes.filter { $0.storedBytes > 0 }
        let ledger = TransferLedger(
            .uploading,
            files: objects.count,
            bytes: objects.reduce(0) { $0 + $1.storedBytes },
            progress
        )
        var queue = ChangeQueue(plan.changes)
        let limits = client.limits
        while !queue.isEmpty {
            var commit: [PlannedChange] = []
            let began = ContinuousClock.now
            while true {
                let wave = queue.take(beside: commit, limits, wave: Self.wave)
                guard !wave.isEmpty else { break }
                try await store(wave, ledger)
                commit += wave
                if ContinuousClock.now - began > .seconds(limits.commitSeconds) { break }
            }
            let part = plan.commits > 1 || commits > 0 || !queue.isEmpty
            try await make(
                commit,
                message: part ? "\(message) (part \(commits + 1))" : message,
                description,
                progress
            )
        }
    }

    private mutating func store(_ wave: [PlannedChange], _ ledger: TransferLedger) async throws {
        let objects = wave.compactMap { change in
            if case .object(let object) = change { object } else { nil }
        }
        guard !objects.isEmpty else { return }
        sentBytes += try await client.store(
            objects,
            to: repository,
            // Pull requests are no branches of the repository.
            at: isPullRequest ? nil : branch,
            journal,
            ledger
        )
    }

    private mutating func make(
        _ changes: [PlannedChange],
        message: String,
        _ description: String,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws {
        let ledger = TransferLedger(.committing, files: changes.count, bytes: 0, progress)
        ledger.note("", 0, of: 0)
        let operations = try await runBlocking { try changes.map { try $0.operation() } }
        // The first commit opens the pull request, the others go on there.
        let opens = opensPullRequest
        if isPullRequest, !opens { branch = try Self.branch(ofPullRequest: pullRequestURL) }
        let result = try await client.commit(
            operations,
            to: repository,
            branch: branch,
            parent: head,
            message: message,
            description: description,
            asPullRequest: opens
        )
        head = result.commit
        commits += 1
        sentBytes += changes.reduce(0) { $0 + $1.inlineBytes }
        if opens, let url = result.pullRequestURL {
            pullRequestURL = url
            journal?.note(.init(place: place, url: url))
        }
    }

    /// The reference of the pull request that a URL is of: `…/discussions/7`.
    private static func branch(ofPullRequest url: String?) throws -> Revision {
        guard let url, let number = url.slashParts.last.flatMap({ Int($0) }), number > 0 else {
            throw HubError.malformedReply(
                from: "the hub",
                problem: "it names no number of the pull request"
            )
        }
        return try Revision("refs/pr/\(number)")
    }

    /// What was done.
    func report(_ plan: UploadPlan) -> UploadReport {
        UploadReport(
            commit: head,
            commits: commits,
            files: plan.files,
            skippedLinks: plan.skippedLinks,
            idlePatterns: plan.idlePatterns,
            sentBytes: sentBytes,
            pullRequestURL: pullRequestURL,
            contents: plan.contents
        )
    }
}
