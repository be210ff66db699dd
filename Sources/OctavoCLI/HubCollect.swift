import ArgumentParser
import OctavoBase
import OctavoHubServer
import OctavoPublisher

extension Hub {
    struct Collect: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gc",
            abstract: "Remove what no branch, tag or pull request of a hub leads to.",
            discussion: """
                For a hub that is not running. Removes commits, contents and halves of uploads; what is \
                young stays, for the commit that will name it may be on its way.

                Example:
                  octavo hub gc --root ./hub --dry-run
                """
        )

        @Option(help: "The hub's directory.")
        var root: String

        @Option(help: "How old what is removed must be, as in 30m, 24h or 7d.")
        var olderThan = Age(seconds: 24 * 3600)

        @Flag(help: "Only say what would be removed.")
        var dryRun = false

        @OptionGroup
        var result: OutputOptions

        func run() async throws {
            try await reporting(as: result) { _ in
                let report = try HubCollection.collect(
                    root: root,
                    olderThan: olderThan.seconds,
                    isDryRun: dryRun
                )
                let kinds = [
                    ("commits", report.commits), ("objects", report.objects),
                    ("blobs", report.blobs), ("uploads", report.uploads),
                ]
                var table = TextTable([dryRun ? "would remove" : "removed", "files", "bytes"])
                var object = JSONObject()
                for (name, count) in kinds {
                    table.add(name, "\(count.files)", byteText(count.bytes))
                    object[name] = .object([
                        "files": .integer(count.files), "bytes": .integer(count.bytes),
                    ])
                }
                object["bytes"] = .integer(report.bytes)
                object["kept_bytes"] = .integer(report.keptBytes)
                object["dry_run"] = .bool(dryRun)
                result.show(.object(object), text: table.text)
            }
        }
    }
}

/// A length of time, written as in `30m`, `24h` or `7d`.
struct Age: ExpressibleByArgument, CustomStringConvertible {
    let seconds: Int

    var description: String { "\(seconds)s" }

    init(seconds: Int) { self.seconds = seconds }

    init?(argument: String) {
        let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86400)]
        guard let (unit, length) = units.first(where: { argument.hasSuffix($0.0) }),
            let count = Int(argument.dropLast(unit.count)), count >= 0
        else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: length)
        // Ages go back no further than time itself.
        guard !overflow, seconds < 1 << 40 else { return nil }
        self.seconds = seconds
    }
}
