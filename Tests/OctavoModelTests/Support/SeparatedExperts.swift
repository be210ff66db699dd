import OctavoTestSupport

/// The gradients of Mixtral's experts, which transformers holds in one, by the names of its checkpoints.
func separatingExperts(_ tensors: [String: StoredTensor]) -> [String: StoredTensor] {
    var separated: [String: StoredTensor] = [:]
    for (name, tensor) in tensors {
        let name = name.replacing(".mlp.gate.", with: ".block_sparse_moe.gate.")
        guard let experts = name.firstRange(of: ".mlp.experts."), tensor.shape.count == 3 else {
            separated[name] = tensor
            continue
        }
        let block = name[..<experts.lowerBound] + ".block_sparse_moe.experts."
        // The gate's rows come before those of up.
        let names = name.hasSuffix("gate_up_proj") ? ["w1", "w3"] : ["w2"]
        let size = tensor.bytes.count / tensor.shape[0] / names.count
        for expert in 0..<tensor.shape[0] {
            for (part, linear) in names.enumerated() {
                let start = (expert * names.count + part) * size
                separated["\(block)\(expert).\(linear).weight"] = StoredTensor(
                    dtype: tensor.dtype,
                    shape: [tensor.shape[1] / names.count, tensor.shape[2]],
                    bytes: Array(tensor.bytes[start..<start + size])
                )
            }
        }
    }
    return separated
}
