import ArgumentParser
import OctavoBase
import OctavoHub
import OctavoPublisher

struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Download a repository, every byte checked.",
        discussion: """
            Files are hashed while they arrive; a byte that differs from what the hub declared is refused. \
            An interrupted download goes on where it stopped when it is run again.

            Examples:
              octavo pull me/SmolLM2-135M-AQLM ./model
              octavo pull me/SmolLM2-135M-AQLM@v1 ./model
            """
    )

    @Argument(help: "OWNER/NAME of the repository, with @REVISION if not its main branch.")
    var repository: String

    @Argument(help: "The directory to fill; by default one named like the repository.")
    var directory: String?

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let (id, revision) = try parseRepository(repository)
            let target = directory ?? id.name
            let report = try await hubClient().download(
                repository: id,
                revision: revision,
                into: target,
                progress: printer.transferHandler
            )
            printer.finish()
            let known = Set(report.files.map(\.path.description))
            for file in try filesBelow(target) where !known.contains(file) {
                printer.note(
                    "\(joined(target, file)) was there before and is no part of the repository"
                )
            }
            result.show(
                .object([
                    "directory": .string(target), "commit": .string(report.commit),
                    "files": .integer(report.files.count),
                    "fetched_files": .integer(report.fetchedFiles),
                    "received_bytes": .integer(report.receivedBytes),
                ]),
                text: "\(target): \(report.files.count) files of commit \(report.commit), "
                    + "\(report.fetchedFiles) fetched, \(byteText(report.receivedBytes)) received"
            )
        }
    }
}
