import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics

/// Writes a model as a GGUF file, some rows at a time.
struct GGUFModelWriter {
    /// A tensor that is going to be written: what it is made of, and as what.
    struct Part {
        let tensor: GGUFExport.Tensor
        let plan: GGUFTensorPlan
    }

    private let model: OpenModel
    private let metadata: [(key: String, value: GGUFField)]
    private let weights: [String: WeightTensor]
    /// The tensors in the order of the file.
    let parts: [Part]
    /// The type that most of them were asked for in.
    let type: GGMLType

    /// Plans a file; nothing is written yet.
    ///
    /// - Parameters:
    ///   - model: What to write.
    ///   - type: The type of matrices; nil for what most of them are now, or F16.
    /// - Throws: Why GGUF cannot say what the model is.
    init(_ model: OpenModel, type: GGMLType?) throws {
        self.model = model
        let tensors = model.weightTensors
        let type = type ?? commonType(tensors)
        self.type = type
        guard !model.checkpoint.isBare else { throw ModelError.noConfiguration(model.path) }
        let configuration = try model.configuration()
        let export = try GGUFExport(
            config: exportedConfig(configuration, from: model.config),
            shapes: tensors.map { ($0.name, $0.shape) }
        )
        var name = lastComponent(model.path)
        name = name.removingSuffix(".gguf") ?? name
        let general: [(key: String, value: GGUFField)] = [
            ("general.architecture", .string(export.architecture)),
            ("general.type", .string("model")), ("general.name", .string(name)),
            ("general.file_type", .uint32(type.fileType ?? 1)),
            ("general.quantization_version", .uint32(2)),
        ]
        metadata =
            general + [
                ("\(export.architecture).vocab_size", .uint32(UInt32(configuration.vocabularySize)))
            ]
            + export.metadata + (try model.tokenizerFields(configuration))
        weights = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { a, _ in a })
        var parts: [Part] = []
        for tensor in export.tensors {
            let stored = storedType(of: tensor, in: type)
            guard
                let plan = GGUFTensorPlan(name: tensor.name, type: stored, shape: tensor.shape)
            else { throw GGUFExportError.undeclarable(tensor.name, shape: tensor.shape) }
            parts.append(Part(tensor: tensor, plan: plan))
        }
        self.parts = parts
    }

    /// The weights that a tensor is made of.
    func weights(of part: Part) -> [WeightTensor] {
        part.tensor.parts.compactMap { weights[$0] }
    }

    /// Whether the bytes of a weight are copied as they are.
    func isCopied(_ weight: WeightTensor, to part: Part) -> Bool {
        guard case .stored(let stored) = weight.source else { return false }
        return stored.isStored(as: part.plan.type, part.tensor.transform)
    }

    /// Writes the file.
    ///
    /// - Parameters:
    ///   - path: The name it will have once it is whole.
    ///   - threads: How many encode blocks.
    ///   - progress: Told of every tensor.
    /// - Throws: What a tensor or the disk refuses.
    func write(to path: String, threads: Int, progress: ProgressHandler) throws {
        var writer = try GGUFWriter(path, metadata: metadata, tensors: parts.map(\.plan))
        for (index, part) in parts.enumerated() {
            let type = part.plan.type
            if !part.tensor.values.isEmpty {
                try writer.write(encoded(part.tensor.values, as: type, named: part.plan.name, 1))
            }
            for weight in weights(of: part) {
                if case .stored(let stored) = weight.source, isCopied(weight, to: part) {
                    try stored.forEachPiece { try writer.write($0) }
                    continue
                }
                let rows = try WeightRows(weight, of: model)
                let together = part.tensor.transform?.rowsTogether(of: rows.count) ?? 1
                for range in rows.ranges(together: together) {
                    var values = try rows.floats(range, threads: threads)
                    if let transform = part.tensor.transform {
                        values = transform.applied(
                            to: values,
                            rows: range.count,
                            heads: range.count / together
                        )
                    }
                    try writer.write(encoded(values, as: type, named: weight.name, threads))
                }
            }
            progress(
                Progress("writing tensors", index + 1, of: parts.count, detail: part.plan.name)
            )
        }
        try writer.finish()
    }
}

/// The bytes of whole rows in a type, encoded by several threads.
private func encoded(
    _ values: [Float],
    as type: GGMLType,
    named name: String,
    _ threads: Int
) throws -> [UInt8] {
    switch type {
    case .f32: break
    case .bf16: try requireBrains(values, named: name)
    case .f16: try requireHalves(values, named: name)
    default:
        // Scales of blocks are halves, and there is none for what is not a number.
        guard allFinite(values) else { throw StorageError.notFinite(tensor: name, type: type.name) }
        try requireHalves(values, named: name)
    }
    guard values.count % type.blockElements == 0 else {
        throw StorageError.blocks(tensor: name, type: type.name)
    }
    let step = max(1, (1 << 16) / type.blockElements) * type.blockElements
    let starts = Array(stride(from: 0, to: values.count, by: step))
    let pieces: [[UInt8]?] = parallelMap(starts.count, threads: threads) { index in
        let range = starts[index]..<min(starts[index] + step, values.count)
        return switch type {
        case .q4_K: SuperBlocks.q4.encode(values, range)
        case .q6_K: SuperBlocks.q6.encode(values, range)
        default: encodeBlocks(values, range, as: type)
        }
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count / type.blockElements * type.blockBytes)
    for piece in pieces {
        guard let piece else { throw StorageError.blocks(tensor: name, type: type.name) }
        bytes += piece
    }
    return bytes
}

/// The type of most matrices among those that a file can be of without loss; F16 for others.
private func commonType(_ tensors: [WeightTensor]) -> GGMLType {
    for tensor in tensors where tensor.shape.count == 2 {
        switch tensor.type {
        case "BF16": return .bf16
        case "F32", "F64": return .f32
        default: return .f16
        }
    }
    return .f16
}
