import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoQuantizer

/// The work of a quantization that is not finished, in a folder `OUTPUT.partial` beside its output.
///
/// `journal.json` holds what the run was begun with, `calibration.safetensors` its tokens, and
/// `model.layers.N.….safetensors` each linear that is done; each file appears whole or not at all. All
/// that can change the result must be the same when the run is taken up again; only paths may differ.
struct FolderJournal: QuantizationJournal {
    private let folder: PartialFolder
    private let scheme: Scheme
    private let configuration: ModelConfiguration

    /// The folder.
    var path: String { folder.path }

    /// Opens the journal of an output: a new one, or the one that is there if `resume` says so.
    init(
        for output: String,
        identity: JSON,
        resume: Bool,
        scheme: Scheme,
        configuration: ModelConfiguration
    ) throws {
        folder = try PartialFolder(for: output, keepsWork: true)
        self.scheme = scheme
        self.configuration = configuration
        try folder.begin(identity: identity, resume: resume)
    }

    /// Removes the journal if nothing was done yet that would be worth taking up.
    func discardIfEmpty() throws { try folder.discardIfEmpty() }

    /// An empty folder for the files of the output.
    func makeArtifact() throws -> String { try folder.makeArtifact() }

    /// Where a container of the artifact is put together.
    var containerFile: String { joined(path, "artifact" + ContainerFile.suffix) }

    /// Gives the artifact, or its container, the output's name and removes the journal.
    func commit(_ made: String) throws { try folder.commit(made) }

    // MARK: Linears

    private func file(_ name: LinearName, _ block: Int) -> String {
        joined(path, name.path(layer: block) + ".safetensors")
    }

    func linear(_ name: LinearName, block: Int) throws -> QuantizedLinear? {
        let (outputs, inputs) = name.shape(in: configuration)
        return try linear(file(name, block), scheme, outputs: outputs, inputs: inputs)
    }

    private func linear(
        _ file: String,
        _ scheme: Scheme,
        outputs: Int,
        inputs: Int
    ) throws -> QuantizedLinear? {
        guard fileKind(file) == .file else { return nil }
        let checkpoint = try Checkpoint(file)
        let losses = try checkpoint.floats(named: "relative_loss")
        guard losses.count == 1 else { throw ResumeError.damaged(file) }
        let layer = try AdditiveLayer(
            scheme: scheme,
            outputs: outputs,
            inputs: inputs,
            codes: checkpoint.integers(named: "codes").map { UInt16(truncatingIfNeeded: $0) },
            codebooks: checkpoint.floats(named: "codebooks"),
            scales: checkpoint.floats(named: "scales")
        )
        return QuantizedLinear(layer: layer, relativeLoss: losses[0])
    }

    func keep(_ linear: QuantizedLinear, _ name: LinearName, block: Int) throws {
        try keep(linear, in: file(name, block))
    }

    private func keep(_ linear: QuantizedLinear, in file: String) throws {
        let layer = linear.layer
        let scheme = layer.scheme
        try write(
            [
                "codes": (
                    .u16, [layer.outputs, layer.groups, scheme.codebooks], layer.codes.byteArray
                ),
                "codebooks": (
                    .f16, [scheme.codebooks, scheme.entries, scheme.groupSize],
                    layer.codebooks.map(Half.narrow).byteArray
                ),
                "scales": (.f16, [layer.outputs], layer.scales.map(Half.narrow).byteArray),
                "relative_loss": (.f32, [1], [linear.relativeLoss].byteArray),
            ],
            to: file
        )
    }

    // MARK: Embedding and head

    private func tableFile(_ name: String) -> String { joined(path, name + ".safetensors") }

    /// An embedding or head that an earlier run quantized, or nil.
    func table(
        _ name: String,
        _ scheme: Scheme,
        outputs: Int,
        inputs: Int
    ) throws -> QuantizedLinear? {
        try linear(tableFile(name), scheme, outputs: outputs, inputs: inputs)
    }

    /// Keeps an embedding or head.
    func keep(_ table: QuantizedLinear, named name: String) throws {
        try keep(table, in: tableFile(name))
    }

    private var measuresFile: String { joined(path, "embeddings.safetensors") }

    /// What an earlier run measured of encoded embeddings, or nil.
    func embeddingMeasures() throws -> EmbeddingMeasures? {
        guard fileKind(measuresFile) == .file else { return nil }
        let numbers = try Checkpoint(measuresFile).floats(named: "measures")
        guard numbers.count == 3 else { throw ResumeError.damaged(measuresFile) }
        return EmbeddingMeasures(
            divergence: numbers[0],
            originalPerplexity: numbers[1],
            perplexity: numbers[2]
        )
    }

