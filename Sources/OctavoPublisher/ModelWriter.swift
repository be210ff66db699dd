public import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics

/// Writes a model in Hugging Face layout: its own tensors converted, layers replaced on the way.
struct ModelWriter {
    let model: OpenModel
    let options: ConversionOptions
    /// Linears that are replaced by additive layers, and how to get them; by path.
    var quantized: [String: () throws -> AdditiveLayer] = [:]
    /// Tensors whose values are others than the model's, of the same shape; by name.
    var replaced: [String: () throws -> [Float]] = [:]
    /// Tensors of the model that the output does not have; by name.
    var omitted: Set<String> = []
    /// The scheme of the additive layers.
    var scheme: Scheme?

    /// One tensor of the output, and how its bytes come about.
    private enum Source {
        /// A tensor of the model, with the type it gets.
        case tensor(CheckpointTensor)
        /// A linear that the output holds as weights, though the model holds codes.
        case dequantized(path: String)
        /// One of the three tensors of a linear that the model holds as codes already.
        case repaired(RepairedTensor)
        /// One of the three tensors of a linear that is quantized on the way.
        case additive(path: String, suffix: String)
    }

    /// Writes all tensors.
    ///
    /// - Returns: The files and the tensors in them.
    func writeTensors(to directory: String, progress: ProgressHandler) throws -> [WrittenFileRecord]
    {
        var plans: [TensorPlan] = []
        var sources: [String: Source] = [:]
        func add(_ plan: TensorPlan?, _ source: Source) throws {
            guard let plan else { throw QuantizationPlanError.tensorTooLarge }
            plans.append(plan)
            sources[plan.name] = source
        }
        for tensor in model.checkpoint.tensors where !omitted.contains(tensor.name) {
            if let path = tensor.name.removingSuffix(".weight"), quantized[path] != nil, let scheme
            {
                let parameters = try AQLMParameters(scheme)
                let stored = parameters.plans(
                    path,
                    outFeatures: tensor.shape[0],
                    inFeatures: tensor.shape[1]
                )
                for plan in stored ?? [] {
                    try add(
                        plan,
                        .additive(path: path, suffix: String(plan.name.dropFirst(path.count)))
                    )
                }
            } else if let path = quantizedPath(tensor.name), quantized[path] != nil, let scheme {
                // A quantized linear that gets other codes and values.
                guard tensor.name.hasSuffix(".codes"), let layer = model.linearShape(path) else {
                    continue
                }
                let stored = try AQLMParameters(scheme).plans(
                    path,
                    outFeatures: layer.outputs,
                    inFeatures: layer.inputs
                )
                for plan in stored ?? [] {
                    let suffix = String(plan.name.dropFirst(path.count))
                    try add(plan, .additive(path: path, suffix: suffix))
                }
            } else if options.target == .hfAQLM, let path = quantizedPath(tensor.name) {
                guard tensor.name.hasSuffix(".codes") else { continue }
                for part in try model.repaired(path) { try add(part.plan, .repaired(part)) }
            } else if options.target == .dense, let path = quantizedPath(tensor.name) {
                guard tensor.name.hasSuffix(".codes"), let layer = model.linearShape(path) else {
                    continue
                }
                try add(
                    TensorPlan(
                        name: path + ".weight",
                        dtype: options.dtype ?? .f16,
                        shape: [layer.outputs, layer.inputs]
                    ),
                    .dequantized(path: path)
                )
            } else {
                try add(
                    TensorPlan(
                        name: tensor.name,
                        dtype: outputType(of: tensor),
                        shape: tensor.shape
                    ),
                    .tensor(tensor)
                )
            }
        }
        var done = 0
        let total = plans.count
        let files = try writeSafetensors(plans, to: directory, maxShardSize: options.maxShardSize) {
            plan,
            writer in
            guard let source = sources[plan.name] else { return }
            switch source {
            case .tensor(let tensor): try write(tensor, as: plan.dtype, to: &writer)
            case .repaired(let part): try writer.write(part.bytes())
            case .dequantized(let path):
                let tensor = WeightTensor(
                    name: plan.name,
                    shape: plan.shape,
                    type: "AQLM",
                    source: .additive(path: path)
                )
                let rows = try WeightRows(tensor, of: model)
                for range in rows.ranges() {
                    try writer.write(
                        storedBytes(rows.floats(range), as: plan.dtype, named: path)
                    )
                }
            case .additive(let path, let suffix):
                guard let bytes = try quantized[path]?().storedBytes[suffix] else { return }
                try writer.write(bytes)
            }
            done += 1
            progress(Progress("writing tensors", done, of: total, detail: plan.name))
        }
        return files.map(WrittenFileRecord.init)
    }

