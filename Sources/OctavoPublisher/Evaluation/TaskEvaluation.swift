import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics

/// A task's questions as a model reads them: every choice behind its query, as tokens.
struct TokenizedTask {
    /// Every choice of every question, in order.
    private(set) var continuations: [Continuation] = []
    /// How many of them were cut off at their beginning to fit the model's context.
    private(set) var truncated = 0
    /// Whether the model's first token was put before every query.
    let addsBeginToken: Bool

    /// Tokenizes a task.
    ///
    /// A choice follows its query after one space, unless either has white space there. Query and choice are
    /// tokenized as one text, and the choice's tokens are those behind the ones that the query alone would
    /// have too: a token that spans the boundary belongs to the choice.
    ///
    /// - Parameters:
    ///   - task: The questions.
    ///   - model: Whose tokenizer is used, and whose context limits the length.
    /// - Throws: ``TaskFileError/noTokens(task:question:)``.
    init(_ task: TaskFile, for model: OpenModel) throws {
        let tokenizer = try model.tokenizer()
        let configuration = try model.configuration()
        // lm-eval adds it for these families alone, whose outputs are useless without it.
        addsBeginToken =
            (model.config["model_type"]?.string ?? "").hasPrefix("gemma")
            && configuration.beginToken != nil
        let first = configuration.beginToken.map { [$0] } ?? []
        for (index, question) in task.questions.enumerated() {
            for choice in question.choices {
                let (query, answer) = boundary(question.query, choice)
                let whole = try tokenizer.encode(query + answer, addSpecialTokens: false)
                let alone = try tokenizer.encode(query, addSpecialTokens: false)
                let shared = zip(whole, alone).prefix { $0 == $1 }.count
                var context = Array(whole[..<min(shared, max(0, whole.count - 1))])
                let continuation = Array(whole[context.count...])
                if addsBeginToken || context.isEmpty { context = first + context }
                guard !context.isEmpty, !continuation.isEmpty,
                    continuation.count < configuration.contextLength
                else { throw TaskFileError.noTokens(task: task.name, question: index + 1) }
                let room = configuration.contextLength + 1 - continuation.count
                if context.count > room {
                    truncated += 1
                    context = Array(context.suffix(room))
                }
                continuations.append(Continuation(context: context, continuation: continuation))
            }
        }
    }
}

/// The query and the choice as they are joined: white space at the query's end goes to the choice, since
/// that is where tokenizers expect it.
private func boundary(_ query: String, _ choice: String) -> (query: String, choice: String) {
    let bare = query.reversed().drop(while: \.isWhitespace).reversed()
    let space = query.dropFirst(bare.count)
    let needsSpace = space.isEmpty && !query.isEmpty && choice.first?.isWhitespace == false
    return (String(bare), space + (needsSpace ? " " : "") + choice)
}

/// Measures how often a model holds the right choice likeliest.
///
/// - Parameters:
///   - task: The questions.
///   - tokens: The same, tokenized.
///   - model: The model.
///   - threads: The threads that take part.
///   - progress: Told how many choices are done.
/// - Returns: The measurement.
/// - Throws: ``TokenError``.
func score(
    _ task: TaskFile,
    _ tokens: TokenizedTask,
    with model: LanguageModel,
    threads: Int,
    progress: (Int) -> Void
) throws -> TaskScore {
    let likelihoods = try model.likelihoods(
        of: tokens.continuations,
        Execution(threads: threads, evaluation: .dequantized),
        progress: progress
    )
    var (plain, normalized, next) = (0, 0, 0)
    for question in task.questions {
        let values = likelihoods[next..<next + question.choices.count].map(\.logarithm)
        next += question.choices.count
        plain += indexOfFirstLargest(values) == question.answer ? 1 : 0
        // Python's len, by which lm-eval divides, counts Unicode scalars.
        let rates = zip(values, question.choices).map { $0 / Double($1.unicodeScalars.count) }
        normalized += indexOfFirstLargest(rates) == question.answer ? 1 : 0
    }
    return TaskScore(right: plain, rightNormalized: normalized, of: task.questions.count)
}

/// The first of the largest, as numpy's argmax chooses.
private func indexOfFirstLargest(_ values: [Double]) -> Int {
    var best = 0
    for index in values.indices where values[index] > values[best] { best = index }
    return best
}
