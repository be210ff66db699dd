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
              octavo quantize ./model --scheme 2x8g8 --plan
              octavo quantize ./model ./folded --scheme 2x8g8 --engine slurm --array-size 16 \
                --sbatch "--partition=long --time=24:00:00"
            """
    )

    @Argument(help: "The model to quantize.")
    var model: String

    @Argument(
        help: "The directory or .aqlm file to make; it must not exist. Not needed with --plan."
    )
    var output: String?

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
        help: ArgumentHelp(
            """
            What layers are fitted to: original, what the original model has at their place; weights, what their own \
            weights make of the inputs they get; independent, what their own weights make of the original's inputs, \
            so that no block waits for another. The default is original, and independent where an engine divides \
            the work.
            """,
            valueName: "targets"
        )
    )
    var targets: QuantizationTargets?

    @Option(
        help:
            "With independent targets: into how many slices the calibration text is cut, each a task of its own; 8 if not given."
    )
    var slices: Int?

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

    @Flag(
        help: "Say what the run takes, measured on this machine in a minute or two; make nothing."
    )
    var plan = false

    @Option(
        help: ArgumentHelp(
            "With --plan: take a machine's rates from what `--plan --json` printed there, and measure nothing.",
            valueName: "file"
        )
    )
    var rates: String?

    @OptionGroup(title: "Engine options")
    var engine: EngineOptions
    @OptionGroup
    var precision: PrecisionOptions
    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard plan || output != nil else {
            throw ValidationError("Missing expected argument '<output>'")
        }
        guard plan || rates == nil else { throw ValidationError("--rates is for --plan") }
        if let slices {
            guard (1...QuantizationRequest.mostSlices).contains(slices) else {
                throw ValidationError(
                    "--slices is \(slices), expected 1 to \(QuantizationRequest.mostSlices)"
                )
            }
            guard request.targets == .independent || plan else {
                throw ValidationError("--slices is for --targets independent")
            }
        }
        guard seed >= 0 else { throw ValidationError("--seed is \(seed), expected 0 or more") }
        guard (0...1000).contains(blockTuningEpochs) else {
            throw ValidationError(
                "--block-tuning-epochs is \(blockTuningEpochs), expected 0 to 1000"
            )
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            if plan { return try await showPlan(printer) }
            let source = try await openModel(model, printer)
            let place = trimmedOutput
            let asked = request
            if engine.engine != .local {
                return try await divide(source, to: place, asked, printer)
            }
            let handler = printer.handler
            let record = try await runBlocking {
                try quantize(source, to: place, asked, progress: handler)
            }
            printer.finish()
            try showResult(record, place)
        }
    }

    /// What is asked for.
    var request: QuantizationRequest {
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
        request.targets = targets ?? (engine.engine == .local ? .original : .independent)
        request.slices = slices ?? ModelQuantizer.defaultSliceCount
        (request.embeddings, request.isCanonical) = (embeddings, canonical)
        request.blockTuningEpochs = blockTuningEpochs
        request.precision = precision.chosen
        request.memory = memory.bytes
        return request
    }

    /// Where the result goes.
    private var trimmedOutput: String {
        var output = output ?? ""
        while output.count > 1, output.hasSuffix("/") { output.removeLast() }
        return output
    }

    /// Shows what came of it.
    func showResult(_ record: ArtifactRecord, _ place: String) throws {
        let sizes = try OpenModel(place).sizes
        result.show(
            .object([
                "output": .string(place), "sizes": sizes.json, "layers": record.json["layers"],
            ]),
            text: quantizationSummary(record, sizes, place)
        )
    }
}

/// What came of a quantization, as lines.
func quantizationSummary(_ record: ArtifactRecord, _ sizes: SizeBreakdown, _ output: String)
    -> String
{
    lossTable(record.layers) + "\n\n\(output): "
        + "\(decimal(sizes.quantizedBits ?? 0, digits: 3)) bits per weight in the quantized layers, "
        + "\(decimal(sizes.totalBits, digits: 3)) over the whole model, "
        + byteText(sizes.totalBytes)
}
