public import OctavoNumerics

/// What a batch of sequences has said so far, as the keys and values of every block.
public struct DecodingState: Sendable {
    /// The number of tokens of each sequence.
    public private(set) var lengths: [Int]
    /// The tokens that each sequence has room for.
    public let capacity: Int
    fileprivate var caches: [LayerCache]
    fileprivate let rotary: RotaryTable

    /// Empty sequences of a model.
    ///
    /// - Parameters:
    ///   - configuration: The architecture of the model.
    ///   - sequences: The number of sequences.
    ///   - capacity: The longest length; all its memory is taken at once, `2 · keyValueWidth` floats
    ///     for each token, sequence and block.
    public init(configuration: ModelConfiguration, sequences: Int, capacity: Int) {
        self.capacity = capacity
        lengths = [Int](repeating: 0, count: sequences)
        rotary = configuration.rotaryTable(positions: capacity)
        caches = (0..<configuration.layerCount).map { _ in
            LayerCache(rows: sequences * capacity, width: configuration.keyValueWidth)
        }
    }

    fileprivate mutating func advance(by layout: BatchLayout) {
        for (sequence, count) in layout.lengths.enumerated() { lengths[sequence] += count }
    }
}

extension LanguageModel {
    /// Appends tokens to each sequence of a state, all in the same matrix products.
    ///
    /// - Parameters:
    ///   - state: The sequences so far.
    ///   - tokens: For each sequence of the state at least one, and no more than it has room for.
    ///   - execution: How the pass is carried out.
    /// - Returns: The logits behind the last token of each sequence, `[sequences, vocabulary]`.
    /// - Throws: If a token is not in the vocabulary.
    public func extend(
        _ state: inout DecodingState,
        with tokens: [[Int]],
        _ execution: Execution = Execution()
    ) throws(TokenError) -> Matrix {
        precondition(tokens.count == state.lengths.count)
        let layout = BatchLayout(lengths: tokens.map(\.count))
        let placement = CachePlacement(
            layout: layout,
            after: state.lengths,
            capacity: state.capacity
        )
        var hidden = try ends.embed(Array(tokens.joined()))
        for (index, block) in blocks.enumerated() {
            block.forward(
                &hidden,
                rotary: state.rotary,
                extending: &state.caches[index],
                at: placement,
                execution
            )
        }
        state.advance(by: layout)
        let last = placement.spans.map { $0.firstQuery + $0.queryCount - 1 }
        return ends.logits(hidden.selecting(rows: last), execution)
    }
}

extension Matrix {
    /// The given rows, in their order.
    func selecting(rows indices: [Int]) -> Matrix {
        if indices.elementsEqual(0..<rows) { return self }
        return Matrix(
            rows: indices.count,
            columns: columns,
            elements: indices.flatMap { elements[$0 * columns..<($0 + 1) * columns] }
        )
    }
}
