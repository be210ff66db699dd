import OctavoNumerics

extension ModelConfiguration {
    /// The families whose mathematics is known, as `model_type` names them.
    public enum Family: String, CaseIterable, Sendable {
        case llama, mistral, mixtral, qwen2, qwen3
        case qwen3MoE = "qwen3_moe"
        case gemma, gemma2
        case gemma3 = "gemma3_text"
        case phi3, cohere, granite, olmo2, smollm3

        /// How the family differs from Llama.
        public var description: FamilyDescription {
            switch self {
            case .llama: .llama
            case .mistral: .mistral
            case .mixtral: .mixtral
            case .qwen2: .qwen2
            case .qwen3: .qwen3
            case .qwen3MoE: .qwen3MoE
            case .gemma: .gemma
            case .gemma2: .gemma2
            case .gemma3: .gemma3
            case .phi3: .phi3
            case .cohere: .cohere
            case .granite: .granite
            case .olmo2: .olmo2
            case .smollm3: .smollm3
            }
        }
    }
}

extension FamilyDescription {
    static let llama = FamilyDescription { $0.keys = ["attention_bias", "mlp_bias"] }

    static let mistral = FamilyDescription {
        $0.windows = .everyLayer(default: 4096)
        $0.keys = ["sliding_window"]
        $0.defaultKeyValueHeadCount = 8
        $0.defaultContextLength = 131_072
    }

    static let mixtral = FamilyDescription {
        $0.experts = ExpertDefaults(spelling: .blockSparse, count: 8, activeCount: 2)
        $0.windows = .everyLayer(default: nil)
        $0.keys = ["sliding_window", "num_local_experts", "num_experts"]
        $0.defaultEpsilon = 1e-5
        $0.defaultKeyValueHeadCount = 8
        $0.defaultContextLength = 131_072
        $0.defaultTheta = 1_000_000
    }

    static let qwen2 = FamilyDescription {
        $0.biasedLinears = [.queryProjection, .keyProjection, .valueProjection]
        $0.windows = .upperLayers
        $0.keys = ["sliding_window", "use_sliding_window", "layer_types"]
        $0.defaultKeyValueHeadCount = 32
        $0.defaultContextLength = 32768
    }

    static let qwen3 = FamilyDescription {
        $0 = qwen2
        $0.biasedLinears = []
        $0.norms[.queries] = "self_attn.q_norm"
        $0.norms[.keys] = "self_attn.k_norm"
        $0.keys.insert("attention_bias")
        $0.defaultHeadDimension = 128
    }

    static let qwen3MoE = FamilyDescription {
        $0 = qwen3
        $0.experts = ExpertDefaults(spelling: .projections, count: 128, activeCount: 8)
        $0.windows = .everyLayer(default: 4096)
        $0.keys.remove("layer_types")
        $0.keys.formUnion([
            "num_local_experts", "num_experts", "norm_topk_prob", "mlp_only_layers",
            "decoder_sparse_step",
        ])
        $0.defaultKeyValueHeadCount = 4
        $0.defaultHeadDimension = nil
    }

    static let gemma = FamilyDescription {
        $0.norm = .rootMeanSquareAroundOne
        $0.embeddingScale = .rootOfHiddenSize
        $0.keys = ["attention_bias"]
        $0.defaultGate = .tanhGELU
        $0.defaultKeyValueHeadCount = 16
        $0.defaultHeadDimension = 256
        $0.defaultContextLength = 8192
        $0.tiesEmbeddingsByDefault = true
    }

    static let gemma2 = FamilyDescription {
        $0 = gemma
        $0.norms = [
            .attentionInput: "input_layernorm", .attentionOutput: "post_attention_layernorm",
            .feedForwardInput: "pre_feedforward_layernorm",
            .feedForwardOutput: "post_feedforward_layernorm",
        ]
        $0.windows = .interleaved(period: 2)
        $0.attentionScale = .inverseRoot(of: "query_pre_attn_scalar", default: 256)
        $0.defaultAttentionCap = 50
        $0.defaultLogitCap = 30
        $0.keys.formUnion([
            "query_pre_attn_scalar", "attn_logit_softcapping", "final_logit_softcapping",
            "sliding_window", "layer_types",
        ])
        $0.gateKey = "hidden_activation"
        $0.defaultKeyValueHeadCount = 4
    }

    static let gemma3 = FamilyDescription {
        $0 = gemma2
        $0.norms[.queries] = "self_attn.q_norm"
        $0.norms[.keys] = "self_attn.k_norm"
        $0.windows = .interleaved(period: 6)
        $0.rotatesWindowsApart = true
        $0.defaultAttentionCap = nil
        $0.defaultLogitCap = nil
        // transformers has no use for a bound of attention scores here.
        $0.keys.remove("attn_logit_softcapping")
        $0.keys.formUnion(["sliding_window_pattern", "rope_local_base_freq"])
        $0.defaultContextLength = 131_072
        $0.defaultTheta = 1_000_000
    }

    static let phi3 = FamilyDescription {
        $0.linears = [
            .queryKeyValueProjection, .outputProjection, .gateUpProjection, .downProjection,
        ]
        $0.windows = .everyLayer(default: nil)
        $0.keys = ["sliding_window", "partial_rotary_factor"]
        // The first Phi-3 called it "su".
        $0.rotaryTypes = ["default", "longrope", "su"]
        $0.defaultOriginalContextLength = 4096
        $0.defaultEpsilon = 1e-5
        $0.defaultContextLength = 4096
    }

    static let cohere = FamilyDescription {
        $0.norm = .layer
        $0.norms = [
            .attentionInput: "input_layernorm", .queries: "self_attn.q_norm",
            .keys: "self_attn.k_norm",
        ]
        $0.headNorm = .ofEachHead
        $0.isParallel = true
        $0.pairing = .neighbours
        $0.logitScale = .value(of: "logit_scale", default: 0.0625)
        $0.keys = ["attention_bias", "logit_scale", "use_qk_norm"]
        $0.epsilonKey = "layer_norm_eps"
        $0.defaultEpsilon = 1e-5
        $0.defaultContextLength = 8192
        $0.defaultTheta = 500_000
        $0.tiesEmbeddingsByDefault = true
    }

    static let granite = FamilyDescription {
        $0.embeddingScale = .value(of: "embedding_multiplier", default: 1)
        $0.attentionScale = .value(of: "attention_multiplier", default: 1)
        $0.residualScale = .value(of: "residual_multiplier", default: 1)
        $0.logitScale = .reciprocal(of: "logits_scaling", default: 1)
        $0.keys = [
            "attention_bias", "mlp_bias", "embedding_multiplier", "attention_multiplier",
            "residual_multiplier", "logits_scaling",
        ]
    }

    static let olmo2 = FamilyDescription {
        $0.norms = [
            .queries: "self_attn.q_norm", .keys: "self_attn.k_norm",
            .attentionOutput: "post_attention_layernorm",
            .feedForwardOutput: "post_feedforward_layernorm",
        ]
        $0.headNorm = .acrossHeads
        $0.keys = ["attention_bias"]
        $0.defaultEpsilon = 1e-5
    }

    static let smollm3 = FamilyDescription {
        $0.windows = .unrotatedLayers
        $0.keys = [
            "attention_bias", "mlp_bias", "no_rope_layers", "sliding_window", "use_sliding_window",
            "layer_types", "pretraining_tp",
        ]
        $0.defaultKeyValueHeadCount = 4
        $0.defaultContextLength = 32768
        $0.defaultTheta = 2_000_000
        $0.tiesEmbeddingsByDefault = true
    }
}
