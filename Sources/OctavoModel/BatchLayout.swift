/// How the rows of a matrix of tokens are made up of sequences, one after the other.
public struct BatchLayout: Sendable, Equatable {
    /// The number of tokens of each sequence.
    public let lengths: [Int]

    /// Sequences of the given lengths, each at least 1.
    public init(lengths: [Int]) {
        precondition(lengths.allSatisfy { $0 > 0 })
        self.lengths = lengths
    }

    /// Sequences of one length.
    public init(sequences: Int, length: Int) {
        self.init(lengths: [Int](repeating: length, count: sequences))
    }

    /// The number of tokens of all sequences.
    public var tokenCount: Int { lengths.reduce(0, +) }

    /// Where each row stands.
    var places: [TokenPlace] {
        lengths.flatMap { length in
            (0..<length).map { TokenPlace(position: $0, length: length) }
        }
    }
}
