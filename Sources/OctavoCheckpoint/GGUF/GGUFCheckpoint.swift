internal import OctavoBase

extension Checkpoint {
    /// Reads a GGUF file as Hugging Face would hold its model (M1 to M6 of formats/gguf.md).
    init(gguf path: String) throws(CheckpointError) {
        let name = lastComponent(path)
        let mapped = try rethrow(CheckpointError.file, try MappedFile(path))
        let file = try rethrow({ .gguf(file: name, $0) }, try GGUFFile(mapped))
        let (tensors, config) = try rethrow({ .ggufModel(file: name, $0) }, try importLlama(file))
        self.init(
            .gguf,
            path,
            tensors: tensors,
            config: config.json,
            sideFiles: [
                SideFile(
                    name: "generation_config.json",
                    content: .text(config.generation.text(.pretty))
                )
            ],
            sources: [SourceFile(mapped: mapped)],
            ggufMetadata: file.metadata
        )
    }
}

/// Respells the tensors of a llama, and gathers what its configuration needs.
private func importLlama(
    _ file: GGUFFile
) throws(GGUFModelError) -> ([CheckpointTensor], LlamaConfig) {
    let architecture = file.metadata.string("general.architecture") ?? ""
    guard architecture == LlamaGGUF.architecture else {
        throw .unsupportedArchitecture(architecture)
    }
    let model = try LlamaGGUF(file.metadata)
    var tensors: [CheckpointTensor] = []
    var scaling: Llama3Scaling?
    for tensor in file.tensors {
        guard !tensor.shape.contains(0) else {
            throw .emptyTensor(tensor.name, shape: tensor.shape)
        }
        if tensor.name == "rope_freqs.weight" {
            scaling = try llama3Scaling(tensor, in: file, of: model)
            continue
        }
        guard let name = huggingFaceName(ofLlamaTensor: tensor.name, layers: model.layers) else {
            throw .unknownTensor(tensor.name)
        }
        tensors.append(
            CheckpointTensor(
                name: name,
                type: .ggml(tensor.type),
                shape: tensor.shape,
                file: file.file,
                range: tensor.bytes,
                interleavedHeads: try interleavedHeads(tensor, of: model)
            )
        )
    }
    if scaling != nil, model.linearRopeFactor != nil {
        throw .unsupportedFeature("two ways of rope scaling at once")
    }
    return (tensors, try config(of: file, model, scaling))
}

/// In how many heads a tensor's rows are interleaved: those of queries and keys are.
private func interleavedHeads(
    _ tensor: GGUFTensor,
    of model: LlamaGGUF
) throws(GGUFModelError) -> Int? {
    let heads: Int
    switch tensor.name.split(separator: ".").dropLast().last {
    case "attn_q": heads = model.heads
    case "attn_k": heads = model.keyValueHeads
    default: return nil
    }
    let expected = [heads * model.headSize] + tensor.shape.dropFirst()
    guard tensor.shape == expected else {
        throw .badShape(tensor: tensor.name, found: tensor.shape, expected: expected)
    }
    return heads
}

private func llama3Scaling(
    _ tensor: GGUFTensor,
    in file: GGUFFile,
    of model: LlamaGGUF
) throws(GGUFModelError) -> Llama3Scaling? {
    guard tensor.shape == [model.headSize / 2] else {
        throw .badShape(tensor: tensor.name, found: tensor.shape, expected: [model.headSize / 2])
    }
    guard tensor.type == .f32, let divisors = dequantize(file.bytes(of: tensor), from: tensor.type)
    else { throw .unsupportedFeature("\(tensor.name) of type \(tensor.type.name)") }
    // Divisors of one change nothing.
    return divisors.allSatisfy { $0 == 1 } ? nil : try Llama3Scaling(divisors: divisors, of: model)
}

private func config(
    of file: GGUFFile,
    _ model: LlamaGGUF,
    _ scaling: Llama3Scaling?
) throws(GGUFModelError) -> LlamaConfig {
    let names = Set(file.tensors.map(\.name))
    guard let embedding = file.tensors.first(where: { $0.name == "token_embd.weight" }) else {
        throw .missingTensor("token_embd.weight")
    }
    guard embedding.shape.count == 2, embedding.shape[1] == model.hiddenSize else {
        throw .badShape(
            tensor: embedding.name,
            found: embedding.shape,
            expected: [embedding.shape.first ?? 0, model.hiddenSize]
        )
    }
    /// Whether linears have biases: all of them in all layers, or none, is what can be expressed.
    func hasBias(_ linears: [String]) throws(GGUFModelError) -> Bool {
        let found = linears.reduce(0) { sum, linear in
            sum + names.count { $0.hasSuffix(".\(linear).bias") }
        }
        guard found == 0 || found == linears.count * model.layers else {
            throw .unsupportedFeature("biases in some of \(linears.joined(separator: ", "))")
        }
        return found > 0
    }
    let types = Set(file.tensors.map(\.type))
    return LlamaConfig(
        model: model,
        metadata: file.metadata,
        vocabularySize: embedding.shape[0],
        isTied: !names.contains("output.weight"),
        hasAttentionBias: try hasBias(["attn_q", "attn_k", "attn_v", "attn_output"]),
        hasFeedForwardBias: try hasBias(["ffn_gate", "ffn_up", "ffn_down"]),
        scaling: scaling,
        dtype: types.contains(.bf16) ? "bfloat16" : types == [.f32] ? "float32" : "float16"
    )
}
