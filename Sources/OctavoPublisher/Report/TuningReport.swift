public import OctavoQuantizer

/// How a tuning went, as `NAME.report.html` tells it to people.
///
/// As ``QuantizationReport`` it tells the times of runs on some machine, so it lies beside the artifact's
/// folder.
public struct TuningReport: Sendable {
    /// The artifact's name.
    public var title: String
    /// The scheme, as in `2x8g8`.
    public var scheme: String
    /// What was recorded of the tuning.
    public var tuning: TuningRecord
    /// How it went.
    public var course = TuningCourse()
    /// The seconds of each step, on the clock.
    public var seconds: [Double] = []
    /// How many groups of weights have codes.
    public var groups = 0
    /// The original's name; empty where none was asked.
    public var original = ""
    /// All that the result depends on, in the order in which it is told.
    public var settings: [QuantizationReport.Setting] = []
    /// What the reader should know before trusting the result: one sentence each.
    public var warnings: [String] = []
    /// The command line that makes the artifact again: arguments with names of files for paths.
    public var command: [String] = []
    /// The version of the tool.
    public var toolVersion = octavoVersion

    /// Begins a report.
    public init(title: String, scheme: String, _ tuning: TuningRecord) {
        self.title = title
        self.scheme = scheme
        self.tuning = tuning
        switch TuningEnd(rawValue: tuning.end) {
        case .diverged:
            warnings.append(
                "The run diverged: its numbers were no longer finite, or its held-out loss grew to twice "
                    + "what it was. The best model before that was kept."
            )
        case .stopped: warnings.append("The run ended early, as its time was over.")
        default: break
        }
        if tuning.bestStep == 0 {
            warnings.append("No step made the model better, so it is the one that went in.")
        }
    }

    /// Adds the course.
    public mutating func add(_ course: TuningCourse, seconds: [Double], groups: Int) {
        (self.course, self.seconds, self.groups) = (course, seconds, groups)
    }

    /// What is added to an artifact's path to get its report's.
    public static let fileSuffix = QuantizationReport.fileSuffix
}

extension TuningReport {
    /// Adds what was asked for.
    mutating func add(_ request: TuningRequest, model: String, _ notes: [String]) {
        let options = request.options
        warnings += notes.map { $0 + "." }
        settings = [
            .init("Objective", options.objective.rawValue),
            .init(
                "Share of cross-entropy",
                options.objective == .mixed ? "\(options.crossEntropyShare)" : ""
            ),
            .init(
                "Learned",
                options.update.rawValue + (options.updatesEmbeddings ? ", embeddings" : "")
            ),
            .init("Optimizer", options.optimizer.rawValue),
            .init("Learning rate", "\(options.learningRate)"),
            .init("Code learning rate", options.updatesCodes ? "\(options.codeLearningRate)" : ""),
            .init("Share of codes a step", options.updatesCodes ? "\(options.codeShare)" : ""),
            .init("Tokens a step", "about \(options.batchTokens)"),
            .init("Tokens", "\(tuning.text.tokens), \(tuning.learnedTokens) of them learned"),
            .init("Text", "\(tuning.textKind): " + tuning.text.text.joined(separator: ", ")),
            .init("Sequence length", "\(tuning.text.sequenceLength) at most"),
            .init("Sequences held out", "\(tuning.heldOut.count)"),
            .init("Seed", "\(options.seed)"), .init("Threads", "\(request.threads)"),
        ].filter { !$0.value.isEmpty }
        command = request.command(model: model, teacher: original, output: title)
    }
}
