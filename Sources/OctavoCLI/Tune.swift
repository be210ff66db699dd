public import ArgumentParser
import OctavoBase
import OctavoPublisher
public import OctavoQuantizer

struct Tune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Tune a quantized model as a whole towards its original, or on text of your own (PV-Tuning).",
        discussion: """
            Takes text through the model and back, and moves codebooks, scales, norms and codes. With the \
            objective kl its answers come closer to the original's, which is asked once, at the beginning. \
            With cross-entropy it learns the text itself and no original is needed; mixed does both. Some of \
            the text is held out; the model that is best on it is kept. OUTPUT.report.html shows how it went.

            Files whose names end in .jsonl hold a conversation in each line, \
            {"messages": [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}]} or \
            {"prompt": "...", "completion": "..."}. They are written with the model's chat template, and only \
            the assistant's answers are learned. Those longer than --sequence-length are cut. All other files \
            are text.

            An interrupted run goes on with --resume, to the same bytes.

            Examples:
              octavo tune ./folded ./tuned --teacher ./SmolLM2-135M --calibration wiki.txt web.txt
              octavo tune ./folded ./tuned --teacher ./SmolLM2-135M --calibration wiki.txt \
            --update codebooks --steps 200
              octavo tune ./folded ./mine --objective cross-entropy --calibration chats.jsonl --max-time 60
              octavo tune ./folded ./mine --objective mixed --cross-entropy-share 0.7 --teacher ./SmolLM2-135M \
            --calibration chats.jsonl
              octavo tune ./folded ./tuned --teacher ./SmolLM2-135M --calibration wiki.txt --resume
            """
    )

    @Argument(help: "The quantized model.")
    var model: String

    @Argument(help: "The directory to make.")
    var output: String

    @Option(help: "The original model; the objective cross-entropy has none.")
    var teacher: String?

    @Option(
        help:
            "What the model is measured by: kl is how far its predictions are from the original's, cross-entropy how little it expects the text."
    )
    var objective = TuningOptions.Objective.divergence

    @Option(
        help: "The share of cross-entropy in the objective mixed; kl has the rest (default: 0.5)."
    )
    var crossEntropyShare: Double?

    @Option(
        parsing: .upToNextOption,
        help: "Files to tune on: conversations where they end in .jsonl, else text."
    )
    var calibration: [String]

    @Option(help: "How many tokens of text, at most.")
    var tokens = 131_072

    @Option(help: "How many tokens a sequence of text has, and one of a conversation at most.")
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
    var precision: PrecisionOptions
    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        try require(!calibration.isEmpty, "--calibration needs a file")
        try require(
            !output.hasSuffix(".aqlm"),
            "tune makes a directory; `octavo pack` makes a .aqlm file of it"
        )
        if objective.needsTeacher {
            try require(
                teacher != nil,
                "--objective \(objective.rawValue) needs --teacher, the original to compare with"
            )
        } else {
            try require(
                teacher == nil,
                "--objective \(objective.rawValue) asks no original; leave --teacher away, or take mixed"
            )
        }
        if let share = crossEntropyShare {
            try require(
                objective == .mixed,
                "--cross-entropy-share goes with --objective mixed"
            )
            try require(
                share > 0 && share < 1,
                "--cross-entropy-share is \(share), expected more than 0 and less than 1"
            )
        }
        try require(seed >= 0, "--seed is \(seed), expected 0 or more")
        try require(
            sequenceLength >= 2,
            "--sequence-length is \(sequenceLength), expected 2 or more"
        )
        try require(
            sequenceLength <= tokens / 2 && tokens <= 1 << 28,
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
            var original: OpenModel?
            if let teacher { original = try await openModel(teacher, printer) }
            let (request, output, handler) = (request, output, printer.handler)
            let asked = original
            let record = try await runBlocking {
                try tune(student, towards: asked, to: output, request, progress: handler)
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
        request.options.objective = objective
        request.options.precision = precision.chosen
        if let crossEntropyShare { request.options.crossEntropyShare = crossEntropyShare }
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
            "\(output): held-out \(objective.lossName) \(before) before, \(after) after tuning"
        text += bestStep == steps ? " (\(steps) steps)" : " (step \(bestStep) of \(steps))"
        switch TuningEnd(rawValue: end) {
        case .diverged: text += "; the run diverged, the best of it was kept"
        case .noGain: text += "; ended early, as it got no better"
        case .stopped: text += "; ended early, as its time was over"
        case .finished, nil: break
        }
        if bestStep == 0 { text += "; no step made it better, so nothing was changed" }
        return text
    }

    fileprivate func summary(_ output: String) -> JSON {
        .object([
            "output": .string(output), "objective": .string(objective.rawValue),
            "text_kind": .string(textKind), "tokens": .integer(text.tokens),
            "learned_tokens": .integer(learnedTokens), "loss_before": .number(lossBefore),
            "loss_after": .number(lossAfter), "steps": .integer(steps),
            "best_step": .integer(bestStep), "end": .string(end),
        ])
    }
}

extension TuningOptions.Objective: ExpressibleByArgument {}

/// Refuses arguments unless they are as they must be.
private func require(_ isRight: Bool, _ message: String) throws {
    if !isRight { throw ValidationError(message) }
}
