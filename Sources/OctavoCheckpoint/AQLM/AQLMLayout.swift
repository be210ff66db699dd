internal import OctavoBase

/// The quantized modules of a model in the AQLM layout, checked against formats/hf-aqlm.md.
public struct AQLMLayout: Sendable {
    /// A quantized linear.
    public struct Module: Sendable, Hashable {
        /// Its path, such as `model.layers.0.mlp.up_proj`.
        public let path: String
        /// The rows of its weight.
        public let outFeatures: Int
        /// The columns of its weight.
        public let inFeatures: Int
    }

    /// Where the list of unquantized linears and the tensors contradict each other (A7).
    public enum Disagreement: Sendable, Hashable {
        /// The list has a module that is quantized.
        case quantizedButListed(String)
        /// The list lacks a linear that is not quantized.
        case denseButNotListed(String)
        /// The list has a linear only as `path.weight`: from its fifth version the Transformers
        /// library replaces such a linear by random numbers.
        case listedForOldReadersOnly(String)
    }

    /// The numbers that all modules share.
    public let parameters: AQLMParameters
    /// The quantized modules, in the order of their codes in the checkpoint.
    public let modules: [Module]
    /// Contradictions; the tensors are right.
    public let disagreements: [Disagreement]
    private let checkpoint: Checkpoint

    /// Whether a model's configuration says that it is AQLM, in whatever version of the layout.
    public static func isDeclared(by checkpoint: Checkpoint) -> Bool {
        do throws(AQLMError) {
            _ = try aqlmSection(of: checkpoint.config)
            return true
        } catch { return error == .obsoleteLayout }
    }

    /// Finds and checks the quantized modules of a model.
    ///
    /// - Throws: ``CheckpointError/aqlm(_:)`` with the first rule that is broken.
    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        self.checkpoint = checkpoint
        let parameters = try rethrow(
            CheckpointError.aqlm,
            try AQLMParameters(config: checkpoint.config)
        )
        self.parameters = parameters
        let listed = try rethrow(CheckpointError.aqlm, try listedNames(in: checkpoint.config))
        var modules: [Module] = []
        var dense: [String] = []
        for tensor in checkpoint.tensors {
            if let path = tensor.name.removingSuffix(".codes") {
                modules.append(
                    try rethrow(
                        CheckpointError.aqlm,
                        try module(path, tensor, in: checkpoint, parameters)
                    )
                )
            } else if let path = tensor.name.removingSuffix(".codebooks")
                ?? tensor.name.removingSuffix(".scales")
            {
                guard checkpoint[path + ".codes"] != nil else {
                    throw .aqlm(.missingTensor(path + ".codes"))
                }
            } else if let path = tensor.name.removingSuffix(".weight"), tensor.shape.count == 2 {
                dense.append(path)
            }
        }
        self.modules = modules
        disagreements = disagreementsOf(listed, quantized: modules.map(\.path), dense: dense)
    }

    /// Reads the tensors of a module.
    public func tensors(of module: Module) throws(CheckpointError) -> AQLMTensors {
        let mask = UInt16(truncatingIfNeeded: (1 << parameters.bits) - 1)
        let codes = try checkpoint.integers(named: module.path + ".codes")
        return AQLMTensors(
            parameters: parameters,
            outFeatures: module.outFeatures,
            inFeatures: module.inFeatures,
            codes: codes.map { UInt16(truncatingIfNeeded: $0) & mask },
            codebooks: try checkpoint.tensor(named: module.path + ".codebooks").bits(of: .f16),
            scales: try checkpoint.tensor(named: module.path + ".scales").bits(of: .f16)
        )
    }
}

/// Checks the tensors of one module (A3 to A5).
private func module(
    _ path: String,
    _ codes: CheckpointTensor,
    in checkpoint: Checkpoint,
    _ parameters: AQLMParameters
) throws(AQLMError) -> AQLMLayout.Module {
    guard checkpoint[path + ".weight"] == nil else { throw .bothForms(module: path) }
    guard let scales = checkpoint[path + ".scales"] else { throw .missingTensor(path + ".scales") }
    let outGroups = scales.shape.first ?? 0
    let wrongShape = AQLMError.wrongShape(
        tensor: codes.name,
        found: codes.shape,
        expected: "[\(outGroups), groups of a row, \(parameters.codebooks)]"
    )
    guard codes.shape.count == 3 else { throw wrongShape }
    if codes.shape[0] != outGroups, codes.shape[1] == outGroups {
        throw .transposedCodes(tensor: codes.name, found: codes.shape)
    }
    let (outFeatures, tooMany) = codes.shape[0].multipliedReportingOverflow(by: parameters.outGroup)
    let (inFeatures, tooWide) = codes.shape[1].multipliedReportingOverflow(by: parameters.inGroup)
    guard !tooMany, !tooWide,
        let plans = parameters.plans(path, outFeatures: outFeatures, inFeatures: inFeatures)
    else { throw wrongShape }
    for plan in plans {
        guard let tensor = checkpoint[plan.name] else { throw .missingTensor(plan.name) }
        guard tensor.type == .dtype(plan.dtype) else {
            throw .wrongType(
                tensor: plan.name,
                found: tensor.type.name,
                expected: plan.dtype.rawValue
            )
        }
        guard tensor.shape == plan.shape else {
            throw .wrongShape(tensor: plan.name, found: tensor.shape, expected: "\(plan.shape)")
        }
    }
    return AQLMLayout.Module(path: path, outFeatures: outFeatures, inFeatures: inFeatures)
}

/// The entries of `linear_weights_not_to_quantize` (A2).
private func listedNames(in config: JSON) throws(AQLMError) -> Set<String> {
    let key = "linear_weights_not_to_quantize"
    let section = try aqlmSection(of: config)
    guard let list = section[key], list != .null else { return [] }
    let names = list.array?.compactMap(\.string) ?? []
    guard let count = list.array?.count, names.count == count else {
        throw .badField(key, found: list.text(.compact), expected: "a list of strings")
    }
    return Set(names)
}

/// Compares the list with what is there (A7).
private func disagreementsOf(
    _ listed: Set<String>,
    quantized: [String],
    dense: [String]
) -> [AQLMLayout.Disagreement] {
    let contradicted = quantized.filter { listed.contains($0) || listed.contains($0 + ".weight") }
    // An embedding is a matrix too, but no linear.
    let linears = dense.filter { !$0.hasSuffix("embed_tokens") && !listed.contains($0) }
    return contradicted.map { .quantizedButListed($0) }
        + linears.map {
            listed.contains($0 + ".weight") ? .listedForOldReadersOnly($0) : .denseButNotListed($0)
        }
}
