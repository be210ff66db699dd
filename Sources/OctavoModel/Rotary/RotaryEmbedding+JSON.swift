import Glibc
import OctavoBase

extension ConfigurationReader {
    /// The rotations of layers that see all, and of those that see a window.
    ///
    /// Read from `rope_theta` with `rope_scaling`, or from `rope_parameters`. Where both stand,
    /// `rope_scaling` replaces `rope_parameters` wholesale, as in transformers.
    func rotaryEmbeddings(
        _ family: FamilyDescription,
        headDimension: Int,
        contextLength: Int
    ) throws(ConfigurationError) -> (main: RotaryEmbedding, local: RotaryEmbedding) {
        let context = RotaryContext(
            family: family,
            headDimension: headDimension,
            length: contextLength,
            outer: self
        )
        let theta = try positive("rope_theta", default: family.defaultTheta)
        let isLegacy = self["rope_scaling"] != nil && self["rope_scaling"] != .object([:])
        let parameters = try nested(isLegacy ? "rope_scaling" : "rope_parameters")
        guard family.rotatesWindowsApart else {
            let main = try context.embedding(parameters, theta: theta)
            return (main, main)
        }
        let local = try positive("rope_local_base_freq", default: 10000)
        let apart = try nested("rope_parameters")
        return (
            try context.embedding(
                isLegacy ? parameters : parameters?.nested("full_attention"),
                theta: theta
            ),
            try context.embedding(apart?.nested("sliding_attention"), theta: local)
        )
    }
}

/// What the reading of rotations depends on besides their own parameters.
private struct RotaryContext {
    let family: FamilyDescription
    let headDimension: Int
    let length: Int
    /// The whole configuration.
    let outer: ConfigurationReader

    func embedding(
        _ rope: ConfigurationReader?,
        theta: Double
    ) throws(ConfigurationError) -> RotaryEmbedding {
        let rope = rope ?? ConfigurationReader(object: JSONObject())
        for key in ["full_attention", "sliding_attention", "mrope_section"] {
            if let value = rope[key] { throw rope.unsupported(key, value, "null") }
        }
        var embedding = RotaryEmbedding(
            theta: try rope.positive("rope_theta", default: theta),
            rotatedWidth: try rotatedWidth(rope),
            pairing: family.pairing
        )
        // `type` is what the first generation called it.
        let kind = rope["rope_type"] ?? rope["type"] ?? "default"
        guard let name = kind.string, family.rotaryTypes.contains(name) else {
            let known = family.rotaryTypes.sorted().joined(separator: ", ")
            throw rope.unsupported("rope_type", kind, known)
        }
        switch name {
        case "linear":
            embedding.scaling = .linear(factor: try rope.positive("factor"))
        case "dynamic":
            embedding.scaling = .dynamic(
                factor: try rope.positive("factor"),
                contextLength: length
            )
        case "llama3":
            embedding.scaling = try llama3(rope)
        case "longrope", "su":
            try readLongRope(rope, into: &embedding)
        case "yarn":
            try readYaRN(rope, into: &embedding)
        default:
            break
        }
        return embedding
    }

    /// How many numbers of a head are rotated, nil for all.
    private func rotatedWidth(_ rope: ConfigurationReader) throws(ConfigurationError) -> Int? {
        let key = "partial_rotary_factor"
        guard family.keys.contains(key) else {
            if let value = rope[key], value.number != 1 { throw rope.unsupported(key, value, "1") }
            return nil
        }
        let outer = try outer.positive(key, default: 1, atMost: 1)
        let width = Int(Double(headDimension) * (try rope.positive(key, default: outer, atMost: 1)))
        guard width > 0, width % 2 == 0 else {
            throw rope.invalid(key, rope[key] ?? .number(outer), "an even part of head_dim")
        }
        return width == headDimension ? nil : width
    }

    private func originalLength(_ rope: ConfigurationReader) throws(ConfigurationError) -> Int {
        let key = "original_max_position_embeddings"
        // Phi-3 has it beside the parameters, and there it counts.
        let reader = outer[key] == nil ? rope : outer
        let fallback = family.defaultOriginalContextLength ?? length
        return try reader.size(key, atMost: 1 << 26, default: fallback)
    }

    private func llama3(
        _ rope: ConfigurationReader
    ) throws(ConfigurationError) -> RotaryEmbedding.Scaling {
        let low = try rope.positive("low_freq_factor")
        let high = try rope.positive("high_freq_factor")
        guard low < high else {
            throw rope.invalid(
                "high_freq_factor",
                .number(high),
                "more than low_freq_factor (\(low))"
            )
        }
        return .llama3(
            factor: try rope.positive("factor"),
            lowFrequencyFactor: low,
            highFrequencyFactor: high,
            originalContextLength: try originalLength(rope)
        )
    }

    private func readYaRN(
        _ rope: ConfigurationReader,
        into embedding: inout RotaryEmbedding
    ) throws(ConfigurationError) {
        let original = try originalLength(rope)
        let factor = try rope.positive("factor", default: Double(length) / Double(original))
        let yarn = YaRN(
            factor: factor,
            fastTurns: try rope.positive("beta_fast", default: 32),
            slowTurns: try rope.positive("beta_slow", default: 1),
            originalContextLength: original,
            truncates: try rope.flag("truncate", default: true)
        )
        guard yarn.slowTurns < yarn.fastTurns else {
            throw rope.invalid(
                "beta_fast",
                .number(yarn.fastTurns),
                "more than beta_slow (\(yarn.slowTurns))"
            )
        }
        guard embedding.theta > 1 else {
            throw rope.invalid("rope_theta", .number(embedding.theta), "more than 1")
        }
        embedding.scaling = .yarn(yarn)
        func growth(_ weight: Double) -> Double {
            factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
        }
        var attentionFactor = growth(1)
        if rope["mscale"] != nil, rope["mscale_all_dim"] != nil {
            attentionFactor =
                growth(try rope.positive("mscale")) / growth(try rope.positive("mscale_all_dim"))
        }
        embedding.attentionFactor = try rope.positive("attention_factor", default: attentionFactor)
    }

    private func readLongRope(
        _ rope: ConfigurationReader,
        into embedding: inout RotaryEmbedding
    ) throws(ConfigurationError) {
        let original = try originalLength(rope)
        let pairs = (embedding.rotatedWidth ?? headDimension) / 2
        embedding.scaling = .longrope(
            short: try rope.positives("short_factor", count: pairs),
            long: try rope.positives("long_factor", count: pairs),
            originalContextLength: original
        )
        let factor = try rope.positive("factor", default: Double(length) / Double(original))
        let growth = factor <= 1 ? 1 : (1 + log(factor) / log(Double(original))).squareRoot()
        guard growth.isFinite else {
            throw rope.invalid(
                "original_max_position_embeddings",
                .integer(original),
                "more than 1"
            )
        }
        embedding.attentionFactor = try rope.positive("attention_factor", default: growth)
    }
}
