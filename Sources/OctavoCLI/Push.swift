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
        abstract: "Upload a model's directory to a hub, in one commit.",
        discussion: """
            The hub is HF_ENDPOINT, the token HF_TOKEN or the one that the hub's own tools stored. What \
            the hub has already is not sent again; where nothing changed, no commit is made.

            Examples:
              octavo push ./folded me/SmolLM2-135M-AQLM --private
              octavo push ./folded me/SmolLM2-135M-AQLM --plan
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

    @Flag(help: "Only say what would be sent.")
    var plan = false

    @Option(help: "The commit's first line.")
    var message = "Upload with octavo \(octavoVersion)"

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            var id = try RepositoryID(repository)
            let branch = try Revision(revision)
            if plan { return try showPlan() }
            let client = try hubClient()
            // A name alone is meant to be the user's own.
            if id.namespace == nil {
                id = try RepositoryID("\(try await client.whoami().name)/\(id.name)")
            }
            let creation = try await client.createRepository(id, isPrivate: self.private)
            if self.private, creation.existed, !(try await client.information(id).isPrivate) {
                throw PushError.isPublic("\(id)")
            }
            let report = try await client.upload(
                folder: directory,
                to: id,
                revision: branch,
                message: message,
                asPullRequest: createPr,
                progress: printer.transferHandler
            )
            printer.finish()
            for link in report.skippedLinks {
                printer.note("left out \(link), a link out of the directory")
            }
            result.show(
                .object([
                    "repository": .string("\(id)"), "commit": .string(report.commit),
                    "committed": .bool(report.didCommit),
                    "changed_files": .integer(report.changedFiles),
                    "unchanged_files": .integer(report.unchangedFiles),
                    "sent_bytes": .integer(report.sentBytes),
                    "pull_request": report.pullRequestURL.map(JSON.string),
                ]),
                text: text(report, id)
            )
        }
    }

    private func text(_ report: UploadReport, _ id: RepositoryID) -> String {
        guard report.didCommit else { return "\(id) holds all of it already, at \(report.commit)" }
        let pullRequest = report.pullRequestURL.map { ", as pull request \($0)" } ?? ""
        return "\(id): \(report.changedFiles) files, \(byteText(report.sentBytes)) sent, "
            + "commit \(report.commit)\(pullRequest)"
    }

    /// Lists what an upload would consider, without asking the hub.
    private func showPlan() throws {
        let files = try filesBelow(directory).filter {
            // What an upload leaves out, at every depth.
            $0.split(separator: "/").allSatisfy { $0 != ".git" && $0 != ".cache" }
        }
        var table = TextTable(["file", "bytes"])
        var total = 0
        for file in files {
            let size = try fileSize(joined(directory, file))
            total += size
            table.add(file, "\(size)")
        }
        table.add("all", "\(total)")
        result.show(
            .object(["files": .array(files.map(JSON.string)), "bytes": .integer(total)]),
            text: table.text
        )
    }
}
