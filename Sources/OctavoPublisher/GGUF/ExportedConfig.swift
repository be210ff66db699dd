import Foundation
import OctavoBase
import OctavoModel
import OctavoNumerics

/// A model's configuration with nothing left to defaults, as ``GGUFExport`` asks for it.
///
/// What a family's class in transformers takes where `config.json` says nothing is written out; windows,
/// rotations and the scale of queries stand there for every family.
func exportedConfig(_ model: ModelConfiguration, from config: JSON) -> JSON {
    var members = config.object ?? JSONObject()
    let family = model.family.description
    members["model_type"] = .string(model.family.rawValue)
    members["vocab_size"] = .integer(model.vocabularySize)
    members["hidden_size"] = .integer(model.hiddenSize)
    members["intermediate_size"] = .integer(model.intermediateSize)
    members["num_hidden_layers"] = .integer(model.layerCount)
    members["num_attention_heads"] = .integer(model.headCount)
    members["num_key_value_heads"] = .integer(model.keyValueHeadCount)
    members["head_dim"] = .integer(model.headDimension)
    members["max_position_embeddings"] = .integer(model.contextLength)
    members[family.epsilonKey] = members[family.epsilonKey] ?? .number(family.defaultEpsilon)
    members["tie_word_embeddings"] = .bool(model.tiesEmbeddings)
    let gate: JSON = model.gate == .silu ? "silu" : "gelu_pytorch_tanh"
    members["hidden_act"] = gate
    members["hidden_activation"] = gate
    members["attention_scale"] = .number(Double(model.attentionScale))
    for factor in [family.embeddingScale, family.attentionScale, family.residualScale] {
        fill(factor, &members)
    }
    fill(family.logitScale, &members)
    members["attn_logit_softcapping"] = model.attentionCap.map { .number(Double($0)) } ?? .null
    members["final_logit_softcapping"] = model.logitCap.map { .number(Double($0)) } ?? .null

    let window = model.layers.lazy.compactMap(\.window).first
    members["sliding_window"] = window.map(JSON.integer) ?? .null
    members["layer_types"] = .array(
        model.layers.map { $0.window == nil ? "full_attention" : "sliding_attention" }
    )
    members["no_rope_layers"] = .array(model.layers.map { $0.rotary == nil ? 0 : 1 })
    if let experts = model.experts {
        members["num_local_experts"] = .integer(experts.count)
        members["num_experts"] = .integer(experts.count)
        members["num_experts_per_tok"] = .integer(experts.activeCount)
        members["moe_intermediate_size"] = .integer(experts.intermediateSize)
        members["norm_topk_prob"] = .bool(experts.normalizesWeights)
        let dense = (0..<model.layerCount).filter { !experts.layers.contains($0) }
        members["mlp_only_layers"] = .array(dense.map(JSON.integer))
    }
    addRotation(of: model, to: &members)
    return .object(members)
}

/// Writes out a factor that the configuration leaves to its default.
private func fill(_ factor: ConfiguredFactor, _ members: inout JSONObject) {
    switch factor {
    case .value(let key, let fallback), .reciprocal(let key, let fallback),
        .inverseRoot(let key, let fallback):
        if members[key] ?? .null == .null { members[key] = .number(fallback) }
    case .one, .inverseRootOfHeadDimension, .rootOfHiddenSize: break
    }
}

private func addRotation(of model: ModelConfiguration, to members: inout JSONObject) {
    let rotary = model.rotary
    members["rope_theta"] = .number(rotary.theta)
    members["partial_rotary_factor"] = rotary.rotatedWidth.map {
        .number((Double($0) + 0.25) / Double(model.headDimension))
    }
    if model.family.description.rotatesWindowsApart {
        let local = model.layers.lazy.filter { $0.window != nil }.compactMap(\.rotary).first
        members["rope_local_base_freq"] =
            local.map { .number($0.theta) } ?? members["rope_local_base_freq"] ?? 10000.0
    }
    members["rope_scaling"] = scaling(rotary)
}

/// A way to scale positions, in the newer spelling; null for none.
private func scaling(_ rotary: RotaryEmbedding) -> JSON {
    switch rotary.scaling {
    case .none: return .null
    case .linear(let factor): return .object(["rope_type": "linear", "factor": .number(factor)])
    case .dynamic: return .object(["rope_type": "dynamic"])
    case .llama3(let factor, let low, let high, let original):
        return .object([
            "rope_type": "llama3", "factor": .number(factor), "low_freq_factor": .number(low),
            "high_freq_factor": .number(high),
            "original_max_position_embeddings": .integer(original),
        ])
    case .yarn(let yarn):
        // What readers of GGUF take for granted.
        let growth = yarn.factor <= 1 ? 1 : 0.1 * log(yarn.factor) + 1
        let isUsual = yarn.truncates && abs(rotary.attentionFactor - growth) <= 1e-6 * growth
        return .object([
            "rope_type": .string(isUsual ? "yarn" : "yarn with a factor of its own"),
            "factor": .number(yarn.factor), "beta_fast": .number(yarn.fastTurns),
            "beta_slow": .number(yarn.slowTurns),
            "original_max_position_embeddings": .integer(yarn.originalContextLength),
        ])
    case .longrope(let short, let long, let original):
        return .object([
            "rope_type": "longrope", "short_factor": .array(short.map(JSON.number)),
            "long_factor": .array(long.map(JSON.number)),
            "original_max_position_embeddings": .integer(original),
            "attention_factor": .number(rotary.attentionFactor),
        ])
    }
}
