public import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// What a model made of a prompt, always taking the likeliest token.
public struct GeneratedSample: Sendable, Equatable {
    /// What it was given, as it is: no chat template is applied.
    public var prompt: String
    /// What it added.
    public var text: String
    /// How many tokens that were.
    public var tokens: Int
    /// Whether the model ended the text itself.
    public var isEnded: Bool

    /// Records a continuation.
    public init(prompt: String, text: String, tokens: Int, isEnded: Bool) {
        self.prompt = prompt
        self.text = text
        self.tokens = tokens
        self.isEnded = isEnded
    }

    /// As it is written.
    public var json: JSON {
        .object([
            "prompt": .string(prompt), "text": .string(text), "tokens": .integer(tokens),
            "ended": .bool(isEnded),
        ])
    }

    /// Reads what ``json`` writes; nil if it is anything else.
    public init?(json: JSON) {
        guard let prompt = json["prompt"]?.string, let text = json["text"]?.string,
            let tokens = json["tokens"]?.integer, tokens >= 0, let isEnded = json["ended"]?.bool
        else { return nil }
        self.init(prompt: prompt, text: text, tokens: tokens, isEnded: isEnded)
    }

    /// The prompts that are continued where no others are given: prose, a fact, a list, a sum and code.
    public static let defaultPrompts = [
        "The old lighthouse keeper climbed the stairs and",
        "The capital of France is",
        "Three things to pack for a week in the mountains:\n1.",
        "If a train travels 60 kilometres in 45 minutes, its average speed is",
        "def fibonacci(n):\n",
    ]
}

/// Lets a model continue a prompt.
///
/// - Parameters:
///   - prompt: The text; the tokens that begin every text are put before it.
///   - model: The model, in memory.
///   - tokenizer: Its tokenizer.
///   - limit: The most tokens to add; the model's context is a limit too.
///   - threads: The threads that take part.
/// - Returns: The continuation.
/// - Throws: ``EvaluationError/promptTooLong(tokens:context:)``.
func sample(
    _ prompt: String,
    from model: LanguageModel,
    _ tokenizer: Tokenizer,
    limit: Int,
    threads: Int
) throws -> GeneratedSample {
    let configuration = model.configuration
    var input = try tokenizer.encode(prompt, addSpecialTokens: true)
    if input.isEmpty, let begin = configuration.beginToken { input = [begin] }
    let room = configuration.contextLength - input.count
    guard room > 0, !input.isEmpty else {
        throw EvaluationError.promptTooLong(
            tokens: input.count,
            context: configuration.contextLength
        )
    }
    let most = min(limit, room)
    let tokens = try model.generate(
        after: input,
        limit: most,
        stop: Set(configuration.endTokens),
        sampler: Sampler(temperature: 0, seed: 0),
        Execution(threads: threads)
    )
    var bytes: [UInt8] = []
    // Vocabularies are padded to round sizes: such ids have no text.
    for token in tokens where !tokenizer.isSpecial(token) {
        bytes += (try? tokenizer.bytes(of: token)) ?? []
    }
    return GeneratedSample(
        prompt: prompt,
        text: String(decoding: bytes, as: UTF8.self),
        tokens: tokens.count,
        isEnded: tokens.count < most
    )
}
