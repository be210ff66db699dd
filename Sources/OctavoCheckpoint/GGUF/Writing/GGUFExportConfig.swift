internal import OctavoBase

/// What a complete configuration says of a model, asked for in Hugging Face's words (W2).
///
/// Beside the keys of `config.json` there are `layer_types` and `no_rope_layers` for every family, and
/// `attention_scale`, by what queries are multiplied.
struct GGUFExportConfig {
    private let json: JSON

    init(_ json: JSON) { self.json = json }

    /// The value of a key; null counts as nothing.
    func value(_ key: String) -> JSON? { json[key].flatMap { $0 == .null ? nil : $0 } }

    func text(_ key: String) -> String? { value(key)?.string }

    func flag(_ key: String) -> Bool { value(key)?.bool ?? false }

    /// A whole number above 0 that GGUF's readers accept (M2).
    func count(_ key: String) throws(GGUFExportError) -> Int {
        guard let count = value(key)?.integer, count > 0, count < 1 << 30 else {
            throw .badConfig(key, expected: "a positive whole number")
        }
        return count
    }

    /// A number above 0.
    func positive(_ key: String) throws(GGUFExportError) -> Double {
        guard let number = value(key)?.number, number > 0, Float(number).isNormal else {
            throw .badConfig(key, expected: "a positive number")
        }
        return number
    }

    /// Which layers see only a window.
    private var slidingLayers: [Bool] {
        value("layer_types")?.array?.map { $0 == "sliding_attention" } ?? []
    }

    /// Refuses what the family's readers would take for something else.
    func refuseInexpressible(
        _ family: GGUFFamily,
        _ numbers: GGUFHyperparameters
    ) throws(GGUFExportError) {
        for key in [
            "hidden_act", "hidden_activation", "norm_topk_prob", "decoder_sparse_step",
            "mlp_only_layers", "pretraining_tp",
        ] {
            guard let expected = family.constants[key], let found = value(key), found != expected
            else { continue }
            throw .inexpressible("has the \(key) \(found.text(.compact))")
        }
        let sliding = slidingLayers
        let window = family.numbers.first { $0.kind == .window }
        if sliding.contains(true) {
            guard window != nil else { throw .inexpressible("attends within a window") }
            guard family.layers != .unstated || !sliding.contains(false) else {
                throw .inexpressible("attends within a window in some layers")
            }
        } else if case .sliding = family.layers, window?.absent != .null {
            throw .inexpressible("attends within no window")
        }
        let rotated = value("no_rope_layers")?.array?.map { $0 != 0 } ?? []
        let usual = (1...numbers.layers).map { layer in
            family.unrotatedPeriod.map { layer % $0 != 0 } ?? true
        }
        guard rotated.isEmpty || rotated == usual else {
            throw .inexpressible("leaves positions out in other layers")
        }
        try refuseScale(family, numbers)
        for number in family.numbers
        where number.kind == .positive && value(number.name) == nil {
            // Absence would say what stands for it.
            guard number.absent == .null else {
                throw .inexpressible("has no \(number.name)")
            }
        }
    }

    /// Refuses another scale of queries than readers work out.
    private func refuseScale(
        _ family: GGUFFamily,
        _ numbers: GGUFHyperparameters
    ) throws(GGUFExportError) {
        guard let scale = value("attention_scale")?.number,
            !family.numbers.contains(where: { $0.key == "attention.scale" })
        else { return }
        let isWide = family.layersOfWideQueries == numbers.layers
        let usual =
            1
            / Double(isWide ? numbers.hiddenSize / numbers.heads : numbers.headSize).squareRoot()
        guard abs(scale - usual) <= 1e-5 * usual else {
            throw .inexpressible("multiplies queries by \(scale), not by \(usual)")
        }
    }

    /// The family's own numbers, and which layers slide.
    func fields(
        _ family: GGUFFamily,
        _ numbers: GGUFHyperparameters
    ) throws(GGUFExportError) -> [(key: String, value: GGUFField)] {
        var fields: [(key: String, value: GGUFField)] = []
        func add(_ key: String, _ value: GGUFField) {
            let whole = family.architecture + "." + key
            // Two keys of the configuration may be one in GGUF.
            if !fields.contains(where: { $0.key == whole }) { fields.append((whole, value)) }
        }
        for number in family.numbers {
            switch number.kind {
            case .count: add(number.key, .uint32(UInt32(try count(number.name))))
            case .positive:
                guard value(number.name) != nil else { continue }
                add(number.key, .float32(Float(try positive(number.name))))
            case .window:
                guard slidingLayers.contains(true) else {
                    // Readers of phi3 want it stated that there is none.
                    if family.architecture == "phi3" { add(number.key, .uint32(0)) }
                    continue
                }
                add(number.key, .uint32(UInt32(try count(number.name))))
            }
        }
        if case .sliding(let period) = family.layers, slidingLayers.contains(true) {
            let usual = (1...numbers.layers).map { $0 % period != 0 }
            if slidingLayers != usual {
                add("attention.sliding_window_pattern", .bools(slidingLayers))
            }
        }
        return fields
    }
}

extension GGUFHyperparameters {
    /// Takes the sizes from a configuration.
    init(_ config: GGUFExportConfig, of family: GGUFFamily) throws(GGUFExportError) {
        hiddenSize = try config.count("hidden_size")
        intermediateSize = try config.count("intermediate_size")
        layers = try config.count("num_hidden_layers")
        heads = try config.count("num_attention_heads")
        keyValueHeads = try config.count("num_key_value_heads")
        headSize = try config.count("head_dim")
        contextLength = try config.count("max_position_embeddings")
        normEpsilon = try config.positive(family.epsilon.name)
        experts = family.hasExperts ? try config.count("num_local_experts") : 0
        let key = "moe_intermediate_size"
        let isStated = family.numbers.contains { $0.name == key }
        expertSize = !family.hasExperts ? 0 : isStated ? try config.count(key) : intermediateSize
        let part = config.value("partial_rotary_factor")?.number ?? 1
        guard part > 0, part <= 1 else {
            throw .badConfig("partial_rotary_factor", expected: "above 0 and at most 1")
        }
        rotarySize = Int(Double(headSize) * part)
        guard rotarySize == headSize || family.rotatesParts else {
            throw .inexpressible("rotates a part of each head")
        }
        guard heads % keyValueHeads == 0 else {
            throw .badConfig("num_key_value_heads", expected: "a divisor of \(heads)")
        }
        guard headSize % 2 == 0, rotarySize > 0, rotarySize % 2 == 0 else {
            throw .badConfig("head_dim", expected: "an even number")
        }
    }

    /// The keys that every architecture states (M2).
    func fields(_ family: GGUFFamily) -> [(key: String, value: GGUFField)] {
        func number(_ count: Int) -> GGUFField { .uint32(UInt32(count)) }
        let fields: KeyValuePairs = [
            "block_count": number(layers), "context_length": number(contextLength),
            "embedding_length": number(hiddenSize),
            "feed_forward_length": number(intermediateSize),
            "attention.head_count": number(heads),
            "attention.head_count_kv": number(keyValueHeads),
            "attention.key_length": number(headSize),
            "attention.value_length": number(headSize),
            "rope.dimension_count": number(rotarySize),
            family.epsilon.key: .float32(Float(normEpsilon)),
        ]
        return fields.map { (family.architecture + "." + $0.key, $0.value) }
    }
}
