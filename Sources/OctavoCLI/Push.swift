import ArgumentParser
import OctavoBase
import OctavoHub
import OctavoPublisher

/// Why a push is not made.
enum PushError: Error, CustomStringConvertible {
    /// What was to be private would be seen by everybody.
    case isPublic(String)

    /// As a sentence.
    var description: String {
        switch self {
        case .isPublic(let id): "\(id) exists already and is public, expected a private repository"
        }
    }
}

struct Push: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Upload a model's directory to a hub.",
        discussion: """
            The hub is HF_ENDPOINT, the token HF_TOKEN or the one that the hub's own tools stored. What \
            the hub has already is not sent again; where nothing changed, no commit is made. What is interrupted \
            goes on when it is run again. Most models are one commit; what is too large or takes too long is several, \
            weights first, README.md last. Files that only the hub has stay, unless --delete names them. At the \
            end the hub's own list of files is compared with those here, digest by digest.

            Examples:
              octavo push ./folded me/SmolLM2-135M-AQLM --private
              octavo push ./folded me/SmolLM2-135M-AQLM --plan
              octavo push ./folded me/SmolLM2-135M-AQLM --tag v1.0
              octavo push ./folded me/SmolLM2-135M-AQLM --delete '*.bin' --delete onnx/
            """
    )

    @Argument(help: "The directory to upload.")
    var directory: String

    @Argument(
        help:
            "OWNER/NAME of the repository, or NAME for one of your own; made if it does not exist."
    )
    var repository: String

    @Flag(help: "If the repository is made, nobody else may see it.")
    var `private` = false

    @Option(help: "The branch to commit to.")
    var revision = "main"

    @Flag(help: "Open a pull request instead of committing to the branch.")
    var createPr = false

    @Option(
        name: .customLong("delete"),
        help: ArgumentHelp(
            "Delete what the hub has and the directory has not, where it matches; * matches slashes too, and FOLDER/ is all in it.",
            valueName: "pattern"
        )
    )
    var deletions: [String] = []

    @Option(help: "A tag for the commit; one that is there must be of the same commit.")
    var tag: String?

    @Flag(help: "Only say what would become of each file; nothing is changed.")
    var plan = false

    @Option(help: "The commit's first line.")
    var message = "Upload with octavo \(octavoVersion)"

    @OptionGroup
    var hub: HubOptions

    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard tag == nil || !createPr else {
            throw ValidationError("--tag is for a commit to a branch, not for a pull request")
        }
        for pattern in deletions where pattern.isEmpty || pattern.contains("[^") {
            throw ValidationError(
                "--delete \"\(pattern)\" is no pattern, expected *, ?, [abc] or [!abc]"
            )
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            var id = try RepositoryID(repository)
            let branch = try Revision(revision)
            let tag = try tag.map { try Revision($0) }
            let client = try hubClient(printer, hub)
            // A name alone is meant to be the user's own.
            if id.namespace == nil {
                id = try RepositoryID("\(try await client.whoami().name)/\(id.name)")
            }
            if plan { return try await showPlan(client, id, branch, tag, printer) }
            let creation = try await client.createRepository(id, isPrivate: self.private)
            if creation.existed {
                try await checkExisting(client, id, branch, tag, printer.transferHandler)
            }
            let report = try await client.upload(
                folder: directory,
                to: id,
                revision: branch,
                message: message,
                asPullRequest: createPr,
                deleting: deletions,
                progress: printer.transferHandler
            )
            printer.finish()
            note(report.files, report.skippedLinks, report.idlePatterns, printer)
            if let closed = report.closedPullRequest {
                printer.note(
                    "the pull request \(closed.url) of an earlier run is \(closed.status): "
                        + (report.didCommit ? "opened a new one" : "there is nothing to add to it")
                )
            }
            // Said now: what follows may fail, and the commit is there all the same.
            if report.didCommit {
                printer.note("committed \(report.commit)")
                if let url = report.pullRequestURL { printer.note("pull request \(url)") }
            }
            let checked = try await client.check(report, of: id)
            if let tag { try await client.tag(report.commit, as: tag, of: id) }
            let deleted = report.files.filter { $0.change == .deleted }
            result.show(
                .object([
                    "repository": .string("\(id)"), "commit": .string(report.commit),
                    "committed": .bool(report.didCommit), "commits": .integer(report.commits),
                    "changed_files": .integer(report.changedFiles),
                    "unchanged_files": .integer(report.unchangedFiles),
                    "deleted": .array(deleted.map { .string("\($0.path)") }),
                    "checked_files": .integer(checked),
                    "sent_bytes": .integer(report.sentBytes),
                    "tag": tag.map { .string("\($0)") },
                    "pull_request": report.pullRequestURL.map(JSON.string),
                    "closed_pull_request": report.closedPullRequest.map { .string($0.url) },
                ]),
                text: text(report, id) + "\nchecked: the hub has \(fileText(checked)) as here, "
                    + "by their digests"
            )
        }
    }

    /// Refuses what cannot be done to a repository that is there, before anything is sent.
    private func checkExisting(
        _ client: HubClient,
        _ id: RepositoryID,
        _ branch: Revision,
        _ tag: Revision?,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws {
        if self.private, !(try await client.information(id).isPrivate) {
            throw PushError.isPublic("\(id)")
        }
        guard let tag else { return }
        try await client.checkTag(tag, of: id) {
            try await planned(client, id, branch, progress)
        }
    }

    private func planned(
        _ client: HubClient,
        _ id: RepositoryID,
        _ branch: Revision,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> UploadPlan {
        try await client.planUpload(
            folder: directory,
            to: id,
            revision: branch,
            asPullRequest: createPr,
            deleting: deletions,
            progress: progress
        )
    }

    private func text(_ report: UploadReport, _ id: RepositoryID) -> String {
        guard report.didCommit else { return "\(id) holds all of it already, at \(report.commit)" }
        let pullRequest = report.pullRequestURL.map { ", as pull request \($0)" } ?? ""
        let commits = report.commits == 1 ? "commit" : "\(report.commits) commits, the last"
        return "\(id): \(fileText(report.changedFiles)), \(byteText(report.sentBytes)) sent, "
            + "\(commits) \(report.commit)\(pullRequest)"
    }

    private func fileText(_ count: Int) -> String { count == 1 ? "1 file" : "\(count) files" }

    /// Says what is left out, and what does nothing.
    private func note(
        _ files: [UploadPlan.File],
        _ skippedLinks: [String],
        _ idlePatterns: [String],
        _ printer: ProgressPrinter
    ) {
        for link in skippedLinks {
            printer.note("left out \(link), a link out of the directory")
        }
        for file in files where file.change == .ignored {
            printer.note("left out \(file.path), by the hub's rules")
        }
        for pattern in idlePatterns {
            printer.note("--delete \(pattern) matches nothing that only the hub has")
        }
    }

    /// Asks the hub what would become of each file.
    private func showPlan(
        _ client: HubClient,
        _ id: RepositoryID,
        _ branch: Revision,
        _ tag: Revision?,
        _ printer: ProgressPrinter
    ) async throws {
        // A hub tells nobody without one whether a repository is missing or private.
        guard client.configuration.token != nil else {
            throw HubError.tokenNeeded(message: "a plan asks what a push would")
        }
        let plan = try await planned(client, id, branch, printer.transferHandler)
        printer.finish()
        // The repository may be there though the branch is not.
        if self.private, let found = try? await client.information(id), !found.isPrivate {
            throw PushError.isPublic("\(id)")
        }
        if plan.head != nil, let tag { try await client.checkTag(tag, of: id) { plan } }
        note([], plan.skippedLinks, plan.idlePatterns, printer)
        var table = TextTable(["file", "bytes", ""])
        for file in plan.files { table.add("\(file.path)", "\(file.size)", file.change.rawValue) }
        let counts = UploadPlan.Change.allCases.filter { plan.count($0) > 0 }
            .map { "\(plan.count($0)) \($0.rawValue)" }
        let commits =
            plan.commits == 0
            ? "no commit" : plan.commits == 1 ? "1 commit" : "\(plan.commits) commits"
        let place = plan.head.map { "on \($0)" } ?? "to a branch that is not there yet"
        result.show(
            .object([
                "repository": .string("\(id)"), "head": plan.head.map(JSON.string) ?? .null,
                "commits": .integer(plan.commits), "bytes": .integer(plan.bytes),
                "files": .array(
                    plan.files.map {
                        .object([
                            "path": .string("\($0.path)"), "bytes": .integer($0.size),
                            "change": .string($0.change.rawValue),
                        ])
                    }
                ),
                "left_out": .array(plan.skippedLinks.map(JSON.string)),
            ]),
            text: table.text + "\n\n\(id): \(commits) \(place); \(counts.joined(separator: ", ")); "
                + "at most \(byteText(plan.bytes)) to send"
        )
    }
}
