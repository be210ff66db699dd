internal import OctavoBase

/// How tensors of a GGUF file may scale rotary positions.
enum GGUFRopeTensors: Sendable {
    /// By what the frequency of each pair of dimensions is divided.
    case divisors
    /// The same for contexts of up to the original length, and for longer ones.
    case longAndShortFactors

    var names: [String] {
        switch self {
        case .divisors: ["rope_freqs.weight"]
        case .longAndShortFactors: ["rope_factors_short.weight", "rope_factors_long.weight"]
        }
    }
}

/// A model's rotary positions, as Hugging Face parameterizes them (M6).
struct GGUFRope {
    private let base: Double
    /// In sliding layers, where those have another.
    private let slidingBase: Double?
    private let scaling: GGUFRopeScaling?
    /// The part of each head that is rotated, in families where it may be less than all.
    private let rotatedPart: Double?
    /// The length of contexts before they were stretched, where the family states it by itself.
    private let originalContextLength: Int?

    /// Reads what a file states, by keys and by those of the family's rope tensors that are there.
    init(
        _ keys: inout GGUFKeys,
        of family: GGUFFamily,
        _ numbers: GGUFHyperparameters,
        tensors: [String: [Float]]
    ) throws(GGUFModelError) {
        base = try keys.optionalPositive("rope.freq_base") ?? 10000
        slidingBase =
            if let usual = family.slidingRopeBase {
                try keys.optionalPositive("rope.freq_base_swa") ?? usual
            } else { nil }
        scaling = try .stated(&keys, of: numbers, ropeBase: base, tensors: tensors)
        rotatedPart = family.rotatesParts ? part(numbers.rotarySize, of: numbers.headSize) : nil
        originalContextLength =
            family.ropeTensors == .longAndShortFactors
            ? try keys.count(
                "rope.scaling.original_context_length",
                absent: numbers.contextLength
            ) : nil
    }

    /// The members of `config.json` that state it, spelled for old and new readers alike.
    var members: [String: JSON] {
        var members: [String: JSON] = ["rope_theta": .number(base)]
        members["original_max_position_embeddings"] = originalContextLength.map(JSON.integer)
        members["partial_rotary_factor"] = rotatedPart.map(JSON.number)
        members["rope_local_base_freq"] = slidingBase.map(JSON.number)
        members["rope_scaling"] = scaling.map { .object($0.olderParameters) } ?? .null
        let parameters = newParameters(base: base, scaling: scaling)
        members["rope_parameters"] =
            slidingBase.map { slidingBase in
                .object([
                    "full_attention": parameters,
                    "sliding_attention": newParameters(base: slidingBase, scaling: nil),
                ])
            } ?? parameters
        return members
    }

    /// The newer spelling, which has all in one place.
    private func newParameters(base: Double, scaling: GGUFRopeScaling?) -> JSON {
        var members = scaling?.parameters ?? JSONObject()
        members["partial_rotary_factor"] = rotatedPart.map(JSON.number)
        members["rope_theta"] = .number(base)
        if scaling == nil { members["rope_type"] = "default" }
        return .object(members)
    }
}

/// A part of a whole, such that the whole times it, rounded down, gives the part again: that is how
/// readers find how much of each head is rotated.
private func part(_ size: Int, of whole: Int) -> Double {
    let quotient = Double(size) / Double(whole)
    return Int(Double(whole) * quotient) < size ? quotient.nextUp : quotient
}
