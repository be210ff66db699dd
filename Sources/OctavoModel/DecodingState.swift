public import OctavoNumerics

/// What a batch of sequences has said so far, with the keys and values of every block.
public struct DecodingState: Sendable {
    /// The tokens that each sequence has room for.
    public let capacity: Int
    /// The sequences so far.
    public fileprivate(set) var texts: [[Int]]
    fileprivate var caches: [AttentionCache]
    fileprivate var rotary: RotaryTables

    /// Empty sequences of a model.
    ///
    /// - Parameters:
    ///   - configuration: The architecture of the model.
    ///   - sequences: The number of sequences.
    ///   - capacity: The longest length; all its memory is taken at once, `2 · keyValueWidth` numbers
    ///     for each token, sequence and block.
    ///   - precision: What keys and values are kept as. A block whose numbers halves do not hold keeps them as
    ///     float.
    public init(
        configuration: ModelConfiguration,
        sequences: Int,
        capacity: Int,
        precision: CachePrecision = .half
    ) {
        self.capacity = capacity
        texts = [[Int]](repeating: [], count: sequences)
        // For the whole capacity, and for texts that are still within an original context.
        let limits = configuration.layers.compactMap { $0.rotary?.limit }
        rotary = configuration.rotaryTables(lengths: [capacity] + limits.filter { $0 < capacity })
        caches = (0..<configuration.layerCount).map { _ in
            AttentionCache(
                sequences: sequences,
                capacity: capacity,
                keyValueHeads: configuration.keyValueHeadCount,
                headDimension: configuration.headDimension,
                precision: precision
            )
        }
    }

    /// The bytes of all keys and values.
    public var cacheBytes: Int { caches.reduce(0) { $0 + $1.byteCount } }

    /// The number of tokens of each sequence.
    public var lengths: [Int] { texts.map(\.count) }

    /// Appends tokens to the sequences.
    ///
    /// - Returns: For each sequence how many of its tokens the caches hold as they are to be: none where
    ///   its new length rotates all of it otherwise.
    fileprivate mutating func append(
        _ tokens: [[Int]],
        _ configuration: ModelConfiguration
    ) -> [Int] {
        let before = lengths
        for index in tokens.indices { texts[index] += tokens[index] }
        let now = lengths
        if !now.allSatisfy(rotary.covers) { rotary = configuration.rotaryTables(lengths: now) }
        return zip(before, now).map { configuration.rotatesAlike($0, $1) ? $0 : 0 }
    }
}

extension ModelConfiguration {
    /// Whether the first tokens of a text are rotated the same, whichever of two lengths the text has.
    fileprivate func rotatesAlike(_ length: Int, _ other: Int) -> Bool {
        layers.allSatisfy { layer in
            layer.rotary.map { $0.stretch(length) == $0.stretch(other) } ?? true
        }
    }
}

extension LanguageModel {
    /// Appends tokens to each sequence of a state, all in the same matrix products, some hundreds at a time.
    ///
    /// Where a sequence grows to a length at which the model rotates all of it otherwise, it is run once
    /// more from its beginning: the result is always that of the whole sequence.
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
        // Enough for products to be efficient, and the widest activations of large models stay small.
        try extend(&state, with: tokens, passLength: 512, execution)
    }

    /// The same with passes of other lengths.
    func extend(
        _ state: inout DecodingState,
        with tokens: [[Int]],
        passLength: Int,
        _ execution: Execution = Execution()
    ) throws(TokenError) -> Matrix {
        precondition(tokens.count == state.texts.count)
        try ends.check(tokens.joined())
        let held = state.append(tokens, configuration)
        let lengths = state.lengths
        precondition(lengths.allSatisfy { $0 <= state.capacity })
        var last = Matrix(rows: tokens.count, columns: configuration.hiddenSize)
        for pass in CachePlacement.passes(held: held, lengths: lengths, limit: passLength) {
            let input = pass.spans.flatMap {
                state.texts[$0.sequence][$0.keyCount - $0.queryCount..<$0.keyCount]
            }
            var hidden = try ends.embed(input)
            for (index, block) in blocks.enumerated() {
                block.forward(
                    &hidden,
                    rotary: state.rotary,
                    extending: &state.caches[index],
                    at: pass,
                    execution
                )
            }
            for span in pass.spans where span.keyCount == lengths[span.sequence] {
                let row = span.firstQuery + span.queryCount - 1
                last.setRow(span.sequence, to: row, of: hidden)
            }
        }
        return ends.logits(last, execution)
    }

    /// Takes tokens back from the end of each sequence of a state, so that it goes on from there.
    ///
    /// Where a text of the new length is rotated otherwise, all of it is taken back.
    ///
    /// - Parameters:
    ///   - state: The sequences so far.
    ///   - lengths: For each sequence how many of its tokens stay, at most as many as it has.
    public func rewind(_ state: inout DecodingState, to lengths: [Int]) {
        precondition(lengths.count == state.texts.count)
        for (index, length) in lengths.enumerated() {
            let before = state.texts[index].count
            let stays = configuration.rotatesAlike(length, before) ? length : 0
            state.texts[index].removeLast(before - stays)
        }
    }
}

extension Matrix {
    /// Copies a row of a matrix as wide as this one.
    fileprivate mutating func setRow(_ row: Int, to source: Int, of other: Matrix) {
        precondition(columns == other.columns)
        elements.replaceSubrange(
            row * columns..<(row + 1) * columns,
            with: other.elements[source * columns..<(source + 1) * columns]
        )
    }

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
