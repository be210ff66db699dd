import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoPublisher

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a model is, what folding it would give, and who would stumble over it.",
        discussion: """
            Reads headers and the files beside the weights, never the weights: it takes no longer for a \
            large model. What Octavo cannot run is described all the same.

            Examples:
              octavo inspect model.gguf
              octavo inspect ./model --scheme 1x16g8
              octavo inspect ./folded --json
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Option(
        help: "What folding is worked out for, of a model that is not quantized; by default 2x8g8."
    )
    var scheme: Scheme?

    @Flag(help: "List every tensor.")
    var tensors = false

    @Option(help: "A measurement to show with it, as `octavo evaluate --json` prints it.")
    var evaluation: String?

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let path = try await ModelPlace(model).localPath(printer)
            let subject = try await runBlocking { try ModelInspection(path) }
            let preview = try (scheme ?? Scheme("2x8g8")).flatMap(subject.preview)
            let report = try evaluation.map(readEvaluation)
            result.show(
                inspectionJSON(subject, preview, report, listsTensors: tensors),
                text: inspectionText(
                    subject,
                    named: model,
                    preview,
                    report,
                    listsTensors: tensors,
                    width: outputWidth()
                )
            )
        }
    }
}
