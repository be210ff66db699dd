internal import OctavoBase

extension GGUFFamily {
    /// All families that are imported; of those with one architecture, the particular before the
    /// general.
    static let all = [
        mixtral, mistral, llama, qwen2, qwen3, qwen3MoE, gemma, gemma2, gemma3, phi3, cohere,
        granite, olmo2, smollm3,
    ]

    private static let llama = GGUFFamily(
        architecture: "llama",
        modelType: "llama",
        className: "LlamaForCausalLM",
        modules: .attention + .middleNorm + .feedForward,
        biasFlags: llamaBias,
        interleavesHeads: true,
        ropeTensors: .divisors,
        constants: ["hidden_act": "silu", "pretraining_tp": 1]
    )

    /// A llama whose attention slides.
    private static let mistral = GGUFFamily(
        architecture: "llama",
        modelType: "mistral",
        className: "MistralForCausalLM",
        distinction: "attention.sliding_window",
        modules: .attention + .middleNorm + .feedForward,
        interleavesHeads: true,
        ropeTensors: .divisors,
        constants: ["hidden_act": "silu"],
        numbers: [window(absent: .null)]
    )

    /// A llama with experts.
    private static let mixtral = GGUFFamily(
        architecture: "llama",
        modelType: "mixtral",
        className: "MixtralForCausalLM",
        distinction: "expert_count",
        modules: .attention + .middleNorm
            + .experts("block_sparse_moe", gate: "w1", up: "w3", down: "w2"),
        interleavesHeads: true,
        ropeTensors: .divisors,
        constants: [
            "hidden_act": "silu", "output_router_logits": false, "router_aux_loss_coef": 0.001,
            "router_jitter_noise": 0.0,
        ],
        numbers: [window(absent: .null), expertsUsed, experts]
    )

    private static let qwen2 = GGUFFamily(
        architecture: "qwen2",
        modelType: "qwen2",
        className: "Qwen2ForCausalLM",
        modules: .attention + .middleNorm + .feedForward,
        biased: ["attn_q", "attn_k", "attn_v"],
        layers: .full,
        constants: noWindow
    )

    private static let qwen3 = GGUFFamily(
        architecture: "qwen3",
        modelType: "qwen3",
        className: "Qwen3ForCausalLM",
        modules: .attention + .headNorms + .middleNorm + .feedForward,
        biasFlags: attentionBias,
        layers: .full,
        constants: noWindow
    )

    private static let qwen3MoE = GGUFFamily(
        architecture: "qwen3moe",
        modelType: "qwen3_moe",
        className: "Qwen3MoeForCausalLM",
        modules: .attention + .headNorms + .middleNorm
            + .experts("mlp", gate: "gate_proj", up: "up_proj", down: "down_proj"),
        biasFlags: attentionBias,
        constants: noWindow.merging([
            "decoder_sparse_step": 1, "mlp_only_layers": [], "norm_topk_prob": true,
            "output_router_logits": false, "router_aux_loss_coef": 0.001,
        ]) { $1 },
        numbers: [
            expertsUsed, experts, Number(name: "num_experts", key: "expert_count", kind: .count),
            Number(
                name: "moe_intermediate_size",
                key: "expert_feed_forward_length",
                kind: .count
            ),
        ]
    )

    private static let gemma = GGUFFamily(
        architecture: "gemma",
        modelType: "gemma",
        className: "GemmaForCausalLM",
        modules: .attention + .middleNorm + .feedForward,
        biasFlags: attentionBias,
        raisesNorms: true,
        isAlwaysTied: true,
        constants: [
            "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh",
        ]
    )

    private static let gemma2 = GGUFFamily(
        architecture: "gemma2",
        modelType: "gemma2",
        className: "Gemma2ForCausalLM",
        modules: .attention + .surroundingNorms + .feedForward,
        biasFlags: attentionBias,
        raisesNorms: true,
        isAlwaysTied: true,
        layers: .sliding(period: 2),
        layersOfWideQueries: 46,
        constants: ["hidden_activation": "gelu_pytorch_tanh"],
        numbers: [
            window(absent: 4096), cap("attn_logit_softcapping", absent: 50.0),
            cap("final_logit_softcapping", absent: 30.0),
        ]
    )