    /// The linear that a stored tensor belongs to, if it is a quantized one.
    private func quantizedPath(_ name: String) -> String? { model.linear(ofPart: name) }

    /// The type that a tensor of the model gets: integers, codes, codebooks and scales keep theirs.
    func outputType(of tensor: CheckpointTensor) -> DType {
        switch tensor.type {
        case .dtype(let dtype):
            let isFloat = [.f16, .bf16, .f32, .f64].contains(dtype)
            if !isFloat, replaced[tensor.name] != nil { return options.dtype ?? .f16 }
            return isFloat && quantizedPath(tensor.name) == nil ? options.dtype ?? dtype : dtype
        case .ggml: return options.dtype ?? .f16
        }
    }

    private func write(
        _ tensor: CheckpointTensor,
        as dtype: DType,
        to writer: inout SafetensorsWriter
    ) throws {
        if let values = try replaced[tensor.name]?() {
            try writer.write(storedBytes(values, as: dtype, named: tensor.name))
        } else if tensor.type == .dtype(dtype) {
            try tensor.forEachPiece { try writer.write($0) }
        } else {
            try tensor.forEachFloats {
                try writer.write(storedBytes($0, as: dtype, named: tensor.name))
            }
        }
    }
}

/// A file that was written, and the tensors in it.
struct WrittenFileRecord {
    var path: String
    var file: FileRecord
    var tensors: [TensorRecord]

    init(_ written: WrittenFile) {
        path = written.name
        file = FileRecord(path: written.name, size: written.size, digest: written.digest)
        tensors = written.tensors.map {
            TensorRecord(
                name: $0.plan.name,
                dtype: $0.plan.dtype,
                shape: $0.plan.shape,
                digest: $0.digest
            )
        }
    }
}

/// A value that cannot be stored in the type asked for.
public enum StorageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A finite number becomes infinite.
    case overflow(tensor: String, value: Float, dtype: DType)
    /// Floats are not written in this type.
    case type(DType)
    /// A number that is none, or is infinite, where a block has one scale for all its numbers.
    case notFinite(tensor: String, type: String)
    /// Rows are not of whole blocks of the type.
    case blocks(tensor: String, type: String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .overflow(let tensor, let value, let dtype):
            "tensor \(tensor) holds \(value), beyond the largest number of type \(dtype.rawValue)"
        case .type(let dtype): "floats cannot be written as \(dtype.rawValue)"
        case .notFinite(let tensor, let type):
            "tensor \(tensor) holds what is not a finite number, which \(type) cannot hold"
        case .blocks(let tensor, let type):
            "tensor \(tensor) has rows that are not of whole blocks of \(type)"
        }
    }
}

/// The bytes of floats in a floating-point type.
func storedBytes(_ values: [Float], as dtype: DType, named name: String) throws -> [UInt8] {
    switch dtype {
    case .f32: return values.byteArray
    case .bf16:
        try requireBrains(values, named: name)
        return values.map { Half.narrowBrain($0) }.byteArray
    case .f16:
        try requireHalves(values, named: name)
        return values.map { Half.narrow($0) }.byteArray
    default: throw StorageError.type(dtype)
    }
}

/// Refuses finite numbers that become infinite as halves.
func requireHalves(_ values: [Float], named name: String) throws {
    try require(values, below: 65520, .f16, named: name)
}

/// Refuses finite numbers that become infinite as bfloat16.
func requireBrains(_ values: [Float], named name: String) throws {
    try require(values, below: 0x1.FFp127, .bf16, named: name)
}

/// Refuses finite numbers from the first one on that rounds to infinity.
private func require(
    _ values: [Float],
    below limit: Float,
    _ dtype: DType,
    named name: String
) throws {
    if let value = values.first(where: { abs($0) >= limit && $0.isFinite }) {
        throw StorageError.overflow(tensor: name, value: value, dtype: dtype)
    }
}
