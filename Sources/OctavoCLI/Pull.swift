import ArgumentParser
import OctavoBase
import OctavoHub
import OctavoPublisher

struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Download a repository, every byte checked.",
        discussion: """
            Files are hashed while they arrive; a byte that differs from what the hub declared is refused. \
            An interrupted download goes on where it stopped when it is run again. With --cache the files go to \
            the cache that Hugging Face's tools share (HF_HUB_CACHE), and the result is the folder in it.

            Examples:
              octavo pull me/SmolLM2-135M-AQLM ./model
              octavo pull me/SmolLM2-135M-AQLM@v1 ./model
              octavo pull me/SmolLM2-135M-AQLM --include '*.json' --exclude 'onnx/'
              octavo pull me/SmolLM2-135M-AQLM --cache
            """
    )

    @Argument(help: "OWNER/NAME of the repository, with @REVISION if not its main branch.")
    var repository: String

    @Argument(help: "The directory to fill; by default one named like the repository.")
    var directory: String?

    @Flag(help: "Fill the cache of Hugging Face's tools instead of a directory.")
    var cache = false

    @Option(
        help: ArgumentHelp(
            "Fetch only what matches; * matches slashes too, and FOLDER/ is all in it.",
            valueName: "pattern"
        )
    )
    var include: [String] = []

    @Option(help: ArgumentHelp("Leave out what matches.", valueName: "pattern"))
    var exclude: [String] = []

    @OptionGroup
    var hub: HubOptions

    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard !cache || directory == nil else {
            throw ValidationError("--cache has a place of its own: name no directory")
        }
        for pattern in include + exclude where pattern.isEmpty || pattern.contains("[^") {
            throw ValidationError("\"\(pattern)\" is no pattern, expected *, ?, [abc] or [!abc]")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let (id, revision) = try parseRepository(repository)
            let client = try hubClient(printer, hub)
            let (include, exclude) = (include, exclude)
            let isWanted: @Sendable (RepositoryPath) -> Bool = { path in
                (include.isEmpty || include.contains { path.matches($0) })
                    && !exclude.contains { path.matches($0) }
            }
            let report =
                cache
                ? try await client.downloadToCache(
                    repository: id,
                    revision: revision,
                    isWanted: isWanted,
                    progress: printer.transferHandler
                )
                : try await client.download(
                    repository: id,
                    revision: revision,
                    into: directory ?? id.name,
                    isWanted: isWanted,
                    progress: printer.transferHandler
                )
            printer.finish()
            if report.files.isEmpty {
                printer.note("no file of \(id) matches; nothing was fetched")
            }
            let isSelection = !include.isEmpty || !exclude.isEmpty
            if !cache, !isSelection { try noteOthers(report, printer) }
            result.show(
                .object([
                    "directory": .string(report.directory), "commit": .string(report.commit),
                    "files": .integer(report.files.count),
                    "fetched_files": .integer(report.fetchedFiles),
                    "received_bytes": .integer(report.receivedBytes),
                ]),
                text: "\(report.directory): \(report.files.count) files of commit "
                    + "\(report.commit), \(report.fetchedFiles) fetched, "
                    + "\(byteText(report.receivedBytes)) received"
            )
        }
    }

    /// Names what is in the directory and not in the repository.
    private func noteOthers(_ report: DownloadReport, _ printer: ProgressPrinter) throws {
        let known = Set(report.files.map(\.path.description))
        for file in try filesBelow(report.directory) where !known.contains(file) {
            printer.note(
                "\(joined(report.directory, file)) was there before and is no part of the repository"
            )
        }
    }
}
