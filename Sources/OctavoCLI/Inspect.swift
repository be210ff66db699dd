import ArgumentParser
import OctavoBase
public import OctavoContainer
public import OctavoHub
import OctavoModel
import OctavoPublisher

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a model is, what folding it would give, and who would stumble over it.",
        discussion: """
            Reads headers and the files beside the weights, never the weights: it takes no longer for a \
            large model. What Octavo cannot run is described all the same. Of a .aqlm file in a repository the \
            same is read over the network, not the file.

            Examples:
              octavo inspect model.gguf
              octavo inspect ./model --scheme 1x16g8
              octavo inspect ./folded --json
              octavo inspect hub:me/SmolLM2-135M-AQLM@v1/folded.aqlm
            """
    )

    @Argument(
        help:
            "The model; in a repository hub:OWNER/NAME[@REVISION] or a file there, with /FILE after it."
    )
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
            let (subject, fetched) = try await look(at: ModelPlace(model), printer)
            let preview = try (scheme ?? Scheme("2x8g8")).flatMap(subject.preview)
            let report = try evaluation.map(readEvaluation)
            result.show(
                inspectionJSON(subject, preview, report, fetched, listsTensors: tensors),
                text: inspectionText(
                    subject,
                    named: model,
                    preview,
                    report,
                    fetched,
                    listsTensors: tensors,
                    width: outputWidth()
                )
            )
        }
    }

    /// Looks at a model where it is; only one that has to be fetched whole for that is fetched whole.
    private func look(
        at place: ModelPlace,
        _ printer: ProgressPrinter
    ) async throws -> (ModelInspection, FetchedContainer?) {
        guard case .file(let id, let revision, let path) = place,
            path.description.hasSuffix(ContainerFile.suffix)
        else {
            let path = try await place.localPath(printer)
            return (try await runBlocking { try ModelInspection(path) }, nil)
        }
        let file = try await hubClient(printer).file(path, in: id, at: revision)
        let container = try await RemoteContainer(file)
        let subject = try await ModelInspection(container, named: path.description)
        return (subject, FetchedContainer(commit: file.commit, bytes: file.receivedBytes))
    }
}

/// What came over the network of a container in a repository.
struct FetchedContainer {
    /// The commit that it is of.
    let commit: String
    /// How many bytes came.
    let bytes: Int
}

// The hub knows no containers, and containers no hub.
extension RemoteFile: ByteRangeSource {
    /// Its length in bytes.
    public var count: Int { size }
}
