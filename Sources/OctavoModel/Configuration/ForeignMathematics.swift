import OctavoBase

/// Keys that change the mathematics of some family, with the values that change nothing.
private let mathematics: [(key: String, neutral: [JSON], expected: String)] = [
    ("attention_bias", [false], "false"),
    ("attention_multiplier", [], "null"),
    ("attn_logit_softcapping", [], "null"),
    ("clip_qkv", [], "null"),
    ("embedding_multiplier", [1, 1.0], "1"),
    ("final_logit_softcapping", [], "null"),
    ("lm_head_bias", [false], "false"),
    ("logit_scale", [1, 1.0], "1"),
    ("logits_scaling", [1, 1.0], "1"),
    ("mlp_bias", [false], "false"),
    ("no_rope_layers", [], "null"),
    ("num_experts", [], "null"),
    ("num_local_experts", [], "null"),
    ("partial_rotary_factor", [1, 1.0], "1"),
    ("pretraining_tp", [1], "1"),
    ("qk_layernorm", [false], "false"),
    ("query_pre_attn_scalar", [], "null"),
    ("residual_multiplier", [1, 1.0], "1"),
    ("rope_local_base_freq", [], "null"),
    ("sliding_window_pattern", [], "null"),
    ("use_bidirectional_attention", [false], "false"),
    ("use_qk_norm", [false], "false"),
    ("use_sliding_window", [false], "false"),
]

extension ConfigurationReader {
    /// Refuses what another family would do: a model that runs must run as its makers meant it.
    func refuseForeignMathematics(
        _ family: FamilyDescription,
        contextLength: Int
    ) throws(ConfigurationError) {
        for (key, neutral, expected) in mathematics where !family.keys.contains(key) {
            if let value = self[key], !neutral.contains(value) {
                throw unsupported(key, value, expected)
            }
        }
        if let window = self["sliding_window"], !family.keys.contains("sliding_window"),
            window.integer ?? 0 < contextLength
        {
            throw unsupported("sliding_window", window, "null or at least \(contextLength)")
        }
    }

    /// Refuses weights that another quantization has made something else of: read as they are, without the
    /// scales beside them, they would be taken for weights.
    func refuseForeignQuantization() throws(ConfigurationError) {
        guard let section = self["quantization_config"] else { return }
        guard let method = section["quant_method"] else { return }
        guard method == "aqlm" else {
            throw unsupported("quantization_config.quant_method", method, "\"aqlm\"")
        }
    }
}
