/// What a token is drawn by: which tokens are left to draw from, and how likely each is.
///
/// The steps are those of `transformers`' logits processors, in their order: repetition penalty, temperature,
/// top-k, top-p, min-p. Each is left out where its number says so.
public struct SamplingRule: Sendable, Equatable {
    /// 0 always takes the likeliest token; 1 draws from the model's own distribution.
    public let temperature: Double
    /// Only the so many likeliest tokens are kept, and those as likely as the last of them; nil keeps all.
    public let topK: Int?
    /// Only the likeliest tokens that together have this share are kept; 1 keeps all.
    public let topP: Double
    /// Tokens less likely than this share of the likeliest one's probability are dropped; 0 keeps all.
    public let minP: Double
    /// What the logits of tokens that are in the text already are divided by, or multiplied by where they are
    /// negative (Keskar et al., "CTRL"); 1 leaves them as they are.
    public let repetitionPenalty: Double
    /// How many of the last tokens of the text that counts for; nil for all.
    public let repetitionWindow: Int?

    /// Takes the numbers of a rule; the default always takes the likeliest token.
    ///
    /// - Parameters:
    ///   - temperature: At least 0.
    ///   - topK: At least 1.
    ///   - topP: More than 0, at most 1.
    ///   - minP: 0 to 1.
    ///   - repetitionPenalty: 0.01 to 100.
    ///   - repetitionWindow: At least 1.
    /// - Throws: `.invalid` with the name as it is spelled in JSON, as in `top_k`.
    public init(
        temperature: Double = 0,
        topK: Int? = nil,
        topP: Double = 1,
        minP: Double = 0,
        repetitionPenalty: Double = 1,
        repetitionWindow: Int? = nil
    ) throws(SamplingError) {
        func require(
            _ holds: Bool,
            _ name: String,
            _ found: Any,
            _ expected: String
        ) throws(SamplingError) {
            guard !holds else { return }
            throw .invalid(name: name, found: "\(found)", expected: expected)
        }
        try require(
            temperature >= 0 && temperature.isFinite,
            "temperature",
            temperature,
            "0 or more"
        )
        try require(topK ?? 1 >= 1, "top_k", topK ?? 0, "1 or more")
        try require(topP > 0 && topP <= 1, "top_p", topP, "more than 0 and at most 1")
        try require(0...1 ~= minP, "min_p", minP, "0 to 1")
        try require(
            0.01...100 ~= repetitionPenalty,
            "repetition_penalty",
            repetitionPenalty,
            "0.01 to 100"
        )
        try require(
            repetitionWindow ?? 1 >= 1,
            "repetition_window",
            repetitionWindow ?? 0,
            "1 or more"
        )
        self.init(
            unchecked: temperature,
            topK,
            topP,
            minP,
            repetitionPenalty,
            repetitionWindow
        )
    }

    /// Only a temperature, at least 0.
    init(unchecked temperature: Double) {
        precondition(temperature >= 0)
        self.init(unchecked: temperature, nil, 1, 0, 1, nil)
    }

    private init(
        unchecked temperature: Double,
        _ topK: Int?,
        _ topP: Double,
        _ minP: Double,
        _ repetitionPenalty: Double,
        _ repetitionWindow: Int?
    ) {
        (self.temperature, self.topK, self.topP, self.minP) = (temperature, topK, topP, minP)
        (self.repetitionPenalty, self.repetitionWindow) = (repetitionPenalty, repetitionWindow)
    }
}
