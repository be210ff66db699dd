import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prove a model: digests, tensors, and inference.",
        discussion: """
            Checks every file and tensor against octavo.json where there is one, that all numbers are \
            finite, that the model computes the same through its quantized layers as through the weights \
            they stand for, and that it gives the logits recorded when it was made. With --teacher it \
            also measures the distance to the original, on text that the original writes. Exits with 1 \
            if a check does not hold.

            Examples:
              octavo verify ./folded --teacher ./model
              octavo verify folded.aqlm --digests
              octavo verify me/SmolLM2-135M-AQLM@main
            """
    )

    @Argument(help: "The model, or OWNER/NAME[@REVISION] of a repository.")
    var model: String

    @Option(help: "The original model to compare with.")
    var teacher: String?

    @Flag(help: "Do not run the model.")
    var noInference = false

    @Flag(
        help:
            "Compare digests alone: of a .aqlm file every byte, of a directory what its record lists."
    )
    var digests = false

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        if digests, teacher != nil {
            throw ValidationError("--teacher needs inference, which --digests leaves out")
        }
        if noInference, teacher != nil {
            throw ValidationError("--teacher needs inference, which --no-inference forbids")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let path = try await ModelPlace(model, mayBeBare: true).localPath(printer)
            let subject = try await runBlocking { try OpenModel(path) }
            var request = VerificationRequest(
                runsInference: !noInference,
                threads: threads.count
            )
            request.digestsOnly = digests
            if let teacher { request.teacher = try await openModel(teacher, printer) }
            let (handler, chosen) = (printer.handler, request)
            let report = try await runBlocking { try verify(subject, chosen, progress: handler) }
            printer.finish()
            result.show(json(report), text: text(report))
            if !report.holds { throw ExitCode.failure }
        }
    }

    private func text(_ report: VerificationReport) -> String {
        var lines = report.checks.map { check in
            let mark =
                switch check.outcome {
                case .passed: "ok     "
                case .failed: "FAILED "
                case .skipped: "skipped"
                }
            return "\(mark)  \(check.name): \(check.detail)"
        }
        if let evaluation = report.evaluation { lines.append("\n" + evaluationText(evaluation)) }
        lines.append(report.holds ? "\n\(model) holds" : "\n\(model) does NOT hold")
        return lines.joined(separator: "\n")
    }

    private func json(_ report: VerificationReport) -> JSON {
        .object([
            "model": .string(model), "holds": .bool(report.holds),
            "checks": .array(
                report.checks.map {
                    .object([
                        "name": .string($0.name), "outcome": .string("\($0.outcome)"),
                        "detail": .string($0.detail),
                    ])
                }
            ),
            "evaluation": report.evaluation?.json,
        ])
    }
}
