public import OctavoBase
public import OctavoModel

/// How a prompt is to be continued.
public struct GenerationRequest: Sendable {
    /// The most stop strings.
    public static let mostStops = 16
    /// The most bytes of a stop string.
    public static let longestStop = 1024

    /// The most tokens to add; nil for what the context has room for.
    public var limit: Int?
    /// How tokens are drawn.
    public var rule: SamplingRule
    /// The same seed draws the same tokens.
    public var seed: UInt64
    /// Texts that end the answer; they are not part of it.
    public let stops: [String]
    /// Whether the keys and values of an earlier request may be used again where the texts begin alike.
    ///
    /// Products of other shapes sum in other orders: what follows may then differ from a continuation from the
    /// beginning, by float32 rounding.
    public var mayReuse: Bool

    /// A request.
    ///
    /// - Throws: `GenerationError.stops` for a stop string that is empty or too long, or too many.
    public init(
        limit: Int? = nil,
        rule: SamplingRule,
        seed: UInt64,
        stops: [String] = [],
        mayReuse: Bool = false
    ) throws(GenerationError) {
        guard stops.count <= Self.mostStops else {
            throw .stops("\(stops.count) stop strings, expected at most \(Self.mostStops)")
        }
        for stop in stops where !(1...Self.longestStop ~= stop.utf8.count) {
            throw .stops(
                "a stop string of \(stop.utf8.count) bytes, expected 1 to \(Self.longestStop)"
            )
        }
        (self.limit, self.rule, self.seed, self.stops) = (limit, rule, seed, stops)
        self.mayReuse = mayReuse
    }
}

/// Why a text ended.
public enum FinishReason: String, Sendable {
    /// The model ended it, or a stop string came.
    case stop
    /// It has as many tokens as were allowed, or as the context has room for.
    case length
    /// Whoever asked for it wants no more.
    case cancelled
}

/// What a model made of a prompt.
public struct GeneratedText: Sendable {
    /// The text, without the prompt and without what ended it.
    public var text = ""
    /// The tokens that were added, without one that ended the text.
    public var tokens: [Int] = []
    /// Why it ended.
    public var finish = FinishReason.length
    /// The tokens of the prompt.
    public var promptTokens: Int
    /// How many of those were known from before.
    public var reusedTokens = 0
    /// The seconds that the rest of the prompt took.
    public var promptSeconds = 0.0
    /// The seconds behind that, and how many tokens went through the model in them.
    public var seconds = 0.0
    /// How many tokens went through the model behind the prompt.
    public var passes = 0

    /// Tokens of the prompt a second; nil where none was computed.
    public var promptRate: Double? {
        let count = promptTokens - reusedTokens
        return promptSeconds > 0 && count > 0 ? Double(count) / promptSeconds : nil
    }

    /// Added tokens a second; nil where none went through the model.
    public var rate: Double? { seconds > 0 && passes > 0 ? Double(passes) / seconds : nil }

    /// The numbers of tokens, as OpenAI's interfaces name them.
    public var usage: JSON {
        .object([
            "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(tokens.count),
            "total_tokens": .integer(promptTokens + tokens.count),
        ])
    }
}
