internal import OctavoBase

/// How a model's positions are stated in GGUF: keys, without the architecture's name, and tensors.
struct GGUFExportRope {
    var fields: [(key: String, value: GGUFField)] = []
    var tensors: [(name: String, values: [Float])] = []
}

extension GGUFExportConfig {
    /// Restates rotary positions (M6): `rope_theta`, and `rope_scaling` with its defaults filled in.
    func rope(
        _ family: GGUFFamily,
        _ numbers: GGUFHyperparameters
    ) throws(GGUFExportError) -> GGUFExportRope {
        var rope = GGUFExportRope()
        let base = try positive("rope_theta")
        rope.fields.append(("rope.freq_base", .float32(Float(base))))
        if family.slidingRopeBase != nil {
            let local = try positive("rope_local_base_freq")
            rope.fields.append(("rope.freq_base_swa", .float32(Float(local))))
        }
        let scaling = GGUFExportConfig(value("rope_scaling") ?? .null)
        let kind = scaling.text("rope_type") ?? "default"
        if family.ropeTensors == .longAndShortFactors {
            let key = "original_max_position_embeddings"
            let original =
                kind == "longrope"
                ? try scaling.count(key) : value(key)?.integer ?? numbers.contextLength
            guard original > 0, original < 1 << 30 else {
                throw .badConfig(key, expected: "a positive whole number")
            }
            rope.fields.append(
                ("rope.scaling.original_context_length", .uint32(UInt32(original)))
            )
        }
        switch kind {
        case "default": break
        case "linear":
            rope.fields.append(("rope.scaling.type", .string("linear")))
            rope.fields.append(
                ("rope.scaling.factor", .float32(Float(try scaling.positive("factor"))))
            )
        case "yarn": try addYaRN(scaling, to: &rope)
        case "llama3" where family.ropeTensors == .divisors:
            try addLlama3(scaling, base: base, headSize: numbers.headSize, to: &rope)
        case "longrope" where family.ropeTensors == .longAndShortFactors:
            let factor = Float(try scaling.positive("attention_factor"))
            rope.fields.append(("rope.scaling.attn_factor", .float32(factor)))
            let names = GGUFRopeTensors.longAndShortFactors.names
            for (name, key) in zip(names, ["short_factor", "long_factor"]) {
                let values = scaling.value(key)?.array?.compactMap(\.number) ?? []
                guard values.count == numbers.rotarySize / 2, values.allSatisfy({ $0 > 0 }) else {
                    throw .badConfig(
                        "rope_scaling." + key,
                        expected: "\(numbers.rotarySize / 2) positive numbers"
                    )
                }
                rope.tensors.append((name, values.map { Float($0) }))
            }
        default: throw .inexpressible("scales positions by \"\(kind)\"")
        }
        return rope
    }

    private func addYaRN(
        _ scaling: GGUFExportConfig,
        to rope: inout GGUFExportRope
    ) throws(GGUFExportError) {
        let original = try scaling.count("original_max_position_embeddings")
        rope.fields.append(("rope.scaling.type", .string("yarn")))
        for (key, name) in [
            ("rope.scaling.factor", "factor"), ("rope.scaling.yarn_beta_fast", "beta_fast"),
            ("rope.scaling.yarn_beta_slow", "beta_slow"),
        ] where scaling.value(name) != nil {
            rope.fields.append((key, .float32(Float(try scaling.positive(name)))))
        }
        rope.fields.append(("rope.scaling.original_context_length", .uint32(UInt32(original))))
    }

    private func addLlama3(
        _ scaling: GGUFExportConfig,
        base: Double,
        headSize: Int,
        to rope: inout GGUFExportRope
    ) throws(GGUFExportError) {
        let original = try scaling.count("original_max_position_embeddings")
        let rule = Llama3Scaling(
            factor: Float(try scaling.positive("factor")),
            originalContextLength: original,
            lowFrequencyFactor: try scaling.positive("low_freq_factor"),
            highFrequencyFactor: try scaling.positive("high_freq_factor")
        )
        rope.tensors.append(
            (
                GGUFRopeTensors.divisors.names[0],
                (0..<headSize / 2).map { rule.divisor($0, headSize: headSize, base: base) }
            )
        )
        // What readers take where it is not stated.
        guard original != 8192 else { return }
        rope.fields.append(("rope.scaling.original_context_length", .uint32(UInt32(original))))
    }
}
