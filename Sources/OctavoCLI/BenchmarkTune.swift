import ArgumentParser
import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoQuantizer

struct BenchmarkTune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Make some steps of a tuning and say how near to the machine's limit they come.",
        discussion: """
            The model is a quantized one, or made up in the shapes given; the text and what an original would \
            say of it are made up too. Operations are those of the products of linears, attention and head; \
            the peak is that of a product of large matrices in the same precision, measured in the same run on \
            the same threads. Both are per second of processor time, since other work may run beside.

            Examples:
              octavo benchmark tune --threads 1
              octavo benchmark tune ./folded --update codebooks --threads 2 --json
              octavo benchmark tune --width 2048 --intermediate 5632 --blocks 2 --scheme 1x8g8
            """
    )

    @Argument(help: "A quantized model, instead of a made-up one.")
    var model: String?

    @Option(help: "The width of a made-up model, a multiple of 64 (default: 576).")
    var width: Int?

    @Option(help: "The width of its feed-forward layers (default: 8/3 of the width).")
    var intermediate: Int?

    @Option(help: "How many blocks it has (default: 6).")
    var blocks: Int?

    @Option(help: "How many tokens its vocabulary has (default: 8192).")
    var vocabulary: Int?

    @Option(help: "The scheme of a made-up model (default: 2x8g8).")
    var scheme: Scheme?

    @Option(help: "What is learned.")
    var update = TuningOptions().update

    @Flag(help: "Learn embedding and head too.")
    var updateEmbeddings = false

    @Option(help: "About how many tokens make a step.")
    var batchTokens = TuningOptions().batchTokens

    @Option(help: "How many tokens a sequence has.")
    var sequenceLength = 512

    @Option(help: "How many steps are measured, behind one that is not.")
    var steps = 3

    @Option(help: "The most memory that the activations may take which a step keeps, as in 8GB.")
    var memory = ByteCount(bytes: 4_000_000_000)

    @Option(help: "The seed of all that is random.")
    var seed = 0

    @OptionGroup
    var precision: PrecisionOptions
    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    /// What is measured on, as text.
    var subject: String {
        model ?? "made up, \(blocks ?? 6) blocks of width \(madeWidth)"
            + (scheme.map { ", \($0)" } ?? "")
    }

    private var madeWidth: Int { width ?? 576 }

    mutating func validate() throws {
        let shapes: [(name: String, value: Int?, range: ClosedRange<Int>)] = [
            ("width", width, 64...16384), ("intermediate", intermediate, 8...65536),
            ("blocks", blocks, 1...256), ("vocabulary", vocabulary, 64...1 << 20),
        ]
        if model != nil, shapes.contains(where: { $0.value != nil }) || scheme != nil {
            throw ValidationError("shapes and --scheme are for made-up models; MODEL has its own")
        }
        let others: [(name: String, value: Int?, range: ClosedRange<Int>)] = [
            ("batch-tokens", batchTokens, 2...1 << 20),
            ("sequence-length", sequenceLength, 2...1 << 17), ("steps", steps, 1...1000),
            ("seed", seed, 0...Int.max),
        ]
        for (name, value, range) in shapes + others {
            guard let value, !range.contains(value) else { continue }
            throw ValidationError(
                "--\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)"
            )
        }
        if model == nil, scheme == nil { scheme = Scheme("2x8g8") }
        if let width, width % 64 != 0 {
            throw ValidationError("--width is \(width), expected a multiple of 64")
        }
    }

    func run() async throws {
        try await reporting { printer in
            let opened = try await openedModel(printer)
            let measured = try await runBlocking { [self] in
                let subject = try opened?.languageModel() ?? madeUp()
                var options = TuningOptions()
                (options.update, options.updatesEmbeddings) = (update, updateEmbeddings)
                (options.batchTokens, options.seed) = (batchTokens, UInt64(seed))
                options.precision = precision.chosen.available
                return try StepMeasurement(
                    subject,
                    options,
                    sequenceLength: sequenceLength,
                    steps: steps,
                    threads: threads.count,
                    memory: memory.bytes
                )
            }
            result.show(measured.json(self), text: measured.text(self))
        }
    }

    private func openedModel(_ printer: ProgressPrinter) async throws -> OpenModel? {
        guard let model else { return nil }
        let opened = try await openModel(model, printer)
        guard opened.scheme != nil else { throw TuningError.notQuantized(model) }
        let context = try opened.configuration().contextLength
        guard sequenceLength <= context else {
            throw CalibrationError.sequenceTooLong(sequenceLength, context: context)
        }
        return opened
    }

    private func madeUp() throws -> LanguageModel {
        guard let scheme else { throw ValidationError("a made-up model needs --scheme") }
        let source = try BenchmarkModel(
            width: madeWidth,
            intermediate: intermediate ?? madeWidth * 8 / 3 / 64 * 64,
            blocks: blocks ?? 6,
            vocabulary: vocabulary ?? 8192,
            context: sequenceLength,
            scheme: scheme,
            seed: seed
        )
        return try LanguageModel(configuration: source.configuration, from: source)
    }
}
