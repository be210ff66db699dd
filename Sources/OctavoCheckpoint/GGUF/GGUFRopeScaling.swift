import Glibc
internal import OctavoBase

/// How rotary positions are scaled.
enum GGUFRopeScaling {
    case linear(factor: Double)
    case yarn(factor: Double, originalContextLength: Int, betaFast: Double?, betaSlow: Double?)
    case llama3(Llama3Scaling)
    /// The attention factor is nil if it follows from the lengths of the contexts.
    case longrope(short: [Float], long: [Float], attentionFactor: Double?)

    /// What a file states, by keys and by those of the family's rope tensors that are there; nil if
    /// positions are not scaled.
    static func stated(
        _ keys: inout GGUFKeys,
        of numbers: GGUFHyperparameters,
        ropeBase: Double,
        tensors: [String: [Float]]
    ) throws(GGUFModelError) -> GGUFRopeScaling? {
        // As llama.cpp reads it, a factor alone means the oldest of scalings.
        let usual = keys.value("rope.scaling.factor") == nil ? "none" : "linear"
        let kind = try keys.text("rope.scaling.type") ?? usual
        let original = "rope.scaling.original_context_length"
        if let divisors = tensors["rope_freqs.weight"], divisors.contains(where: { $0 != 1 }) {
            guard kind == "none" else {
                throw .unsupportedFeature("two ways of rope scaling at once")
            }
            return .llama3(
                try Llama3Scaling(
                    divisors: divisors,
                    headSize: numbers.headSize,
                    base: ropeBase,
                    originalContextLength: try keys.count(original, absent: 8192)
                )
            )
        }
        let names = GGUFRopeTensors.longAndShortFactors.names
        if names.contains(where: { tensors[$0] != nil }) {
            guard let short = tensors[names[0]] else { throw .missingTensor(names[0]) }
            guard let long = tensors[names[1]] else { throw .missingTensor(names[1]) }
            guard kind == "none" || kind == "longrope",
                keys.value("rope.scaling.factor")?.number ?? 1 == 1
            else {
                throw .unsupportedFeature("two ways of rope scaling at once")
            }
            return .longrope(
                short: short,
                long: long,
                attentionFactor: try attentionFactor(&keys, of: numbers)
            )
        }
        switch kind {
        case "none": return nil
        case "linear": return .linear(factor: try keys.positive("rope.scaling.factor"))
        case "yarn":
            return .yarn(
                factor: try keys.positive("rope.scaling.factor"),
                originalContextLength: try keys.count(original, absent: numbers.contextLength),
                betaFast: try keys.optionalPositive("rope.scaling.yarn_beta_fast"),
                betaSlow: try keys.optionalPositive("rope.scaling.yarn_beta_slow")
            )
        default: throw .unsupportedFeature("rope scaling of type \"\(kind)\" without its tensors")
        }
    }

    /// By what longrope multiplies attention's queries and keys, or nil if it is what the rule gives.
    private static func attentionFactor(
        _ keys: inout GGUFKeys,
        of numbers: GGUFHyperparameters
    ) throws(GGUFModelError) -> Double? {
        let original = try keys.count("rope.scaling.original_context_length", from: 2)
        guard let stated = try keys.optionalPositive("rope.scaling.attn_factor") else { return nil }
        let stretch = Double(numbers.contextLength) / Double(original)
        let rule = stretch > 1 ? (1 + log(stretch) / log(Double(original))).squareRoot() : 1
        // The file holds a 32-bit float.
        return abs(stated - rule) <= 1e-6 * rule ? nil : stated
    }

    /// The parameters, all but the base of the rotation.
    var parameters: JSONObject {
        var members = JSONObject()
        switch self {
        case .linear(let factor):
            members["factor"] = .number(factor)
            members["rope_type"] = "linear"
        case .yarn(let factor, let original, let betaFast, let betaSlow):
            members["beta_fast"] = betaFast.map(JSON.number)
            members["beta_slow"] = betaSlow.map(JSON.number)
            members["factor"] = .number(factor)
            members["original_max_position_embeddings"] = .integer(original)
            members["rope_type"] = "yarn"
        case .llama3(let scaling):
            members["factor"] = .number(shortest(Double(scaling.factor)))
            members["high_freq_factor"] = .number(scaling.highFrequencyFactor)
            members["low_freq_factor"] = .number(scaling.lowFrequencyFactor)
            members["original_max_position_embeddings"] = .integer(scaling.originalContextLength)
            members["rope_type"] = "llama3"
        case .longrope(let short, let long, let attentionFactor):
            members["attention_factor"] = attentionFactor.map(JSON.number)
            members["long_factor"] = .array(long.map { .number(shortest(Double($0))) })
            members["rope_type"] = "longrope"
            members["short_factor"] = .array(short.map { .number(shortest(Double($0))) })
        }
        return members
    }

    /// The parameters as older readers want them: Phi-3's insists on `type`.
    var olderParameters: JSONObject {
        var members = parameters
        if case .longrope = self {
            members["type"] = members["rope_type"]
            members["rope_type"] = nil
        }
        return members
    }
}
