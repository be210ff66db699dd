import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoPublisher

struct Quantize: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fold a model with AQLM to about two bits a weight.",
        discussion: """
            Without --calibration the model writes its own calibration text. Progress is kept beside the \
            output in OUTPUT.partial: an interrupted run goes on with --resume and ends in the same bytes. \
            Only --max-shard-size may change between a run and its resumption, and the calibration files' \
            places; everything else that could change the result must be the same.

            Examples:
              octavo quantize ./model ./folded --scheme 2x8g8
              octavo quantize ./model ./folded --scheme 1x8g8 --calibration a.txt b.txt --tokens 131072
              octavo quantize ./model ./folded --scheme 2x8g8 --resume
            """
    )

    @Argument(help: "The model to quantize.")
    var model: String

    @Argument(help: "The directory to make; it must not exist.")
    var output: String

    @Option(
        help:
            "Codebooks x bits g group size, as in 2x8g8: bits per weight are near their product over the last."
    )
    var scheme: Scheme

    @Option(
        parsing: .upToNextOption,
        help: "Text files to calibrate on, instead of text the model writes."
    )
    var calibration: [String] = []

    @Option(help: "How many tokens of calibration text, at most.")
    var tokens = 32768

    @Option(help: "How many tokens a calibration sequence has.")
    var sequenceLength = 512

    @Option(help: "The seed of all that is random.")
    var seed = 0

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
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let source = try await openModel(model, printer)
            let request = QuantizationRequest(
                scheme: scheme,
                text: calibration.isEmpty ? .selfWritten : .files(calibration),
                tokens: tokens,
                sequenceLength: sequenceLength,
                seed: seed,
                threads: threads.count,
                resume: resume,
                maxShardSize: maxShardSize.bytes
            )
            let (output, handler) = (output, printer.handler)
            let record = try await runBlocking {
                try quantize(source, to: output, request, progress: handler)
            }
            printer.finish()
            let sizes = try OpenModel(output).sizes
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
