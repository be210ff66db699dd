/// Queries that follow each other in one sequence, and the keys that they may see.
public struct AttentionSpan: Sendable, Equatable {
    /// The row of the first query, and of the first new key.
    public var firstQuery: Int
    /// The number of queries.
    public var queryCount: Int
    /// Which sequence of a cache they belong to.
    public var sequence: Int
    /// The number of keys that the last query sees; each query before it sees one less.
    public var keyCount: Int

    /// A span.
    public init(firstQuery: Int, queryCount: Int, sequence: Int, keyCount: Int) {
        self.firstQuery = firstQuery
        self.queryCount = queryCount
        self.sequence = sequence
        self.keyCount = keyCount
    }

    /// The place of the first query in its sequence.
    var position: Int { keyCount - queryCount }
}

/// What a cache keeps keys and values as.
public enum CachePrecision: String, Sendable, CaseIterable {
    /// IEEE halves: each number rounded to 11 bits, a relative error of at most 2⁻¹¹.
    case half
    /// As they are computed.
    case float

    /// The bytes of a number.
    public var width: Int {
        switch self {
        case .half: 2
        case .float: 4
        }
    }
}
