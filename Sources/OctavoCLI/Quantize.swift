import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoPublisher
import OctavoQuantizer

struct Quantize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fold a model with AQLM to about two bits a weight.",
        discussion: """
            Without --calibration the model writes its own calibration text. What a run will cost in time and \
            memory is said before it begins. Progress is kept beside the output in OUTPUT.partial: an \
            interrupted run goes on with --resume and ends in the same bytes. Only --memory, \
            --max-shard-size and the places of files may change between a run and its resumption; everything \
            else that could change the result must be the same. OUTPUT.report.html tells how it went.

            Examples:
              octavo quantize ./model ./folded --scheme 2x8g8
              octavo quantize ./model ./folded --scheme 1x8g8 --calibration a.txt b.txt --tokens 131072
              octavo quantize ./model ./folded --scheme 2x8g8 --calibration a.txt --block-tuning-epochs 3
              octavo quantize ./model ./folded --scheme 2x8g8 --except '*.down_proj=dense' --memory 2GB
              octavo quantize ./model ./folded --scheme 2x8g8 --resume
              octavo quantize ./model folded.aqlm --scheme 2x8g8 --canonical --embeddings 2x8g8
            """
    )

    @Argument(help: "The model to quantize.")
    var model: String

    @Argument(help: "The directory or .aqlm file to make; it must not exist.")
    var output: String

    @Option(
        help:
            "Codebooks x bits g group size, as in 2x8g8: bits per weight are near their product over the last."
    )
    var scheme: Scheme

    @Option(
        help: "How much work a layer is worth: quick for a first look, max for the last percent."
    )
    var effort = Effort.standard

    @Option(
        name: .customLong("except"),
        help: ArgumentHelp(
            "Linears that keep their weights, as in '*.down_proj=dense' or 'model.layers.0.*=dense'.",
            valueName: "pattern=dense"
        )
    )
    var exceptions: [LayerException] = []

    @Option(
        parsing: .upToNextOption,
        help: "Text files to calibrate on, instead of text the model writes."
    )
    var calibration: [String] = []

    @Option(help: "How many tokens of calibration text, at most.")
    var tokens = 32768

    @Option(help: "How many tokens a calibration sequence has.")
    var sequenceLength = 512

    @Option(
        help:
            "What layers are fitted to: what the original model has at their place, or what their own weights make of the inputs they get."
    )
    var targets = QuantizationTargets.original

    @Option(
        help:
            "How often the calibration text goes through each block to tune its codebooks, scales and norms."
    )
    var blockTuningEpochs = 0

    @Option(
        help:
            "Encode embedding and head too, with loss: int8, or a scheme as in 5x8g16. Only a .aqlm file can hold that."
    )
    var embeddings: EmbeddingEncoding?

    @Flag(
        help:
            "Put the entries of codebooks in order: the same weights in a smaller .aqlm file, and equal models in equal files."
    )
    var canonical = false

    @Option(help: "The seed of all that is random.")
    var seed = 0

    @Option(help: "The most memory to take, as in 4GB; what does not fit goes to disk.")
    var memory = ByteCount(bytes: 4_000_000_000)

    @Option(help: "The most tensor bytes in a file.")
    var maxShardSize = ByteCount.fiveGigabytes

    @Flag(help: "Take up an interrupted run.")
    var resume = false

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard seed >= 0 else { throw ValidationError("--seed is \(seed), expected 0 or more") }
        guard (0...1000).contains(blockTuningEpochs) else {
            throw ValidationError(
                "--block-tuning-epochs is \(blockTuningEpochs), expected 0 to 1000"
            )
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let source = try await openModel(model, printer)
            var request = QuantizationRequest(
                scheme: scheme,
                text: calibration.isEmpty ? .selfWritten : .files(calibration),
                tokens: tokens,
                sequenceLength: sequenceLength,
                seed: seed,
                threads: threads.count,
                resume: resume,
                maxShardSize: maxShardSize.bytes
            )
            (request.effort, request.exceptions) = (effort, exceptions)
            request.targets = targets
            (request.embeddings, request.isCanonical) = (embeddings, canonical)
            request.blockTuningEpochs = blockTuningEpochs
            request.memory = memory.bytes
            var output = output
            while output.hasSuffix("/") { output.removeLast() }
            let place = output
            let (asked, handler) = (request, printer.handler)
            let record = try await runBlocking {
                try quantize(source, to: place, asked, progress: handler)
            }
            printer.finish()
            let sizes = try OpenModel(place).sizes
            result.show(
                .object([
                    "output": .string(output), "sizes": sizes.json, "layers": record.json["layers"],
                ]),
                text: summary(record, sizes)
            )
        }
    }

    private func summary(_ record: ArtifactRecord, _ sizes: SizeBreakdown) -> String {
        lossTable(record.layers) + "\n\n\(output): "
            + "\(decimal(sizes.quantizedBits ?? 0, digits: 3)) bits per weight in the quantized layers, "
            + "\(decimal(sizes.totalBits, digits: 3)) over the whole model, "
            + byteText(sizes.totalBytes)
    }
}
