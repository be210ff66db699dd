/// Respells a tensor's name of architecture `llama` as Hugging Face has it (M3).
///
/// - Returns: Nil for a name that the architecture does not have in a layer below `layers`.
func huggingFaceName(ofLlamaTensor name: String, layers: Int) -> String? {
    switch name {
    case "token_embd.weight": return "model.embed_tokens.weight"
    case "output_norm.weight": return "model.norm.weight"
    case "output.weight": return "lm_head.weight"
    default: break
    }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]), layer >= 0,
        layer < layers,
        "\(layer)" == parts[1], parts[3] == "weight" || parts[3] == "bias",
        let module = moduleNames[String(parts[2])]
    else { return nil }
    return "model.layers.\(layer).\(module).\(parts[3])"
}

private let moduleNames = [
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
]

/// Puts the rows of queries or keys back into the order of Hugging Face (M4).
///
/// GGUF holds each head's rows as pairs `[half, 2]`, the way llama.cpp rotates them; Hugging Face
/// rotates the first half of a head against the second and holds `[2, half]`.
///
/// - Parameters:
///   - values: All elements, or a bias, which counts as a matrix with one column.
///   - rows: A multiple of twice `heads`.
///   - heads: The heads that the rows divide into.
/// - Returns: The elements, whole rows moved.
func deinterleaved(_ values: [Float], rows: Int, heads: Int) -> [Float] {
    // Without columns there may be more rows than anyone can count.
    guard !values.isEmpty else { return [] }
    let columns = values.count / max(rows, 1)
    let half = rows / heads / 2
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for head in 0..<heads {
        for part in 0..<2 {
            for i in 0..<half {
                let row = (head * half + i) * 2 + part
                result.append(contentsOf: values[row * columns..<(row + 1) * columns])
            }
        }
    }
    return result
}
