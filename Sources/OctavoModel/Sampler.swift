import OctavoBase
public import OctavoNumerics

/// Chooses the next token of one sequence.
public struct Sampler: Sendable {
    /// 0 always takes the likeliest token; 1 draws from the model's own distribution.
    public let temperature: Double
    private var generator: SeededGenerator

    /// A sampler of a seed.
    ///
    /// - Parameters:
    ///   - temperature: At least 0.
    ///   - seed: The same seed gives the same choices.
    ///   - stream: Tells the sequences of one seed apart.
    public init(temperature: Double, seed: UInt64, stream: UInt64 = 0) {
        precondition(temperature >= 0)
        self.temperature = temperature
        generator = SeededGenerator(seed: seed, stream: stream)
    }

    /// Draws a token from a row of logits.
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
        weights = exponentials(of: weights)
        var rest = generator.nextUnit() * weights.reduce(0.0) { $0 + Double($1) }
        for index in 0..<columns {
            rest -= Double(weights[index])
            if rest < 0 { return index }
        }
        return likeliest
    }
}
