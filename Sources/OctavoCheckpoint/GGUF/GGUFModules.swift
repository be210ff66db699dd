/// What a dimension of a tensor runs over.
enum GGUFDimension: Sendable {
    case vocabulary
    case hidden
    /// The queries of all heads; keys and values likewise.
    case queries
    case keys
    case values
    /// Queries, keys and values in one tensor.
    case queriesKeysAndValues
    /// The elements of one head.
    case head
    /// The heads of queries; of keys and values.
    case heads
    case keyValueHeads
    case inner
    /// Gate and up projection in one tensor.
    case gateAndUp
    case experts
    case expertInner
}

/// A tensor of a layer, or of the model's ends: what GGUF and Hugging Face call it, and its shape (M3).
struct GGUFModule: Sendable {
    /// In GGUF, behind `blk.N.` for a tensor of a layer.
    let name: String
    /// In Hugging Face, behind `model.layers.N.` for a tensor of a layer; `*` is an expert's number.
    let huggingFace: String
    /// Slowest first.
    let shape: [GGUFDimension]

    init(_ name: String, _ huggingFace: String, _ shape: GGUFDimension...) {
        self.name = name
        self.huggingFace = huggingFace
        self.shape = shape
    }

    /// Whether it holds one matrix for each expert.
    var isOfExperts: Bool { shape.first == .experts && shape.count == 3 }

    /// What files of before April 2024 called the matrix of one expert: `ffn_up.3` for what is now a
    /// part of `ffn_up_exps`.
    func name(ofExpert expert: Int) -> String { "\(name.dropLast("_exps".count)).\(expert)" }
}

/// What families have in common.
extension [GGUFModule] {
    static let ends: Self = [
        GGUFModule("token_embd", "model.embed_tokens", .vocabulary, .hidden),
        GGUFModule("output_norm", "model.norm", .hidden),
        GGUFModule("output", "lm_head", .vocabulary, .hidden),
    ]

    static let attention: Self = [
        GGUFModule("attn_norm", "input_layernorm", .hidden),
        GGUFModule("attn_q", "self_attn.q_proj", .queries, .hidden),
        GGUFModule("attn_k", "self_attn.k_proj", .keys, .hidden),
        GGUFModule("attn_v", "self_attn.v_proj", .values, .hidden),
        GGUFModule("attn_output", "self_attn.o_proj", .hidden, .queries),
    ]

    static let fusedAttention: Self = [
        GGUFModule("attn_norm", "input_layernorm", .hidden),
        GGUFModule("attn_qkv", "self_attn.qkv_proj", .queriesKeysAndValues, .hidden),
        GGUFModule("attn_output", "self_attn.o_proj", .hidden, .queries),
    ]

    static let headNorms: Self = [
        GGUFModule("attn_q_norm", "self_attn.q_norm", .head),
        GGUFModule("attn_k_norm", "self_attn.k_norm", .head),
    ]

    /// The same with weights of its own for each head.
    static let normsOfEachHead: Self = [
        GGUFModule("attn_q_norm", "self_attn.q_norm", .heads, .head),
        GGUFModule("attn_k_norm", "self_attn.k_norm", .keyValueHeads, .head),
    ]

    /// Norms over all heads together.
    static let normsAcrossHeads: Self = [
        GGUFModule("attn_q_norm", "self_attn.q_norm", .queries),
        GGUFModule("attn_k_norm", "self_attn.k_norm", .keys),
    ]

    /// The norm between attention and feed-forward.
    static let middleNorm: Self = [
        GGUFModule("ffn_norm", "post_attention_layernorm", .hidden)
    ]

    /// Norms before and behind the feed-forward, and behind attention.
    static let surroundingNorms: Self = [
        GGUFModule("post_attention_norm", "post_attention_layernorm", .hidden),
        GGUFModule("ffn_norm", "pre_feedforward_layernorm", .hidden),
        GGUFModule("post_ffw_norm", "post_feedforward_layernorm", .hidden),
    ]

    /// Norms behind attention and feed-forward, and none before them.
    static let followingNorms: Self = [
        GGUFModule("post_attention_norm", "post_attention_layernorm", .hidden),
        GGUFModule("post_ffw_norm", "post_feedforward_layernorm", .hidden),
    ]

    static let feedForward: Self = [
        GGUFModule("ffn_gate", "mlp.gate_proj", .inner, .hidden),
        GGUFModule("ffn_up", "mlp.up_proj", .inner, .hidden),
        GGUFModule("ffn_down", "mlp.down_proj", .hidden, .inner),
    ]

    static let fusedFeedForward: Self = [
        GGUFModule("ffn_up", "mlp.gate_up_proj", .gateAndUp, .hidden),
        GGUFModule("ffn_down", "mlp.down_proj", .hidden, .inner),
    ]

    /// A router and experts, with Hugging Face's names for the block and an expert's three matrices.
    static func experts(_ block: String, gate: String, up: String, down: String) -> Self {
        [
            GGUFModule("ffn_gate_inp", "\(block).gate", .experts, .hidden),
            GGUFModule(
                "ffn_gate_exps",
                "\(block).experts.*.\(gate)",
                .experts,
                .expertInner,
                .hidden
            ),
            GGUFModule("ffn_up_exps", "\(block).experts.*.\(up)", .experts, .expertInner, .hidden),
            GGUFModule(
                "ffn_down_exps",
                "\(block).experts.*.\(down)",
                .experts,
                .hidden,
                .expertInner
            ),
        ]
    }
}
