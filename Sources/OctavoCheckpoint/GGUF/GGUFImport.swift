internal import OctavoBase

/// The model in a GGUF file, or in several that it was split into, as Hugging Face would hold it
/// (M1 to M6 of formats/gguf.md).
struct GGUFImport {
    let tensors: [CheckpointTensor]
    let config: GGUFConfig

    /// Respells names, shapes and metadata of the files in their order, and checks them against each
    /// other; the first file has the metadata.
    init(_ files: [GGUFFile]) throws(GGUFModelError) {
        let metadata = files.first?.metadata ?? GGUFMetadata()
        let family = try GGUFFamily(of: metadata)
        var keys = GGUFKeys(metadata, architecture: family.architecture)
        let numbers = try GGUFHyperparameters(&keys, of: family)
        let all = files.flatMap(\.tensors)
        let places = try GGUFPlaces(of: family, numbers, among: Set(all.map { UTF8Key($0.name) }))
        let vocabulary = all.first { $0.name == "token_embd.weight" }?.shape.first ?? 0
        let ropeNames = family.ropeTensors?.names ?? []
        var rope: [String: [Float]] = [:]
        var tensors: [CheckpointTensor] = []
        for file in files {
            for tensor in file.tensors {
                guard !tensor.shape.contains(0) else {
                    throw .emptyTensor(tensor.name, shape: tensor.shape)
                }
                if ropeNames.contains(tensor.name) {
                    rope[tensor.name] = try ropeValues(tensor, in: file, of: numbers)
                } else if let place = places.byName[UTF8Key(tensor.name)] {
                    let expected = place.shape.map { numbers.length(of: $0) ?? vocabulary }
                    guard tensor.shape == expected else {
                        throw .badShape(
                            tensor: tensor.name,
                            found: tensor.shape,
                            expected: expected
                        )
                    }
                    tensors += respelled(tensor, in: file, at: place, of: family, numbers)
                } else {
                    throw .unknownTensor(tensor.name)
                }
            }
        }
        self.tensors = tensors
        let types = Set(all.map(\.type))
        config = try GGUFConfig(
            &keys,
            family: family,
            numbers: numbers,
            vocabularySize: vocabulary,
            isTied: places.byName[UTF8Key("output.weight")] == nil,
            biasFlags: places.biasFlags,
            dtype: types.contains(.bf16) ? "bfloat16" : types == [.f32] ? "float32" : "float16",
            rope: rope
        )
        try keys.refuseOthers()
    }
}

/// A tensor, or the tensors of all experts that it holds, under the names of Hugging Face.
private func respelled(
    _ tensor: GGUFTensor,
    in file: GGUFFile,
    at place: GGUFPlace,
    of family: GGUFFamily,
    _ numbers: GGUFHyperparameters
) -> [CheckpointTensor] {
    let experts = place.module.isOfExperts && place.part == .weight ? numbers.experts : nil
    let byteCount = tensor.bytes.count / (experts ?? 1)
    return (0..<(experts ?? 1)).map { index in
        // Matrices follow each other, each of whole rows and so of whole blocks.
        let start = tensor.bytes.lowerBound + index * byteCount
        return CheckpointTensor(
            name: place.huggingFaceName(expert: experts == nil ? nil : index),
            type: .ggml(tensor.type),
            shape: experts == nil ? tensor.shape : Array(tensor.shape.dropFirst()),
            file: file.file,
            range: start..<start + byteCount,
            transform: transform(of: place, in: family, numbers)
        )
    }
}

/// How a tensor's values differ from those that Hugging Face has (M4).
func transform(
    of place: GGUFPlace,
    in family: GGUFFamily,
    _ numbers: GGUFHyperparameters
) -> GGUFTransform? {
    switch place.module.shape.first {
    case .queries where family.interleavesHeads: .interleavedHeads(numbers.heads)
    case .keys where family.interleavesHeads: .interleavedHeads(numbers.keyValueHeads)
    // Weights of one dimension are those of norms.
    case _ where family.raisesNorms && place.module.shape.count == 1: .raisedByOne
    default: nil
    }
}

/// The values of a tensor that scales rotary positions.
private func ropeValues(
    _ tensor: GGUFTensor,
    in file: GGUFFile,
    of numbers: GGUFHyperparameters
) throws(GGUFModelError) -> [Float] {
    guard tensor.shape == [numbers.rotarySize / 2] else {
        throw .badShape(
            tensor: tensor.name,
            found: tensor.shape,
            expected: [numbers.rotarySize / 2]
        )
    }
    guard tensor.type == .f32, let values = dequantize(file.bytes(of: tensor), from: tensor.type)
    else { throw .unsupportedFeature("\(tensor.name) of type \(tensor.type.name)") }
    guard values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
        throw .unsupportedFeature("\(tensor.name) with entries that are not positive")
    }
    return values
}
