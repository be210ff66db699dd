import OctavoBase
public import OctavoNumerics

/// Chooses the next token of one sequence.
public struct Sampler: Sendable {
    /// What is drawn by.
    public let rule: SamplingRule
    private var generator: SeededGenerator

    /// 0 always takes the likeliest token; 1 draws from the model's own distribution.
    public var temperature: Double { rule.temperature }

    /// A sampler of a seed.
    ///
    /// - Parameters:
    ///   - temperature: At least 0.
    ///   - seed: The same seed gives the same choices.
    ///   - stream: Tells the sequences of one seed apart.
    public init(temperature: Double, seed: UInt64, stream: UInt64 = 0) {
        self.init(SamplingRule(unchecked: temperature), seed: seed, stream: stream)
    }

    /// A sampler of a rule and a seed.
    public init(_ rule: SamplingRule, seed: UInt64, stream: UInt64 = 0) {
        self.rule = rule
        generator = SeededGenerator(seed: seed, stream: stream)
    }

    /// Draws a token from a row of logits, by temperature alone.
    public mutating func next(_ logits: Matrix, row: Int) -> Int {
        let columns = logits.columns
        let span = logits.elements.span.extracting(row * columns..<(row + 1) * columns)
        let likeliest = indexOfLargest(span)
        // A temperature too small to divide by makes everything but the likeliest vanish.
        let inverse = Float(1 / temperature)
        guard inverse.isFinite else { return likeliest }
        let largest = span[likeliest]
        var weights = [Float](repeating: 0, count: columns)
        for index in 0..<columns { weights[index] = (span[index] - largest) * inverse }
        return draw(exponentials(of: weights)) ?? likeliest
    }

    /// Draws a token from a row of logits, by the rule.
    ///
    /// Where the rule has no more than a temperature, it is the token that `next(_:row:)` draws.
    ///
    /// - Parameters:
    ///   - logits: `[rows, vocabulary]`.
    ///   - row: The row.
    ///   - text: The tokens so far, each of the vocabulary.
    /// - Returns: The token.
    /// - Throws: `SamplingError.notFinite`.
    public mutating func next(
        _ logits: Matrix,
        row: Int,
        after text: [Int]
    ) throws(SamplingError) -> Int {
        let columns = logits.columns
        let scores = Array(logits.elements[row * columns..<(row + 1) * columns])
        let tokens = try rule.filtered(scores, after: text)
        guard let weights = tokens.weights else { return tokens.likeliest }
        return draw(weights) ?? tokens.likeliest
    }

    /// Draws an index by its weight; nil if rounding leaves none.
    private mutating func draw(_ weights: [Float]) -> Int? {
        var rest = generator.nextUnit() * weights.reduce(0.0) { $0 + Double($1) }
        for index in weights.indices {
            rest -= Double(weights[index])
            if rest < 0 { return index }
        }
        return nil
    }
}
