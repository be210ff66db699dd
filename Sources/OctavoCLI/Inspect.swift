import ArgumentParser
import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoPublisher

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a model is: format, family, tensors, sizes, bits per weight, losses.",
        discussion: """
            Examples:
              octavo inspect model.gguf
              octavo inspect ./folded --json
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Flag(help: "List every tensor.")
    var tensors = false

    @Option(help: "A measurement to show with it, as `octavo evaluate --json` prints it.")
    var evaluation: String?

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let subject = try await openModel(model, printer)
            let record = try subject.record()
            let report = try evaluation.map(readEvaluation)
            result.show(json(subject, record, report), text: text(subject, record, report))
        }
    }

    private func text(
        _ subject: OpenModel,
        _ record: ArtifactRecord?,
        _ report: EvaluationReport?
    ) -> String {
        let checkpoint = subject.checkpoint
        let config = checkpoint.config
        var lines = [
            "format   \(checkpoint.format.rawValue)" + (subject.scheme.map { ", AQLM \($0)" } ?? "")
        ]
        if let family = config["model_type"]?.string { lines.append("family   \(family)") }
        if let configuration = try? subject.configuration() {
            lines.append(
                "shape    \(configuration.layerCount) blocks, width \(configuration.hiddenSize) and "
                    + "\(configuration.intermediateSize), \(configuration.headCount) heads on "
                    + "\(configuration.keyValueHeadCount), \(configuration.vocabularySize) tokens, "
                    + "context \(configuration.contextLength)"
            )
        }
        let sizes = subject.sizes
        lines.append(
            "weights  \(sizes.quantizedWeights + sizes.otherWeights) in \(checkpoint.tensors.count) tensors: "
                + typeCounts(subject)
        )
        lines.append(
            "bits     \(decimal(sizes.totalBits, digits: 3)) per weight"
                + (sizes.quantizedBits.map { ", \(decimal($0, digits: 3)) in the quantized layers" }
                    ?? "")
        )
        var parts = [lines.joined(separator: "\n"), sizeTable(sizes)]
        if let record { parts.append(lossTable(record.layers)) }
        if let report { parts.append(evaluationText(report)) }
        if tensors {
            var table = TextTable(["tensor", "type", "shape"])
            for tensor in checkpoint.tensors {
                table.add(tensor.name, tensor.type.name, "\(tensor.shape)")
            }
            parts.append(table.text)
        }
        return parts.joined(separator: "\n\n")
    }

    /// How many tensors there are of each type, the most frequent first.
    private func typeCounts(_ subject: OpenModel) -> String {
        var counts: [String: Int] = [:]
        for tensor in subject.checkpoint.tensors { counts[tensor.type.name, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    private func json(
        _ subject: OpenModel,
        _ record: ArtifactRecord?,
        _ report: EvaluationReport?
    ) -> JSON {
        let checkpoint = subject.checkpoint
        let list = checkpoint.tensors.map { tensor in
            JSON.object([
                "name": .string(tensor.name), "type": .string(tensor.type.name),
                "shape": .array(tensor.shape.map(JSON.integer)),
                "bytes": .integer(tensor.byteCount),
            ])
        }
        return .object([
            "format": .string(checkpoint.format.rawValue),
            "family": checkpoint.config["model_type"],
            "scheme": subject.scheme.map { .string("\($0)") },
            "sizes": subject.sizes.json, "layers": record?.json["layers"],
            "evaluation": report?.json,
            "tensors": tensors ? .array(list) : nil,
        ])
    }
}
