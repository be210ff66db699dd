/// The architecture of a decoder of the Llama family: what `config.json` says about its mathematics.
public struct ModelConfiguration: Sendable, Equatable {
    /// The families whose mathematics this is, as `model_type` names them.
    public enum Family: String, CaseIterable, Sendable {
        case llama
        case mistral
    }

    /// The family.
    public var family: Family
    /// The number of tokens in the vocabulary.
    public var vocabularySize: Int
    /// The width of the residual stream.
    public var hiddenSize: Int
    /// The width inside the feed-forward part.
    public var intermediateSize: Int
    /// The number of decoder blocks.
    public var layerCount: Int
    /// The number of query heads.
    public var headCount: Int
    /// The number of key and value heads; divides the number of query heads.
    public var keyValueHeadCount: Int
    /// The width of one head; even.
    public var headDimension: Int
    /// The longest sequence that the model was made for, in tokens.
    public var contextLength: Int
    /// Added to the mean square in RMSNorm.
    public var normEpsilon: Float
    /// How positions are turned into rotations.
    public var rotary: RotaryEmbedding
    /// Whether the four attention projections have biases.
    public var hasAttentionBias: Bool
    /// Whether the three feed-forward projections have biases.
    public var hasFeedForwardBias: Bool
    /// Whether the head is the embedding, transposed.
    public var tiesEmbeddings: Bool
    /// The token that begins a text, if the model has one.
    public var beginToken: Int?
    /// The tokens that end a text.
    public var endTokens: [Int]

    /// The width of all query heads together.
    public var queryWidth: Int { headCount * headDimension }

    /// The width of all key (or value) heads together.
    public var keyValueWidth: Int { keyValueHeadCount * headDimension }
}
