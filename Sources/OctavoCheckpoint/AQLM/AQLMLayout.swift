public import OctavoBase

/// The quantized modules of a model in the AQLM layout, checked against formats/hf-aqlm.md.
///
/// A model that breaks the layout is read where what it means is certain; what is broken is among the
/// ``findings``, and ``repaired(_:)`` is how the layout has it.
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

    /// The numbers that all modules share.
    public let parameters: AQLMParameters
    /// The quantized modules, in the order of their codes in the checkpoint.
    public let modules: [Module]
    /// The paths of linears that are not quantized, the head among them even where the embedding
    /// stands for it: the list must name it all the same.
    public let denseLinears: [String]
    /// What readers stumble over: faults first.
    public let findings: [ReaderFinding]
    /// The model's configuration, that of a first publication respelled (A1).
    public let config: JSON
    private let stored: [String: (module: StoredModule, transposed: Bool)]

    /// Whether a model's configuration says that it is AQLM, in whatever version of the layout.
    public static func isDeclared(by checkpoint: Checkpoint) -> Bool {
        AQLMDeclaration.isPresent(in: checkpoint.config)
    }

    /// Finds and checks the quantized modules of a model.
    ///
    /// - Throws: ``CheckpointError/aqlm(_:)`` with the first reason why what is there cannot be read.
    public init(_ checkpoint: Checkpoint) throws(CheckpointError) {
        do throws(AQLMError) { try self.init(reading: checkpoint) } catch { throw .aqlm(error) }
    }

    private init(reading checkpoint: Checkpoint) throws(AQLMError) {
        config = modernConfig(checkpoint.config)
        let declaration = try AQLMDeclaration(modern: config)
        parameters = declaration.parameters
        var quantized: [StoredModule] = []
        var dense: [String] = []
        for tensor in checkpoint.tensors {
            if let path = tensor.name.removingSuffix(".codes") {
                quantized.append(try StoredModule(path, tensor, in: checkpoint, parameters))
            } else if let path = tensor.name.removingSuffix(".codebooks")
                ?? tensor.name.removingSuffix(".scales")
            {
                guard checkpoint[path + ".codes"] != nil else {
                    throw .missingTensor(path + ".codes")
                }
            } else if let path = tensor.name.removingSuffix(".weight"), tensor.shape.count == 2,
                !isEmbedding(path)
            {
                dense.append(path)
            }
        }
        let head = "lm_head"
        if checkpoint[head + ".codes"] == nil, checkpoint[head + ".weight"] == nil {
            dense.append(head)
        }
        let transposed = try areTransposed(quantized)
        modules = quantized.map {
            Module(path: $0.path, outFeatures: $0.outFeatures, inFeatures: $0.inFeatures)
        }
        denseLinears = dense
        stored = Dictionary(
            zip(quantized, transposed).map { ($0.path, ($0, $1)) },
            uniquingKeysWith: { first, _ in first }
        )
        let faults =
            (isObsolete(checkpoint.config)
                ? [ReaderFinding(.oldType, [.transformers4, .transformers5, .vLLM])] : [])
            + declaration.findings
            + SkipList(declaration.listed).findings(
                quantized: modules.map(\.path),
                dense: dense
            )
            + storageFindings(quantized, transposed, parameters)
            + rotaryFindings(config)
        findings = faults + readerLimits(parameters, modules, dense: dense, config)
    }

    /// Reads the tensors of a module.
    ///
    /// - Throws: ``CheckpointError/noSuchTensor(_:)`` if it is none of ``modules``, or
    ///   ``CheckpointError/aqlm(_:)`` if a code is none.
    public func tensors(of module: Module) throws(CheckpointError) -> AQLMTensors {
        let (stored, transposed) = try find(module)
        return AQLMTensors(
            parameters: parameters,
            outFeatures: module.outFeatures,
            inFeatures: module.inFeatures,
            codes: try rethrow(
                CheckpointError.aqlm,
                try plainCodes(stored.codes, bits: parameters.bits, transposed: transposed)
            ),
            codebooks: try stored.codebooks.floats(),
            scales: try stored.scales.floats()
        )
    }

    /// Gives the tensors of a module as the layout has them, and as readers want them.
    ///
    /// Codebooks and scales that are stored wider become halves only if all of them are halves in value:
    /// the weights stay what they are, bit for bit.
    ///
    /// - Parameter module: One of ``modules``.
    /// - Returns: For each of its tensors what it is to be written as, and a function that makes its
    ///   bytes when they are wanted.
    /// - Throws: What ``tensors(of:)`` throws.
    public func repaired(_ module: Module) throws(CheckpointError) -> [RepairedTensor] {
        let (stored, transposed) = try find(module)
        guard
            let plans = parameters.plans(
                module.path,
                outFeatures: module.outFeatures,
                inFeatures: module.inFeatures
            )
        else { return [] }
        var tensors: [RepairedTensor] = []
        for (plan, tensor) in zip(plans, [stored.codes, stored.codebooks, stored.scales]) {
            tensors.append(
                tensor.name == stored.codes.name
                    ? RepairedTensor(codes: tensor, bits: parameters.bits, transposed, plan)
                    : try RepairedTensor(floats: tensor, plan)
            )
        }
        return tensors
    }

    /// How a module is stored.
    func find(
        _ module: Module
    ) throws(CheckpointError) -> (module: StoredModule, transposed: Bool) {
        guard let found = stored[module.path] else { throw .noSuchTensor(module.path + ".codes") }
        return found
    }
}

/// How modules are stored otherwise than the layout has it (A4, A5).
private func storageFindings(
    _ modules: [StoredModule],
    _ transposed: [Bool],
    _ parameters: AQLMParameters
) -> [ReaderFinding] {
    var findings: [ReaderFinding] = []
    func add(
        _ code: ReaderFinding.Code,
        _ readers: [ReaderFinding.Reader],
        _ isMeant: (StoredModule, Bool) -> Bool
    ) {
        let paths = zip(modules, transposed).filter(isMeant).map(\.0.path)
        if !paths.isEmpty { findings.append(ReaderFinding(code, readers, paths)) }
    }
    add(.transposedCodes, [.transformers4, .transformers5]) { $1 }
    add(.codeType, [.aqlmCPU, .aqlmCUDA]) { module, _ in
        module.codes.type != .dtype(parameters.codeDType)
    }
    add(.scaleShape, [.transformers4, .transformers5]) { module, _ in
        module.scales.shape.count != 4
    }
    add(.wideFloats, []) { module, _ in
        module.codebooks.type != .dtype(.f16) || module.scales.type != .dtype(.f16)
    }
    return findings
}
