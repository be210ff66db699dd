import OctavoBase
import OctavoCheckpoint
import OctavoModel

/// Where the tensors of a model and its configuration contradict each other.
///
/// Readers elsewhere only warn of a missing tensor and go on with random numbers, so this is strict.
func tensorSetProblems(_ model: OpenModel, _ configuration: ModelConfiguration) -> [String] {
    var expected: [String: [Int]] = [:]
    let hidden = configuration.hiddenSize
    expected["model.embed_tokens.weight"] = [configuration.vocabularySize, hidden]
    expected["model.norm.weight"] = [hidden]
    if !configuration.tiesEmbeddings {
        expected["lm_head.weight"] = [configuration.vocabularySize, hidden]
    }
    for layer in 0..<configuration.layerCount {
        for norm in configuration.norms {
            guard let path = norm.path(layer: layer, in: configuration) else { continue }
            expected[path] = norm.shape(in: configuration)
        }
        if let experts = configuration.experts(inLayer: layer) {
            expected[experts.routerPath(layer: layer) + ".weight"] = [experts.count, hidden]
        }
        for name in configuration.linears(inLayer: layer) {
            let path = name.path(layer: layer)
            let shape = name.shape(in: configuration)
            if name.hasBias(in: configuration) { expected[path + ".bias"] = [shape.outputs] }
            guard let plans = quantizedPlans(model, path, shape) else {
                expected[path + ".weight"] = [shape.outputs, shape.inputs]
                continue
            }
            for plan in plans { expected[plan.name] = plan.shape }
        }
    }
    var problems: [String] = []
    for tensor in model.checkpoint.tensors {
        guard let shape = expected.removeValue(forKey: tensor.name) else {
            if !isHarmless(tensor.name, configuration) {
                problems.append("tensor \(tensor.name) is none that the configuration knows")
            }
            continue
        }
        if tensor.shape != shape {
            problems.append("tensor \(tensor.name) has shape \(tensor.shape), expected \(shape)")
        }
    }
    return problems + expected.keys.sorted().map { "tensor \($0) is missing" }
}

/// The tensors of a linear that is quantized in the model; nil if it is not.
private func quantizedPlans(
    _ model: OpenModel,
    _ path: String,
    _ shape: (outputs: Int, inputs: Int)
) -> [TensorPlan]? {
    guard let aqlm = model.aqlm, model.linearShape(path) != nil else { return nil }
    return aqlm.parameters.plans(path, outFeatures: shape.outputs, inFeatures: shape.inputs)
}

/// Whether a tensor that nothing needs is a known leftover: a head that is tied anyway, or rotary
/// frequencies that old checkpoints carry along.
private func isHarmless(_ name: String, _ configuration: ModelConfiguration) -> Bool {
    name == "lm_head.weight" && configuration.tiesEmbeddings
        || name.hasSuffix(".rotary_emb.inv_freq")
}

/// Why a model's tensors cannot be quantized.
public enum TensorSetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Tensors and configuration contradict each other.
    case contradiction(String)
    /// A tensor holds a number that is not finite.
    case notFinite(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .contradiction(let problem): problem
        case .notFinite(let name): "tensor \(name) holds numbers that are not finite"
        }
    }
}

/// Refuses weights that would spoil a long run at its end: missing or misshapen tensors, numbers that
/// are not finite, and numbers that halves cannot hold among those that are stored as such.
///
/// Linears become codes and may hold what they like, but for those that stay dense.
func checkWeights(
    of model: OpenModel,
    _ configuration: ModelConfiguration,
    dense: Set<String> = [],
    _ progress: ProgressHandler
) throws {
    if let problem = tensorSetProblems(model, configuration).first {
        throw TensorSetError.contradiction(problem)
    }
    var linears: Set<String> = []
    for layer in 0..<configuration.layerCount {
        for name in configuration.linears(inLayer: layer) {
            let path = name.path(layer: layer)
            if !dense.contains(path) { linears.insert(path + ".weight") }
        }
    }
    let tensors = model.checkpoint.tensors
    for (index, tensor) in tensors.enumerated() {
        progress(Progress("reading tensors", index + 1, of: tensors.count))
        try tensor.forEachFloats { values in
            guard allFinite(values) else { throw TensorSetError.notFinite(tensor.name) }
            if !linears.contains(tensor.name) { try requireHalves(values, named: tensor.name) }
        }
    }
}
