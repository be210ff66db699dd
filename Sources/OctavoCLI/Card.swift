import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Card: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write an artifact's model card from what was measured.",
        discussion: """
            Every figure comes from octavo.json or from a file given with --evaluation, which is what \
            `octavo evaluate --json` or `octavo verify --teacher … --json` prints. What was not measured \
            is called so.

            Example:
              octavo card ./folded --base HuggingFaceTB/SmolLM2-135M-Instruct --license apache-2.0 \\
                --evaluation verify.json --output ./folded/README.md
            """
    )

    @Argument(help: "The artifact.")
    var model: String

    @Option(help: "The original's repository, OWNER/NAME.")
    var base: String?

    @Option(help: "The license's id, as hubs spell it.")
    var license: String?

    @Option(help: "A language of the model, as an ISO 639 code; may be repeated.")
    var language: [String] = []

    @Option(help: "What the card calls the model; by default the directory's name.")
    var title: String?

    @Option(help: "A measurement to put on the card; may be repeated.")
    var evaluation: [String] = []

    @Option(help: "Where to write the card; by default standard output.")
    var output: String?

    func run() async throws {
        try await reporting { printer in
            let subject = try await openModel(model, printer)
            guard let record = try subject.record() else { throw CardError.noRecord(subject.path) }
            let card = ModelCard(
                title: title ?? lastComponent(subject.path),
                record: record,
                sizes: subject.sizes,
                base: base,
                license: license,
                languages: language,
                evaluations: try evaluation.map(readEvaluation)
            )
            let text = try card.markdown()
            if let output {
                try AtomicFile.write(text, to: output)
                printer.note("wrote \(output)")
            } else {
                print(text, terminator: "")
            }
        }
    }
}

/// Why a card cannot be written.
enum CardError: Error, CustomStringConvertible {
    /// The model has no record.
    case noRecord(String)
    /// A file holds no measurement.
    case noEvaluation(String)

    /// As a sentence.
    var description: String {
        switch self {
        case .noRecord(let path): "\(path) has no \(ArtifactRecord.fileName) to take the facts from"
        case .noEvaluation(let path):
            "\(path) holds no measurement of `octavo evaluate --json` or `octavo verify --teacher … --json`"
        }
    }
}

/// Reads a measurement that `octavo evaluate` or `octavo verify` printed as JSON.
func readEvaluation(_ path: String) throws -> EvaluationReport {
    let json = try? JSON(parsing: readFile(path, limit: 100_000_000))
    guard let json, let report = EvaluationReport(json: json["evaluation"] ?? json) else {
        throw CardError.noEvaluation(path)
    }
    return report
}
