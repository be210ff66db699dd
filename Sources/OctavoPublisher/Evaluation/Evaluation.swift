import OctavoBase
import OctavoCheckpoint
public import OctavoModel
import OctavoNumerics

/// Why an evaluation cannot be made.
public enum EvaluationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The text does not fill a window.
    case tooShort(tokens: Int, needed: Int)
    /// Windows are longer than what a model was made for.
    case windowTooLong(Int, context: Int)
    /// The teacher's vocabulary is another.
    case vocabulariesDiffer(model: Int, teacher: Int)
    /// A file of token ids holds something else.
    case badTokens(String)
    /// A prompt leaves no room in the model's context, or has no token at all.
    case promptTooLong(tokens: Int, context: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .tooShort(let tokens, let needed):
            "the text has \(tokens) tokens, expected at least \(needed)"
        case .windowTooLong(let length, let context):
            "windows of \(length) tokens are longer than the model's context of \(context)"
        case .vocabulariesDiffer(let model, let teacher):
            "the model knows \(model) tokens and the teacher \(teacher); expected the same"
        case .badTokens(let path): "\(path) is not a JSON array of token ids"
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens, expected at least one and fewer than the model's context of "
                + "\(context)"
        }
    }
}

/// Measures a model's perplexity on windows of a text, and its distance to a teacher.
///
/// The protocol: windows that do not overlap, no special tokens added, each token but a window's first
/// foretold from those before it in the window.
///
/// - Parameters:
///   - model: The model to measure.
///   - windows: Token ids, each window of one length.
///   - name: What the text is called in the report.
///   - teacher: The original, or nil.
///   - threads: The threads that take part.
///   - progress: Told how far the work has come.
/// - Returns: The measurement.
/// - Throws: ``EvaluationError``, or a token that is in no vocabulary.
public func evaluate(
    _ model: LanguageModel,
    on windows: [[Int]],
    named name: String,
    teacher: LanguageModel? = nil,
    threads: Int,
    progress: ProgressHandler = { _ in }
) throws -> EvaluationReport {
    if let teacher, teacher.configuration.vocabularySize != model.configuration.vocabularySize {
        throw EvaluationError.vocabulariesDiffer(
            model: model.configuration.vocabularySize,
            teacher: teacher.configuration.vocabularySize
        )
    }
    guard let length = windows.first?.count, length >= 2 else {
        throw EvaluationError.tooShort(tokens: windows.first?.count ?? 0, needed: 2)
    }
    let context = min(
        model.configuration.contextLength,
        teacher?.configuration.contextLength ?? .max
    )
    if let longest = windows.map(\.count).max(), longest > context {
        throw EvaluationError.windowTooLong(longest, context: context)
    }
    setBLASThreads(threads)
    let execution = Execution(threads: threads, evaluation: .dequantized)
    var loss = TextLoss()
    var teacherLoss = TextLoss()
    var distance = TeacherDistance()
    for (index, window) in windows.enumerated() {
        let layout = BatchLayout(lengths: [window.count])
        let hidden = try model.hidden(for: window, layout: layout, execution)
        if let teacher {
            let result = model.ends.comparison(
                with: teacher.ends,
                teacherHidden: try teacher.hidden(for: window, layout: layout, execution),
                studentHidden: hidden,
                tokens: window,
                execution
            )
            loss += result.student
            teacherLoss += result.teacher
            distance += result.distance
        } else {
            loss += model.ends.textLoss(hidden, tokens: window, layout: layout, execution)
        }
        progress(
            Progress(
                "evaluating",
                index + 1,
                of: windows.count,
                detail: "perplexity \(decimal(loss.perplexity, digits: 3))"
            )
        )
    }
    return EvaluationReport(
        text: name,
        digest: digest(ofTokens: windows),
        windowLength: length,
        windows: windows.count,
        perplexity: loss.perplexity,
        comparison: teacher.map { _ in
            EvaluationReport.Comparison(
                teacherPerplexity: teacherLoss.perplexity,
                divergence: distance.meanDivergence,
                agreement: distance.agreement
            )
        }
    )
}

/// Reads a text file as windows of tokens.
///
/// - Parameters:
///   - path: A UTF-8 file.
///   - length: Tokens a window.
///   - limit: The most windows; nil takes the whole text.
///   - model: The model whose tokenizer is used.
/// - Returns: At least one window.
/// - Throws: When the file cannot be read or fills no window.
public func windows(
    ofFile path: String,
    length: Int,
    limit: Int?,
    tokenizer model: OpenModel
) throws -> [[Int]] {
    guard let text = String(validating: try readFile(path), as: UTF8.self) else {
        throw CalibrationError.notUTF8(path)
    }
    let tokens = try model.tokenizer().encode(text, addSpecialTokens: false)
    guard tokens.count >= length else {
        throw EvaluationError.tooShort(tokens: tokens.count, needed: length)
    }
    return OctavoModel.windows(of: tokens, length: length, limit: limit ?? .max)
}

/// Reads a JSON array of token ids.
public func tokenIDs(inFile path: String) throws -> [Int] {
    guard let json = try? JSON(parsing: readFile(path, limit: 100_000_000)), let items = json.array
    else {
        throw EvaluationError.badTokens(path)
    }
    let ids = items.compactMap(\.integer)
    guard ids.count == items.count, !ids.isEmpty else { throw EvaluationError.badTokens(path) }
    return ids
}

/// Writes the logits of one sequence as float32 `logits [tokens, vocabulary]`.
public func writeLogits(
    of model: LanguageModel,
    for tokens: [Int],
    to path: String,
    threads: Int
) throws {
    setBLASThreads(threads)
    let logits = try model.logits(
        for: tokens,
        Execution(threads: threads, evaluation: .dequantized)
    )
    guard
        let plan = TensorPlan(name: "logits", dtype: .f32, shape: [logits.rows, logits.columns])
    else { throw QuantizationPlanError.tensorTooLarge }
    var writer = try SafetensorsWriter(path, tensors: [plan])
    try writer.write(logits.elements.byteArray)
    _ = try writer.finish()
}
