import OctavoBase

/// The text of a tuning: which sequences choose the best model, and which are learned from when.
public struct TuningText: Sendable {
    /// The text, each sequence by itself.
    public let sequences: [[Int]]
    /// The indices of the sequences that choose the best model, spread over the text.
    public let heldOut: [Int]
    private let learned: [Int]
    private let seed: UInt64

    /// Deals out sequences.
    ///
    /// - Parameters:
    ///   - sequences: At least two.
    ///   - heldOutShare: The share of them that is not learned from, at least one and at most half.
    ///   - seed: What the order of the others is drawn from.
    public init(_ sequences: [[Int]], heldOutShare: Double, seed: UInt64) {
        precondition(sequences.count > 1)
        self.sequences = sequences
        self.seed = seed
        let share = min(0.5, max(0, heldOutShare))
        let count = max(1, Int(Double(sequences.count) * share))
        heldOut = (0..<count).map { $0 * sequences.count / count }
        let out = Set(heldOut)
        learned = sequences.indices.filter { !out.contains($0) }
    }

    /// How many steps it takes until all sequences that are learned from had their turn.
    public func stepsPerEpoch(tokens: Int) -> Int {
        let perStep = perStep(tokens: tokens)
        return (learned.count + perStep - 1) / perStep
    }

    /// The sequences of a step, from 0: each epoch has an order of its own, and a step may reach from one
    /// to the next.
    func batch(_ step: Int, tokens: Int) -> [Int] {
        let perStep = perStep(tokens: tokens)
        let places = step * perStep..<(step + 1) * perStep
        let epochs = places.lowerBound / learned.count...(places.upperBound - 1) / learned.count
        let orders = epochs.map { epoch in
            var generator = SeededGenerator(seed: seed, stream: UInt64(epoch))
            return learned.shuffled(using: &generator)
        }
        return places.map {
            orders[$0 / learned.count - epochs.lowerBound][$0 % learned.count]
        }
    }

    private func perStep(tokens: Int) -> Int {
        max(1, tokens / max(1, sequences.map(\.count).max() ?? 1))
    }
}
