public import ArgumentParser
import Foundation
import OctavoBase
import OctavoHub
public import OctavoPublisher

struct Publish: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry out a manifest: from a checkpoint to a repository that anyone can verify.",
        discussion: """
            The manifest, a YAML file, says what to publish: the original, how it is quantized and tuned, what is \
            measured, in which forms and where it is published (docs/publishing.md; manifests/schema.json for editors). \
            Everything is made in a folder, NAME.publish in the current directory. Run it again and it does only what is \
            not up to date: nothing at all, or what depends on what you changed in the manifest. A run that was \
            interrupted is taken up with --resume and ends in the same bytes.

            Stages: source, quantize, tune, output, evaluate, card, sign, verify, push.

            Examples:
              octavo publish manifests/smollm2-135m-2x8g8.yaml --plan
              octavo publish manifests/smollm2-135m-2x8g8.yaml --skip-push
              octavo publish manifests/smollm2-135m-2x8g8.yaml --source ./SmolLM2-135M-Instruct
              octavo publish manifests/smollm2-135m-2x8g8.yaml --resume
              octavo publish manifests/smollm2-135m-2x8g8.yaml --from card
            """
    )

    @Argument(help: "The manifest.")
    var manifest: String

    @Flag(help: "Only say what would be done; nothing is made, fetched or sent.")
    var plan = false

    @Flag(help: "Take up a stage that was interrupted.")
    var resume = false

    @Flag(help: "Make everything, but send nothing.")
    var skipPush = false

    @Option(help: "Carry out this stage alone; what it works on must be up to date.")
    var only: PublishingStage.Kind?

    @Option(help: "Make this stage and all after it anew, also where they are up to date.")
    var from: PublishingStage.Kind?

    @Option(help: "The folder to work in; by default NAME.publish in the current directory.")
    var work: String?

    @Option(help: "The original on this machine, instead of where the manifest has it.")
    var source: String?

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var hub: HubOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        if only != nil, from != nil { throw ValidationError("give either --only or --from") }
        if skipPush, only == .push {
            throw ValidationError("--skip-push leaves out the one stage that --only asks for")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let asked = try Manifest(manifest, ManifestDefaults(threads: threads.count))
            var request = PublishingRequest(workspace: work ?? asked.name + ".publish")
            (request.resume, request.pushes, request.onlyPlans) = (resume, !skipPush, plan)
            (request.only, request.from, request.sourcePath) = (only, from, source)
            let publication = try Publication(
                asked,
                request,
                client: hubClient(printer, hub),
                key: asked.signing.map {
                    try signingKey($0.key, passphraseFile: $0.passphraseFile, printer)
                },
                progress: printer.handler,
                transfers: printer.transferHandler
            )
            let report = plan ? try await publication.plan() : try await publication.run()
            printer.finish()
            result.show(json(report), text: text(report, asked))
        }
    }

    private func text(_ report: PublishingReport, _ manifest: Manifest) -> String {
        var table = TextTable(["stage", "", "inputs", "CPU time"])
        for stage in report.stages {
            let outcome =
                stage.reason.isEmpty
                ? stage.outcome.rawValue : "\(stage.outcome.rawValue): \(stage.reason)"
            table.add(
                "\(stage.stage)",
                outcome,
                String(stage.inputs.prefix(12)),
                stage.cpuSeconds > 0 ? durationText(stage.cpuSeconds) : ""
            )
        }
        var lines = [table.text, ""]
        if let expected = manifest.expected {
            lines += [expected.text, ""]
        }
        for output in report.outputs {
            guard let repository = output.repository, let commit = output.commit else {
                if !plan { lines.append("\(output.name): \(output.path)") }
                continue
            }
            let pullRequest = output.pullRequest.map { ", pull request \($0)" } ?? ""
            lines.append("\(output.name): \(repository) at \(commit)\(pullRequest)")
        }
        if report.didNothing, !plan { lines.append("nothing to do: everything is up to date") }
        return lines.joined(separator: "\n")
    }

    private func json(_ report: PublishingReport) -> JSON {
        .object([
            "manifest": .string(manifest),
            "source_commit": report.sourceCommit.map(JSON.string),
            "did_nothing": plan ? nil : .bool(report.didNothing),
            "stages": .array(
                report.stages.map {
                    .object([
                        "stage": .string("\($0.stage)"), "outcome": .string($0.outcome.rawValue),
                        "reason": $0.reason.isEmpty ? nil : .string($0.reason),
                        "inputs": .string($0.inputs), "seconds": .number($0.seconds),
                        "cpu_seconds": .number($0.cpuSeconds),
                    ])
                }
            ),
            "outputs": .array(
                report.outputs.map {
                    .object([
                        "name": .string($0.name), "path": .string($0.path),
                        "repository": $0.repository.map(JSON.string),
                        "commit": $0.commit.map(JSON.string),
                        "pull_request": $0.pullRequest.map(JSON.string),
                    ])
                }
            ),
        ])
    }
}

extension ManifestExpectation {
    /// What was expected, for people.
    fileprivate var text: String {
        let parts = [
            size.map { "\(byteText($0)) of weights" }, memory.map { "\(byteText($0)) of memory" },
            cpuSeconds.map { "\(durationText($0)) of processor time to quantize" },
        ].compactMap { $0 }
        return "expected: " + parts.joined(separator: ", ")
    }
}

extension PublishingStage.Kind: ExpressibleByArgument {}
