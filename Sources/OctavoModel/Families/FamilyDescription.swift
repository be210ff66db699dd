public import OctavoNumerics

/// How a family of decoders differs from Llama: the table that one forward pass and one backward pass
/// go by.
///
/// What a family's code says is here; what `config.json` says of a model is in ``ModelConfiguration``. The
/// source for all of it is the code of transformers 5.23.
public struct FamilyDescription: Sendable, Equatable {
    // MARK: Mathematics

    /// What all norms compute.
    public var norm = NormKind.rootMeanSquare
    /// The norms of a block, and what checkpoints call them.
    public var norms: [NormName: String] = [
        .attentionInput: "input_layernorm", .feedForwardInput: "post_attention_layernorm",
    ]
    /// What the norms of queries and keys span, where there are any.
    public var headNorm = HeadNorm.sharedByHeads
    /// Whether attention and the feed-forward part both take the block's normed input.
    public var isParallel = false
    /// The linears of a block without experts, in the order in which data reaches them.
    public var linears: [LinearName] = [
        .queryProjection, .keyProjection, .valueProjection, .outputProjection, .gateProjection,
        .upProjection, .downProjection,
    ]
    /// The linears that have biases, whatever the configuration says.
    public var biasedLinears: Set<LinearName> = []
    /// What is known of experts; nil for none.
    public var experts: ExpertDefaults?
    /// Which numbers of a head are rotated together.
    public var pairing = RotaryTable.Pairing.halves
    /// Which layers see a window only.
    public var windows = Windows.none
    /// Whether layers with a window rotate at a base of their own.
    public var rotatesWindowsApart = false
    /// What embeddings are multiplied by.
    public var embeddingScale = ConfiguredFactor.one
    /// What attention scores are multiplied by.
    public var attentionScale = ConfiguredFactor.inverseRootOfHeadDimension
    /// What both parts of a block are multiplied by before they are added to the stream.
    public var residualScale = ConfiguredFactor.one
    /// What logits are multiplied by.
    public var logitScale = ConfiguredFactor.one
    /// The bound of attention scores where the configuration does not say; nil for none.
    public var defaultAttentionCap: Double?
    /// The bound of logits, likewise.
    public var defaultLogitCap: Double?

    // MARK: Configuration

    /// The keys that the family knows, beyond those that all know.
    public var keys: Set<String> = []
    /// Where the configuration says which function gates.
    public var gateKey = "hidden_act"
    /// What gates where it does not.
    public var defaultGate = GateFunction.silu
    /// Where it says what is added to the mean square of norms.
    public var epsilonKey = "rms_norm_eps"
    /// What is added where it does not.
    public var defaultEpsilon = 1e-6
    /// The number of key and value heads; nil for as many as query heads.
    public var defaultKeyValueHeadCount: Int?
    /// The width of a head; nil for the hidden size shared out to the heads.
    public var defaultHeadDimension: Int?
    /// The longest sequence.
    public var defaultContextLength = 2048
    /// The base of rotations.
    public var defaultTheta = 10000.0
    /// The ways of reaching beyond the original context, as `rope_type` names them.
    public var rotaryTypes: Set<String> = [
        "default", "linear", "dynamic", "llama3", "yarn", "longrope",
    ]
    /// The original context; nil for the longest sequence.
    public var defaultOriginalContextLength: Int?
    /// Whether the head is the embedding.
    public var tiesEmbeddingsByDefault = false

    /// Llama, changed.
    init(_ change: (inout FamilyDescription) -> Void = { _ in }) { change(&self) }
}

/// What a norm computes of a vector.
public enum NormKind: Sendable, Hashable {
    /// `x / rms(x) · w` (Zhang and Sennrich, RMSNorm).
    case rootMeanSquare
    /// `x / rms(x) · (1 + w)`.
    case rootMeanSquareAroundOne
    /// `(x − mean(x)) / deviation(x) · w` (Ba et al., layer normalization, without a bias).
    case layer

    /// What is added to stored weights before they multiply.
    public var center: Float { self == .rootMeanSquareAroundOne ? 1 : 0 }
}

/// What a norm of queries or keys spans.
public enum HeadNorm: Sendable, Hashable {
    /// Each head, all with the same weights.
    case sharedByHeads
    /// Each head, with weights of its own.
    case ofEachHead
    /// All heads together.
    case acrossHeads
}

/// Which layers see only the last tokens, and where the configuration says how many.
public enum Windows: Sendable, Hashable {
    /// None.
    case none
    /// All that there are, if `sliding_window` is a number; this one if it is not there.
    case everyLayer(default: Int?)
    /// If `use_sliding_window` is true, those from `max_window_layers` on.
    case upperLayers
    /// If `use_sliding_window` is true, those without rotation.
    case unrotatedLayers
    /// All but each `sliding_window_pattern`-th; this number if it is not there.
    case interleaved(period: Int)
}

/// A factor, and where it comes from.
public enum ConfiguredFactor: Sendable, Hashable {
    case one
    /// The value of a key.
    case value(of: String, default: Double)
    /// One over the value of a key.
    case reciprocal(of: String, default: Double)
    /// One over the root of the value of a key.
    case inverseRoot(of: String, default: Double)
    /// One over the root of the width of a head.
    case inverseRootOfHeadDimension
    /// The root of the width of the residual stream.
    case rootOfHiddenSize
}
