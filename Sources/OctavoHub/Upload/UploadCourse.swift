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
    /// What an earlier run opened, and somebody has closed or merged since.
    private var closedPullRequest: ClosedPullRequest?

    /// So many bytes are stored before the clock is looked at.
    private static let wave = 1 << 30

    /// Begins at the head of a branch, which is made if there is none; a pull request that an earlier run has opened
    /// is gone on with, as long as it is a draft or open.
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
        if isPullRequest,
            let url = try await Self.earlierPullRequest(client, repository, journal, place)
        {
            let status = try await Self.status(ofPullRequest: url, client, repository)
            guard status != "draft", status != "open" else {
                pullRequestURL = url
                self.branch = try Self.branch(ofPullRequest: url)
                head = try await client.information(repository, at: self.branch).commit
                return
            }
            closedPullRequest = ClosedPullRequest(url: url, status: status)
            journal?.note(UploadJournal.PullRequest?.none)
        }
        head = try await client.headMakingBranch(repository, branch)
    }

    /// The pull request that an earlier run has opened at the same place, though it may have ended before it knew.
    private static func earlierPullRequest(
        _ client: HubClient,
        _ repository: RepositoryID,
        _ journal: UploadJournal?,
        _ place: String
    ) async throws -> String? {
        if let known = journal?.pullRequest(at: place) {
            return pullRequestNumber(known.url) == nil ? nil : known.url
        }
        guard let opening = journal?.opening(at: place),
            let found = try await client.openedPullRequest(
                opening.outcome,
                repository,
                after: opening.last
            ),
            let url = found.pullRequestURL
        else { return nil }
        journal?.note(UploadJournal.PullRequest(place: place, url: url))
        return url
    }

    /// What the hub says a pull request is.
    private static func status(
        ofPullRequest url: String,
        _ client: HubClient,
        _ repository: RepositoryID
    ) async throws -> String {
        guard let number = pullRequestNumber(url),
            let status = try await client.pullRequestStatus(number, of: repository)
        else { return "gone" }
        return status
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
        let last = opens ? try await noteOpening(operations) : nil
        let result: CommitResult
        do {
            result = try await client.commit(
                operations,
                to: repository,
                branch: branch,
                parent: head,
                message: message,
                description: description,
                asPullRequest: opens,
                after: last
            )
        } catch let error as HubError where pullRequestURL != nil && error.mayMeanClosed {
            throw try await closing() ?? error
        }
        head = result.commit
        commits += 1
        sentBytes += changes.reduce(0) { $0 + $1.inlineBytes }
        if opens, let url = result.pullRequestURL {
            pullRequestURL = url
            journal?.note(UploadJournal.PullRequest(place: place, url: url))
        }
    }

    /// Keeps that a pull request is about to be opened: from here on until its number is known, a run that ends leaves
    /// the next one to look whether it was.
    ///
    /// - Returns: The number of the newest one that there was before.
    private func noteOpening(_ operations: [CommitOperation]) async throws -> Int {
        let last = try await client.lastPullRequest(of: repository)
        if let outcome = CommitOutcome(operations) {
            let opening = UploadJournal.Opening(place: place, last: last, outcome: outcome)
            let journal = journal
            try await runBlocking { journal?.note(opening) }
        }
        return last
    }

    /// Why a pull request takes no commits, if it is because somebody has closed or merged it.
    private func closing() async throws -> HubError? {
        guard let url = pullRequestURL else { return nil }
        let status = try await Self.status(ofPullRequest: url, client, repository)
        guard status != "draft", status != "open" else { return nil }
        return .pullRequestClosed(url: url, status: status)
    }

    /// The reference of the pull request that a URL is of: `…/discussions/7`.
    private static func branch(ofPullRequest url: String?) throws -> Revision {
        guard let number = pullRequestNumber(url) else {
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
            closedPullRequest: closedPullRequest,
            contents: plan.contents
        )
    }
}

extension HubError {
    /// Whether hubs may answer so to a commit to a pull request that takes none any more.
    fileprivate var mayMeanClosed: Bool {
        switch self {
        case .alreadyExists, .forbidden, .badRequest, .headMoved, .revisionNotFound: true
        default: false
        }
    }
}