    private static let gemma3 = GGUFFamily(
        architecture: "gemma3",
        modelType: "gemma3_text",
        className: "Gemma3ForCausalLM",
        modules: .attention + .headNorms + .surroundingNorms + .feedForward,
        biasFlags: attentionBias,
        raisesNorms: true,
        slidingRopeBase: 10000,
        layers: .sliding(period: 6),
        statesPeriod: true,
        layersOfWideQueries: 62,
        constants: ["hidden_activation": "gelu_pytorch_tanh"],
        numbers: [
            window(absent: .null), cap("attn_logit_softcapping", absent: .null),
            cap("final_logit_softcapping", absent: .null),
        ]
    )

    private static let phi3 = GGUFFamily(
        architecture: "phi3",
        modelType: "phi3",
        className: "Phi3ForCausalLM",
        modules: .fusedAttention + .middleNorm + .fusedFeedForward,
        rotatesParts: true,
        ropeTensors: .longAndShortFactors,
        constants: ["embd_pdrop": 0.0, "hidden_act": "silu", "resid_pdrop": 0.0],
        numbers: [window(absent: .null)]
    )

    private static let cohere = GGUFFamily(
        architecture: "command-r",
        modelType: "cohere",
        className: "CohereForCausalLM",
        modules: .attention + .feedForward,
        optional: ("use_qk_norm", .normsOfEachHead),
        layersWithOptional: 64,
        isAlwaysTied: true,
        epsilon: ("layer_norm_eps", "attention.layer_norm_epsilon"),
        constants: ["hidden_act": "silu"],
        numbers: [Number(name: "logit_scale", key: "logit_scale", kind: .positive, absent: 1.0)]
    )

    /// A llama that multiplies by four numbers of its own.
    private static let granite = GGUFFamily(
        architecture: "granite",
        modelType: "granite",
        className: "GraniteForCausalLM",
        modules: .attention + .middleNorm + .feedForward,
        biasFlags: llamaBias,
        interleavesHeads: true,
        ropeTensors: .divisors,
        constants: ["hidden_act": "silu"],
        numbers: [
            Number(name: "attention_multiplier", key: "attention.scale", kind: .positive),
            Number(
                name: "embedding_multiplier",
                key: "embedding_scale",
                kind: .positive,
                absent: 1.0
            ),
            Number(
                name: "residual_multiplier",
                key: "residual_scale",
                kind: .positive,
                absent: 1.0
            ),
            Number(name: "logits_scaling", key: "logit_scale", kind: .positive),
        ]
    )

    private static let olmo2 = GGUFFamily(
        architecture: "olmo2",
        modelType: "olmo2",
        className: "Olmo2ForCausalLM",
        modules: .attention.filter { $0.name != "attn_norm" } + .normsAcrossHeads
            + .followingNorms + .feedForward,
        isNeverTied: true,
        constants: ["hidden_act": "silu"]
    )

    /// A llama some layers of which know no positions.
    private static let smollm3 = GGUFFamily(
        architecture: "smollm3",
        modelType: "smollm3",
        className: "SmolLM3ForCausalLM",
        modules: .attention + .middleNorm + .feedForward,
        interleavesHeads: true,
        unrotatedPeriod: 4,
        ropeTensors: .divisors,
        layers: .full,
        constants: noWindow
    )

    private static let llamaBias = attentionBias.merging([
        "mlp_bias": ["ffn_gate", "ffn_up", "ffn_down"]
    ]) { $1 }

    private static let attentionBias = [
        "attention_bias": ["attn_q", "attn_k", "attn_v", "attn_output"]
    ]

    private static let noWindow: [String: JSON] = [
        "hidden_act": "silu", "sliding_window": .null, "use_sliding_window": false,
    ]

    private static let experts = Number(
        name: "num_local_experts",
        key: "expert_count",
        kind: .count
    )

    private static let expertsUsed = Number(
        name: "num_experts_per_tok",
        key: "expert_used_count",
        kind: .count
    )

    private static func window(absent: JSON) -> Number {
        Number(
            name: "sliding_window",
            key: "attention.sliding_window",
            kind: .window,
            absent: absent
        )
    }

    /// A limit that logits approach; the key is the same in GGUF.
    private static func cap(_ name: String, absent: JSON) -> Number {
        Number(name: name, key: name, kind: .positive, absent: absent)
    }
}
