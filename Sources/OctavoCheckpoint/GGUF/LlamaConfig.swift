internal import OctavoBase

/// What a GGUF file says about its model, in the words of Hugging Face's `LlamaConfig`.
struct LlamaConfig {
    let model: LlamaGGUF
    let metadata: GGUFMetadata
    let vocabularySize: Int
    let isTied: Bool
    let hasAttentionBias: Bool
    let hasFeedForwardBias: Bool
    let scaling: Llama3Scaling?
    /// The dtype that holds the weights without much loss: as PyTorch names it.
    let dtype: String

    /// `config.json`, with dtype and rotary positions spelled for old and new readers alike.
    var json: JSON {
        .object([
            "architectures": ["LlamaForCausalLM"],
            "attention_bias": .bool(hasAttentionBias),
            "attention_dropout": 0.0,
            "bos_token_id": token("bos"),
            "dtype": .string(dtype),
            "eos_token_id": token("eos"),
            "head_dim": .integer(model.headSize),
            "hidden_act": "silu",
            "hidden_size": .integer(model.hiddenSize),
            "initializer_range": 0.02,
            "intermediate_size": .integer(model.intermediateSize),
            "max_position_embeddings": .integer(model.contextLength),
            "mlp_bias": .bool(hasFeedForwardBias),
            "model_type": "llama",
            "num_attention_heads": .integer(model.heads),
            "num_hidden_layers": .integer(model.layers),
            "num_key_value_heads": .integer(model.keyValueHeads),
            "pad_token_id": token("padding"),
            "pretraining_tp": 1,
            "rms_norm_eps": .number(model.normEpsilon),
            "rope_parameters": ropeParameters,
            "rope_scaling": ropeScaling.map(JSON.object) ?? .null,
            "rope_theta": .number(model.ropeBase),
            "tie_word_embeddings": .bool(isTied),
            "torch_dtype": .string(dtype),
            "use_cache": true,
            "vocab_size": .integer(vocabularySize),
        ])
    }

    /// `generation_config.json`.
    var generation: JSON {
        .object([
            "_from_model_config": true,
            "bos_token_id": token("bos"),
            "eos_token_id": token("eos"),
            "pad_token_id": token("padding"),
        ])
    }

    private func token(_ role: String) -> JSON? {
        metadata.integer("tokenizer.ggml.\(role)_token_id").map(JSON.integer)
    }

    /// The older spelling, which leaves the base elsewhere; nil if positions are not scaled.
    private var ropeScaling: JSONObject? {
        var members = JSONObject()
        if let scaling {
            members["factor"] = .number(Double(scaling.factor))
            members["high_freq_factor"] = .number(scaling.highFrequencyFactor)
            members["low_freq_factor"] = .number(scaling.lowFrequencyFactor)
            members["original_max_position_embeddings"] = .integer(scaling.originalContextLength)
            members["rope_type"] = "llama3"
        } else if let factor = model.linearRopeFactor {
            members["factor"] = .number(factor)
            members["rope_type"] = "linear"
        } else {
            return nil
        }
        return members
    }

    /// The newer spelling.
    private var ropeParameters: JSON {
        var members = ropeScaling ?? JSONObject()
        if members["rope_type"] == nil { members["rope_type"] = "default" }
        members["rope_theta"] = .number(model.ropeBase)
        return .object(members)
    }
}
