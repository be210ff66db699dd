public import OctavoNumerics

/// The architecture of a decoder: what `config.json` says about its mathematics, with all that it leaves
/// open filled in.
public struct ModelConfiguration: Sendable, Equatable {
    /// The family.
    public var family: Family
    /// The number of tokens in the vocabulary.
    public var vocabularySize: Int
    /// The width of the residual stream.
    public var hiddenSize: Int
    /// The width inside the feed-forward part that all tokens pass.
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
    /// Added to the mean square in norms.
    public var normEpsilon: Float
    /// The norms that each block has.
    public var norms: Set<NormName>
    /// How positions are turned into rotations, but for layers that have a way of their own.
    public var rotary: RotaryEmbedding
    /// How each layer attends; one for each.
    public var layers: [LayerAttention]
    /// What gates the feed-forward part.
    public var gate: GateFunction
    /// The experts of those layers that have them; nil if there are none.
    public var experts: Experts?
    /// The linears that have biases.
    public var biasedLinears: Set<LinearName>
    /// What embeddings are multiplied by.
    public var embeddingScale: Float
    /// What the product of a query and a key is multiplied by.
    public var attentionScale: Float
    /// The bound of attention scores, as in `cap · tanh(score / cap)`; nil for none.
    public var attentionCap: Float?
    /// What both parts of a block are multiplied by before they are added to the stream.
    public var residualScale: Float
    /// What logits are multiplied by.
    public var logitScale: Float
    /// The bound of logits, nil for none.
    public var logitCap: Float?
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

    /// Whether attention and the feed-forward part both take the block's normed input.
    public var isParallel: Bool { family.description.isParallel }
}

/// How a layer attends.
public struct LayerAttention: Sendable, Equatable {
    /// How many tokens each sees: itself and those just before it; nil for all before it.
    public var window: Int?
    /// How queries and keys are rotated; nil for not at all.
    public var rotary: RotaryEmbedding?

    /// A way to attend.
    public init(window: Int? = nil, rotary: RotaryEmbedding?) {
        self.window = window
        self.rotary = rotary
    }
}

extension ModelConfiguration {
    /// How many weights of the blocks' linears a token passes.
    public var activeLinearWeights: Int {
        (0..<layerCount).reduce(0) { sum, layer in
            linears(inLayer: layer).reduce(sum) { sum, name in
                let (outputs, inputs) = name.shape(in: self)
                // All experts are of one size.
                guard let index = name.expertIndex else { return sum + outputs * inputs }
                return sum + (index < (experts?.activeCount ?? 0) ? outputs * inputs : 0)
            }
        }
    }
}
