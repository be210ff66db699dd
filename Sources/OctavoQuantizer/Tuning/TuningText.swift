import OctavoBase

/// A sequence of tokens, and what of it is learned.
public struct TuningSequence: Sendable, Equatable {
    /// All its tokens, which the model is given.
    public let tokens: [Int]
    /// The places of tokens whose successors are learned, ascending: at least one.
    public let places: [Int]

    /// A sequence of which some is learned.
    public init(_ tokens: [Int], places: [Int]) {
        precondition(!places.isEmpty && places.allSatisfy(tokens.indices.contains))
        self.tokens = tokens
        self.places = places
    }

    /// A sequence behind each of whose tokens something is learned.
    public init(_ tokens: [Int]) {
        self.init(tokens, places: Array(tokens.indices))
    }

    /// What follows each place; nil behind the last token.
    public var successors: [Int?] {
        places.map { $0 + 1 < tokens.count ? tokens[$0 + 1] : nil }
    }
}

/// The text of a tuning: which sequences choose the best model, and which are learned from.
public struct TuningText: Sendable {
    /// The text, each sequence by itself.
    public let sequences: [TuningSequence]
    /// The indices of the sequences that choose the best model, spread over the text.
    public let heldOut: [Int]
    fileprivate let learned: [Int]
    fileprivate let seed: UInt64

    /// Deals out sequences.
    ///
    /// - Parameters:
    ///   - sequences: At least two.
    ///   - heldOutShare: The share of them that is not learned from, at least one and at most half.
    ///   - seed: What the order of the others is drawn from.
    public init(_ sequences: [TuningSequence], heldOutShare: Double, seed: UInt64) {
        precondition(sequences.count > 1)
        self.sequences = sequences
        self.seed = seed
        let share = min(0.5, max(0, heldOutShare))
        let count = max(1, Int(Double(sequences.count) * share))
        heldOut = (0..<count).map { $0 * sequences.count / count }
        let out = Set(heldOut)
        learned = sequences.indices.filter { !out.contains($0) }
    }

    /// How many places of some sequences are learned from.
    func placeCount(of indices: [Int]) -> Int {
        indices.reduce(0) { $0 + sequences[$1].places.count }
    }

    /// Those places, counted through all tokens of the sequences; nil if they are all tokens.
    func rows(of indices: [Int]) -> [Int]? {
        var (rows, start) = ([Int](), 0)
        for index in indices {
            rows += sequences[index].places.map { start + $0 }
            start += sequences[index].tokens.count
        }
        return rows.count == start ? nil : rows
    }
}

/// Deals out the sequences that are learned from, step by step: each epoch has an order of its own, and a
/// step may reach from one to the next.
struct TuningBatches {
    private let text: TuningText
    private let tokens: Int
    private var order: [Int] = []
    private var place = 0
    private var epoch: UInt64 = 0

    /// Begins with the first step; one has so many tokens at most, or one sequence.
    init(_ text: TuningText, tokens: Int) {
        self.text = text
        self.tokens = tokens
    }

    /// The sequences of the next step.
    mutating func next() -> [Int] {
        var (batch, count) = ([Int](), 0)
        while true {
            if place == order.count {
                var generator = SeededGenerator(seed: text.seed, stream: epoch)
                order = text.learned.shuffled(using: &generator)
                place = 0
                epoch += 1
            }
            let length = text.sequences[order[place]].tokens.count
            if !batch.isEmpty, count + length > tokens { return batch }
            batch.append(order[place])
            count += length
            place += 1
        }
    }
}
