import ArgumentParser
import OctavoBase
import OctavoPublisher
import OctavoQuantizer

struct Tune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tune a quantized model as a whole towards its original (PV-Tuning).",
        discussion: """
            Takes calibration text through the model and back, and moves codebooks, scales, norms and \
            codes so that its answers come closer to the original's. The original is asked once, at the \
            beginning. Some of the text is held out; the model that is best on it is kept.

            An interrupted run goes on with --resume, to the same bytes.

            Examples:
              octavo tune ./folded ./tuned --teacher ./SmolLM2-135M --calibration wiki.txt web.txt
              octavo tune ./folded ./tuned --teacher ./SmolLM2-135M --calibration wiki.txt \
            --update codebooks --steps 200
              octavo tune ./folded ./tuned --teacher ./SmolLM2-135M --calibration wiki.txt --resume
            """
    )

    @Argument(help: "The quantized model.")
    var model: String

    @Argument(help: "The directory to make.")
    var output: String

    @Option(help: "The original model.")
    var teacher: String

    @Option(parsing: .upToNextOption, help: "Text files to tune on.")
    var calibration: [String]

    @Option(help: "How many tokens of text, at most.")
    var tokens = 131_072

    @Option(help: "How many tokens a sequence has.")
    var sequenceLength = 512

    @OptionGroup(title: "Steps")
    var steps: TuningStepOptions

    @Option(
        help: "How many of the original's probabilities to keep for each token; 0 for all of them."
    )
    var teacherProbabilities = 64

    @Option(help: "Begin no step after so many minutes; what is best by then is kept.")
    var maxTime: Double?

    @Option(help: "The seed of the order of sequences.")
    var seed = 0

    @Option(help: "The most memory to take, as in 8GB.")
    var memory = ByteCount(bytes: 8_000_000_000)

    @Option(help: "The most tensor bytes in a file.")
    var maxShardSize = ByteCount.fiveGigabytes

    @Flag(help: "Take up an interrupted run.")
    var resume = false

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        try require(!calibration.isEmpty, "--calibration needs a file")
        try require(seed >= 0, "--seed is \(seed), expected 0 or more")
        try require(
            sequenceLength >= 2,
            "--sequence-length is \(sequenceLength), expected 2 or more"
        )
        try require(
            tokens >= 2 * sequenceLength && tokens <= 1 << 28,
            "--tokens is \(tokens), expected two sequences or more, \(1 << 28) at most"
        )
        try require(
            (0...4096).contains(teacherProbabilities),
            "--teacher-probabilities is \(teacherProbabilities), expected 0 to 4096"
        )
        if let maxTime {
            try require(maxTime > 0, "--max-time is \(maxTime), expected more than 0")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let student = try await openModel(model, printer)
            let original = try await openModel(teacher, printer)
            let (request, output, handler) = (request, output, printer.handler)
            let record = try await runBlocking {
                try tune(student, towards: original, to: output, request, progress: handler)
            }
            printer.finish()
            guard let tuning = record.tuning else { return }
            result.show(tuning.summary(output), text: tuning.sentence(output))
        }
    }

    private var request: TuningRequest {
        var request = TuningRequest(files: calibration, threads: threads.count)
        request.options = steps.options
        request.options.seed = UInt64(seed)
        request.tokens = tokens
        request.sequenceLength = sequenceLength
        request.teacherProbabilities = teacherProbabilities > 0 ? teacherProbabilities : nil
        request.memory = memory.bytes
        request.seconds = maxTime.map { $0 * 60 }
        request.resume = resume
        request.maxShardSize = maxShardSize.bytes
        return request
    }
}

extension TuningRecord {
    fileprivate func sentence(_ output: String) -> String {
        let (before, after) = (decimal(lossBefore, digits: 4), decimal(lossAfter, digits: 4))
        var text =
            "\(output): held-out KL to the original \(before) before, \(after) after \(steps) steps"
        if end == TuningEnd.diverged.rawValue {
            text += "; the run diverged, the best of it was kept"
        }
        if bestStep == 0 { text += "; no step made it better, so nothing was changed" }
        return text
    }

    fileprivate func summary(_ output: String) -> JSON {
        .object([
            "output": .string(output), "loss_before": .number(lossBefore),
            "loss_after": .number(lossAfter), "steps": .integer(steps),
            "best_step": .integer(bestStep), "end": .string(end),
        ])
    }
}

/// Refuses arguments unless they are as they must be.
private func require(_ isRight: Bool, _ message: String) throws {
    if !isRight { throw ValidationError(message) }
}
