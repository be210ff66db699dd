public import OctavoBase

extension AQLMParameters {
    /// Makes the `quantization_config` of a model (A2, A7).
    ///
    /// - Parameter unquantized: The paths of all linears that keep their weight, such as `lm_head`;
    ///   each is listed in both spellings, since versions of the Transformers library before and
    ///   after the fifth look for different ones.
    /// - Returns: A JSON object.
    public func quantizationConfig(unquantized: [String]) -> JSON {
        let names = unquantized.flatMap { [$0, $0 + ".weight"] }.sorted(by: precedes)
        return .object([
            "in_group_size": .integer(inGroup),
            "linear_weights_not_to_quantize": .array(names.map(JSON.string)),
            "nbits_per_codebook": .integer(bits),
            "num_codebooks": .integer(codebooks),
            "out_group_size": .integer(outGroup),
            "quant_method": "aqlm",
        ])
    }
}

/// Spells out a `config.json` for readers old and new: the dtype and the rotary positions each in
/// both spellings, saying the same (A8).
///
/// - Parameters:
///   - config: A model's configuration.
///   - dtype: The dtype its tensors are going to have, as PyTorch names it: `float16`, `bfloat16`…
///   - quantization: What to put under `quantization_config`; nil for a dense model.
/// - Returns: The configuration to be written.
public func completedConfig(_ config: JSON, dtype: String, quantization: JSON? = nil) -> JSON {
    guard var members = config.object else { return config }
    members["dtype"] = .string(dtype)
    members["torch_dtype"] = .string(dtype)
    members["quantization_config"] = quantization
    // Code that came with the original is not carried along, and is not needed.
    members["auto_map"] = nil
    completeRope(&members)
    return .object(members)
}

/// Makes `rope_parameters` (new) and `rope_theta` with `rope_scaling` (old) agree.
///
/// Where both are there and differ, the old ones count, as they do for the Transformers library.
private func completeRope(_ members: inout JSONObject) {
    if var scaling = members["rope_scaling"]?.object {
        normalize(&scaling)
        members["rope_scaling"] = .object(scaling)
        writeParameters(scaling, &members)
    } else if let parameters = members["rope_parameters"]?.object {
        writeLegacy(parameters, &members)
    } else if members["rope_theta"] != nil {
        writeParameters(JSONObject(), &members)
    }
}

/// Respells what later versions no longer understand.
private func normalize(_ scaling: inout JSONObject) {
    scaling["rope_type"] = scaling["rope_type"] ?? scaling["type"] ?? "default"
    for key in ["type", "rope_type"] where scaling[key] == "su" { scaling[key] = "longrope" }
}

/// Derives the new spelling from the old one.
private func writeParameters(_ scaling: JSONObject, _ members: inout JSONObject) {
    var parameters = scaling
    parameters["type"] = nil
    parameters["rope_type"] = parameters["rope_type"] ?? "default"
    parameters["rope_theta"] = members["rope_theta"] ?? parameters["rope_theta"]
    parameters["partial_rotary_factor"] =
        members["partial_rotary_factor"] ?? parameters["partial_rotary_factor"]
    // Gemma 3 rotates its local layers at another base.
    if let local = members["rope_local_base_freq"] {
        members["rope_parameters"] = .object([
            "full_attention": .object(parameters),
            "sliding_attention": .object(["rope_theta": local, "rope_type": "default"]),
        ])
    } else {
        members["rope_parameters"] = .object(parameters)
    }
}

/// Derives the old spelling from the new one.
private func writeLegacy(_ parameters: JSONObject, _ members: inout JSONObject) {
    if let local = parameters["sliding_attention"]?["rope_theta"] {
        members["rope_local_base_freq"] = local
    }
    let hasBaseAlone = members["rope_theta"] != nil && members["rope_scaling"] == nil
    var scaling = parameters["full_attention"]?.object ?? parameters
    for key in ["rope_theta", "partial_rotary_factor"] {
        if let value = scaling[key] { members[key] = value }
        scaling[key] = nil
    }
    if scaling["rope_type"] != "default" {
        members["rope_scaling"] = .object(scaling)
    } else if !hasBaseAlone {
        members["rope_scaling"] = .null
    }
}

/// What of a configuration's rotary positions the Transformers library does not understand, before its
/// fifth version or at all (A8).
public func rotaryFindings(_ config: JSON) -> [ReaderFinding] {
    var findings: [ReaderFinding] = []
    if let parameters = config["rope_parameters"], parameters != .null,
        config["rope_theta"] == nil, config["rope_scaling"] == nil
    {
        let isPlain =
            parameters["rope_theta"]?.number == 10000
            && parameters["rope_type"] ?? "default" == "default"
        if !isPlain {
            findings.append(ReaderFinding(.newRotary, [.transformers4], ["rope_parameters"]))
        }
    }
    let scaling = config["rope_scaling"]
    if scaling?["type"] == "su" || scaling?["rope_type"] == "su" {
        findings.append(
            ReaderFinding(.oldRotary, [.transformers4, .transformers5], ["rope_scaling"])
        )
    }
    return findings
}
