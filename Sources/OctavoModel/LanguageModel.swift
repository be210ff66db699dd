public import OctavoNumerics

/// A whole decoder: embedding, blocks, final norm and head.
public struct LanguageModel: Sendable {
    /// The architecture.
    public let configuration: ModelConfiguration
    /// What surrounds the blocks.
    public let ends: ModelEnds
    /// The blocks, in order.
    public var blocks: [DecoderBlock]

    /// Loads all weights.
    ///
    /// - Throws: ``WeightError``, or what the source throws.
    public init(configuration: ModelConfiguration, from source: some WeightSource) throws {
        self.configuration = configuration
        ends = try ModelEnds(configuration: configuration, from: source)
        blocks = try (0..<configuration.layerCount).map {
            try DecoderBlock(configuration: configuration, layer: $0, from: source)
        }
    }

    /// Returns the logits of every token of one sequence, `[tokens, vocabulary]`.
    public func logits(for tokens: [Int], _ execution: Execution = Execution()) throws(TokenError)
        -> Matrix
    {
        guard !tokens.isEmpty else { return Matrix(rows: 0, columns: configuration.vocabularySize) }
        let hidden = try hidden(
            for: tokens,
            layout: BatchLayout(lengths: [tokens.count]),
            execution
        )
        return ends.logits(hidden, execution)
    }

    /// Returns the residual stream behind the last block, `[tokens, hidden]`: what the head takes.
    ///
    /// - Parameters:
    ///   - tokens: All sequences of the layout, one after the other.
    ///   - layout: The sequences.
    ///   - execution: How the pass is carried out.
    /// - Returns: A row for each token.
    /// - Throws: If a token is not in the vocabulary.
    public func hidden(
        for tokens: [Int],
        layout: BatchLayout,
        _ execution: Execution = Execution()
    ) throws(TokenError) -> Matrix {
        precondition(layout.tokenCount == tokens.count)
        var hidden = try ends.embed(tokens)
        let rotary = configuration.rotaryTables(lengths: layout.lengths)
        for block in blocks {
            block.forward(&hidden, layout: layout, rotary: rotary, execution)
        }
        return hidden
    }
}

/// What surrounds the blocks: embedding, final norm and head.
public struct ModelEnds: Sendable {
    /// The architecture.
    public let configuration: ModelConfiguration
    /// `[vocabulary, hidden]`.
    public var embedding: DenseWeights
    /// `[hidden]`.
    public var finalNorm: [Float]
    /// `[vocabulary, hidden]`, or nil where the embedding serves.
    public var untiedHead: DenseWeights?

    /// Loads the ends.
    ///
    /// - Throws: ``WeightError``, or what the source throws.
    public init(configuration: ModelConfiguration, from source: some WeightSource) throws {
        let (vocabulary, hidden) = (configuration.vocabularySize, configuration.hiddenSize)
        self.configuration = configuration
        embedding = try source.denseWeights(
            "model.embed_tokens.weight",
            rows: vocabulary,
            columns: hidden
        )
        finalNorm = try source.vector("model.norm.weight", count: hidden)
        untiedHead =
            configuration.tiesEmbeddings
            ? nil : try source.denseWeights("lm_head.weight", rows: vocabulary, columns: hidden)
    }

    /// Returns the embeddings of tokens, `[tokens, hidden]`.
    ///
    /// - Throws: ``TokenError`` if a token is not in the vocabulary.
    public func embed(_ tokens: [Int]) throws(TokenError) -> Matrix {
        try check(tokens)
        var embedded = embedding.gathered(rows: tokens)
        if configuration.embeddingScale != 1 { embedded.scale(by: configuration.embeddingScale) }
        return embedded
    }

    /// Refuses tokens that are not in the vocabulary.
    func check(_ tokens: some Sequence<Int>) throws(TokenError) {
        for token in tokens where !(0..<embedding.rows).contains(token) {
            throw .unknown(token: token, vocabularySize: embedding.rows)
        }
    }

    /// Returns the logits of every row, `[rows, vocabulary]`.
    ///
    /// - Parameters:
    ///   - hidden: The residual stream behind the last block, `[rows, hidden]`.
    ///   - execution: How the pass is carried out.
    /// - Returns: The scores of each token's successor, not normalised.
    public func logits(_ hidden: Matrix, _ execution: Execution) -> Matrix {
        logits(ofNormed: norm(hidden, execution), execution)
    }

    /// Returns what the head takes, `[rows, hidden]`.
    ///
    /// - Parameters:
    ///   - hidden: The residual stream behind the last block, `[rows, hidden]`.
    ///   - execution: How the pass is carried out.
    /// - Returns: The stream after the final norm.
    public func headInput(_ hidden: Matrix, _ execution: Execution) -> Matrix {
        norm(hidden, execution)
    }

    /// The final norm.
    var norm: Norm { configuration.norm(finalNorm) }

    /// The logits of rows that are normed already.
    func logits(ofNormed x: Matrix, _ execution: Execution) -> Matrix {
        var logits = (untiedHead ?? embedding).product(with: x, execution)
        if configuration.logitScale != 1 { logits.scale(by: configuration.logitScale) }
        if let cap = configuration.logitCap { logits.softCap(cap) }
        return logits
    }
}

extension LanguageModel {
    /// The same model with every layer replaced by the weights that it stands for.
    ///
    /// For long texts: it takes four bytes a weight, but then no pass has to dequantize again.
    public func dequantized() -> LanguageModel {
        var model = self
        for index in model.blocks.indices {
            for name in blocks[index].linearNames {
                model.blocks[index][name] = .dense(blocks[index][name].weight)
            }
        }
        return model
    }
}
