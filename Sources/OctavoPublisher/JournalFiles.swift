import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer

/// What is done of a quantization, in a folder: a file for each linear, tuned block and table, and one for the
/// final norm; each appears whole or not at all.
struct JournalFiles: QuantizationJournal {
    /// The folder.
    let path: String
    let scheme: Scheme
    let configuration: ModelConfiguration

    // MARK: Linears

    func file(_ name: LinearName, _ block: Int) -> String {
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
        return try QuantizedLinear(
            in: Checkpoint(file),
            scheme: scheme,
            outputs: outputs,
            inputs: inputs
        )
    }

    func keep(_ linear: QuantizedLinear, _ name: LinearName, block: Int) throws {
        try keep(linear, in: file(name, block))
    }

    private func keep(_ linear: QuantizedLinear, in file: String) throws {
        try write(linear.tensors(), to: file)
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
        guard let measures = EmbeddingMeasures(numbers) else {
            throw ResumeError.damaged(measuresFile)
        }
        return measures
    }

    /// Keeps what was measured of encoded embeddings, which are kept already.
    func keep(_ measures: EmbeddingMeasures) throws {
        try write(["measures": measures.stored], to: measuresFile)
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
        func stored(_ values: [Float]) -> StoredValues {
            StoredValues(.f32, [values.count], values.byteArray)
        }
        var tensors: [String: StoredValues] = [:]
        for (norm, weight) in tuned.norms { tensors[norm.fileName] = stored(weight) }
        for (name, layer) in tuned.layers {
            tensors[name.rawValue + ".codebooks"] = stored(layer.codebooks)
            tensors[name.rawValue + ".scales"] = stored(layer.scales)
        }
        for (name, bias) in tuned.biases { tensors[name.rawValue + ".bias"] = stored(bias) }
        try write(tensors, to: tunedFile(block))
    }

    // MARK: The final norm

    private var finalNormFile: String { joined(path, "model.norm.safetensors") }

    func finalNorm() throws -> FinalNorm? {
        let file = finalNormFile
        guard fileKind(file) == .file else { return nil }
        let checkpoint = try Checkpoint(file)
        let weights = try checkpoint.floats(named: "weight")
        let divergences = try checkpoint.floats(named: "divergences")
        guard weights.count == configuration.hiddenSize, divergences.count == 2,
            (weights + divergences).allSatisfy(\.isFinite)
        else { throw ResumeError.damaged(file) }
        return FinalNorm(
            weights: weights,
            divergenceBefore: divergences[0],
            divergenceAfter: divergences[1]
        )
    }

    func keep(_ norm: FinalNorm) throws {
        let divergences = [norm.divergenceBefore, norm.divergenceAfter]
        try write(
            [
                "weight": StoredValues(.f32, [norm.weights.count], norm.weights.byteArray),
                "divergences": StoredValues(.f32, [2], divergences.byteArray),
            ],
            to: finalNormFile
        )
    }

    // MARK: Calibration

    private var calibrationFile: String { joined(path, "calibration.safetensors") }

    /// The calibration sequences that the run was begun with, or nil if it did not get that far.
    func calibration() throws -> [[Int]]? {
        let file = calibrationFile
        guard fileKind(file) == .file else { return nil }
        guard let sequences = try calibrationSequences(in: Checkpoint(file)) else {
            throw ResumeError.damaged(file)
        }
        return sequences
    }

    /// Keeps the calibration sequences.
    func keep(calibration sequences: [[Int]]) throws {
        try write(storedSequences(sequences), to: calibrationFile)
    }

    private func write(_ tensors: [String: StoredValues], to file: String) throws {
        let plans = tensors.compactMap {
            TensorPlan(name: $0, dtype: $1.dtype, shape: $1.shape)
        }
        var writer = try SafetensorsWriter(file, tensors: plans)
        for plan in writer.plans {
            if let bytes = tensors[plan.name]?.bytes { try writer.write(bytes) }
        }
        _ = try writer.finish()
    }
}

extension NormName {
    /// The name of its weights in a tuned block's file.
    fileprivate var fileName: String { rawValue + "_norm" }
}
