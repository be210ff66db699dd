import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics

/// What is to be measured of an artifact.
public struct MeasurementRequest: Sendable {
    /// UTF-8 files to foretell.
    public var texts: [String]
    /// Tokens in a window of a text.
    public var windowLength: Int
    /// The most windows of each text; nil takes all.
    public var windows: Int?
    /// Files of multiple-choice questions (docs/evaluation.md).
    public var tasks: [String]
    /// Texts to continue.
    public var prompts: [String]
    /// The most tokens to add to each of them.
    public var maxTokens: Int
    /// Whether to time the model and measure its memory.
    public var measuresSpeed: Bool
    /// The threads that take part.
    public var threads: Int

    /// Asks; by default for samples and speed alone.
    public init(
        texts: [String] = [],
        windowLength: Int = 2048,
        windows: Int? = nil,
        tasks: [String] = [],
        prompts: [String] = GeneratedSample.defaultPrompts,
        maxTokens: Int = 48,
        measuresSpeed: Bool = true,
        threads: Int
    ) {
        self.texts = texts
        self.windowLength = windowLength
        self.windows = windows
        self.tasks = tasks
        self.prompts = prompts
        self.maxTokens = maxTokens
        self.measuresSpeed = measuresSpeed
        self.threads = threads
    }
}

/// Measures an artifact by running it.
///
/// All that is read from outside is checked before the first model is loaded. Speed and memory come first, while
/// nothing else is in memory; all else is computed on dequantized weights, which is faster and gives the same
/// numbers but for the order of sums.
///
/// - Parameters:
///   - model: The artifact.
///   - original: What it was made from, to compare with; nil leaves comparisons out.
///   - request: What to measure.
///   - progress: Told how far the work has come.
/// - Returns: The measurements.
/// - Throws: ``EvaluationError``, ``TaskFileError``, or what cannot be read.
public func measure(
    _ model: OpenModel,
    original: OpenModel? = nil,
    _ request: MeasurementRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> ArtifactMeasurements {
    let texts = try request.texts.map { path in
        (
            name: lastComponent(path),
            windows: try windows(
                ofFile: path,
                length: request.windowLength,
                limit: request.windows,
                tokenizer: model
            )
        )
    }
    let tasks = try request.tasks.map { path in
        let file = try TaskFile(path)
        return (file: file, tokens: try TokenizedTask(file, for: model))
    }
    let tokenizer = request.prompts.isEmpty ? nil : try model.tokenizer()
    setBLASThreads(request.threads)
    var result = ArtifactMeasurements(machine: .current(threads: request.threads))

    let resets = request.measuresSpeed && ProcessMemory.resetPeak()
    progress(Progress("loading", 0, of: 1))
    let language = try model.inferenceModel(threads: request.threads)
    if request.measuresSpeed {
        result.speed = try measureSpeed(of: language, threads: request.threads) { done, all in
            progress(Progress("timing", done, of: all, detail: "runs"))
        }
        result.speed?.peakMemory = resets ? ProcessMemory.peak : nil
    }
    guard tokenizer != nil || !texts.isEmpty || !tasks.isEmpty else { return result }

    if let tokenizer {
        for (index, prompt) in request.prompts.enumerated() {
            result.samples.append(
                try sample(
                    prompt,
                    from: language,
                    tokenizer,
                    limit: request.maxTokens,
                    threads: request.threads
                )
            )
            progress(Progress("continuing prompts", index + 1, of: request.prompts.count))
        }
    }
    guard !texts.isEmpty || !tasks.isEmpty else { return result }

    let teacher = try original?.inferenceModel(threads: request.threads)
    for text in texts {
        result.evaluations.append(
            try evaluate(
                language,
                on: text.windows,
                named: text.name,
                teacher: teacher,
                threads: request.threads,
                progress: progress
            )
        )
    }
    for task in tasks {
        result.tasks.append(
            try taskReport(task.file, task.tokens, language, teacher, request.threads, progress)
        )
    }
    return result
}

/// Asks a model a task's questions, and the original too if it is there.
private func taskReport(
    _ file: TaskFile,
    _ tokens: TokenizedTask,
    _ model: LanguageModel,
    _ original: LanguageModel?,
    _ threads: Int,
    _ progress: ProgressHandler
) throws -> TaskReport {
    if let original, original.configuration.vocabularySize != model.configuration.vocabularySize {
        throw EvaluationError.vocabulariesDiffer(
            model: model.configuration.vocabularySize,
            teacher: original.configuration.vocabularySize
        )
    }
    let total = tokens.continuations.count * (original == nil ? 1 : 2)
    func ask(_ asked: LanguageModel, after before: Int) throws -> TaskScore {
        try score(file, tokens, with: asked, threads: threads) { done in
            progress(
                Progress("answering", before + done, of: total, detail: "choices of \(file.name)")
            )
        }
    }
    return TaskReport(
        name: file.name,
        digest: file.digest,
        questions: file.questions.count,
        truncated: tokens.truncated,
        beginToken: tokens.addsBeginToken,
        score: try ask(model, after: 0),
        original: try original.map { try ask($0, after: tokens.continuations.count) }
    )
}