    /// Keeps what was measured of encoded embeddings, which are kept already.
    func keep(_ measures: EmbeddingMeasures) throws {
        let numbers = [measures.divergence, measures.originalPerplexity, measures.perplexity]
        try write(["measures": (.f32, [3], numbers.byteArray)], to: measuresFile)
    }

    // MARK: Tuned blocks

    private func tunedFile(_ block: Int) -> String {
        joined(path, "model.layers.\(block).tuned.safetensors")
    }

    func tunedParameters(block: Int) throws -> TunedParameters? {
        let file = tunedFile(block)
        guard fileKind(file) == .file else { return nil }
        let checkpoint = try Checkpoint(file)
        let names = Set(checkpoint.tensors.map(\.name))
        var tuned = TunedParameters(
            layers: [:],
            norms: [:],
            biases: [:]
        )
        for norm in configuration.norms {
            let weight = try checkpoint.floats(named: norm.fileName)
            guard weight.count == norm.shape(in: configuration).reduce(1, *),
                weight.allSatisfy(\.isFinite)
            else { throw ResumeError.damaged(file) }
            tuned.norms[norm] = weight
        }
        for name in configuration.linears(inLayer: block) {
            guard let layer = try linear(name, block: block)?.layer else { continue }
            tuned.layers[name] = try AdditiveLayer(
                scheme: scheme,
                outputs: layer.outputs,
                inputs: layer.inputs,
                codes: layer.codes,
                codebooks: checkpoint.floats(named: name.rawValue + ".codebooks"),
                scales: checkpoint.floats(named: name.rawValue + ".scales")
            )
            let bias = name.rawValue + ".bias"
            guard names.contains(bias) else { continue }
            let values = try checkpoint.floats(named: bias)
            guard values.count == layer.outputs, name.hasBias(in: configuration),
                values.allSatisfy(\.isFinite)
            else { throw ResumeError.damaged(file) }
            tuned.biases[name] = values
        }
        return tuned
    }

    func keep(_ tuned: TunedParameters, block: Int) throws {
        func stored(_ values: [Float]) -> (DType, [Int], [UInt8]) {
            (.f32, [values.count], values.byteArray)
        }
        var tensors: [String: (DType, [Int], [UInt8])] = [:]
        for (norm, weight) in tuned.norms { tensors[norm.fileName] = stored(weight) }
        for (name, layer) in tuned.layers {
            tensors[name.rawValue + ".codebooks"] = stored(layer.codebooks)
            tensors[name.rawValue + ".scales"] = stored(layer.scales)
        }
        for (name, bias) in tuned.biases { tensors[name.rawValue + ".bias"] = stored(bias) }
        try write(tensors, to: tunedFile(block))
    }

    // MARK: Calibration

    private var calibrationFile: String { joined(path, "calibration.safetensors") }

    /// The calibration sequences that the run was begun with, or nil if it did not get that far.
    func calibration() throws -> [[Int]]? {
        let file = calibrationFile
        guard fileKind(file) == .file else { return nil }
        let checkpoint = try Checkpoint(file)
        let tokens = try checkpoint.integers(named: "tokens").map(Int.init)
        var start = 0
        return try checkpoint.integers(named: "lengths").map { length in
            guard length > 0, start + Int(length) <= tokens.count else {
                throw ResumeError.damaged(file)
            }
            defer { start += Int(length) }
            return Array(tokens[start..<start + Int(length)])
        }
    }

    /// Keeps the calibration sequences.
    func keep(calibration sequences: [[Int]]) throws {
        func stored(_ values: [Int]) -> (DType, [Int], [UInt8]) {
            (.i32, [values.count], values.map(Int32.init(truncatingIfNeeded:)).byteArray)
        }
        try write(
            [
                "tokens": stored(sequences.flatMap(\.self)),
                "lengths": stored(sequences.map(\.count)),
            ],
            to: calibrationFile
        )
    }

    private func write(_ tensors: [String: (DType, [Int], [UInt8])], to file: String) throws {
        let plans = tensors.compactMap { TensorPlan(name: $0, dtype: $1.0, shape: $1.1) }
        var writer = try SafetensorsWriter(file, tensors: plans)
        for plan in writer.plans {
            if let bytes = tensors[plan.name]?.2 { try writer.write(bytes) }
        }
        _ = try writer.finish()
    }
}

extension NormName {
    /// The name of its weights in a tuned block's file.
    fileprivate var fileName: String { rawValue + "_norm" }
}
