internal import OctavoBase

/// What a GGUF file says of its model, in the words of Hugging Face (M2, M5, M6).
struct GGUFConfig {
    let family: GGUFFamily
    let numbers: GGUFHyperparameters
    let vocabularySize: Int
    let isTied: Bool
    let biasFlags: [String: Bool]
    /// The dtype that holds the weights without much loss: as PyTorch names it.
    let dtype: String
    let rope: GGUFRope
    private let layers: [String: JSON]
    private let stated: [String: JSON]
    private let tokens: [String: JSON]

    /// Reads from the metadata what the tensors do not tell.
    ///
    /// The flags say whether there are biases, for each key that says so; `rope` are those of the
    /// family's rope tensors that are there, by name.
    init(
        _ keys: inout GGUFKeys,
        family: GGUFFamily,
        numbers: GGUFHyperparameters,
        vocabularySize: Int,
        isTied: Bool,
        biasFlags: [String: Bool],
        dtype: String,
        rope: [String: [Float]]
    ) throws(GGUFModelError) {
        self.family = family
        self.numbers = numbers
        self.vocabularySize = vocabularySize
        self.isTied = isTied
        self.biasFlags = biasFlags
        self.dtype = dtype
        self.rope = try GGUFRope(&keys, of: family, numbers, tensors: rope)
        let stated = try statedNumbers(&keys, of: family)
        self.stated = stated
        layers = try layerMembers(
            &keys,
            of: family,
            numbers,
            slides: stated["sliding_window"] ?? .null != .null
        )
        var tokens: [String: JSON] = [:]
        for (name, role) in [("bos", "bos"), ("eos", "eos"), ("pad", "padding")] {
            tokens["\(name)_token_id"] = keys.metadata.integer("tokenizer.ggml.\(role)_token_id")
                .map(JSON.integer)
        }
        self.tokens = tokens
    }

    /// `config.json`, with dtype and rotary positions spelled for old and new readers alike.
    var json: JSON {
        var members: [String: JSON] = [
            "architectures": [.string(family.className)],
            "attention_dropout": 0.0,
            "dtype": .string(dtype),
            "head_dim": .integer(numbers.headSize),
            "hidden_size": .integer(numbers.hiddenSize),
            "initializer_range": 0.02,
            "intermediate_size": .integer(numbers.intermediateSize),
            "max_position_embeddings": .integer(numbers.contextLength),
            "model_type": .string(family.modelType),
            "num_attention_heads": .integer(numbers.heads),
            "num_hidden_layers": .integer(numbers.layers),
            "num_key_value_heads": .integer(numbers.keyValueHeads),
            family.epsilon.name: .number(numbers.normEpsilon),
            "tie_word_embeddings": .bool(isTied),
            "torch_dtype": .string(dtype),
            "use_cache": true,
            "vocab_size": .integer(vocabularySize),
        ]
        for more in [
            family.constants, biasFlags.mapValues(JSON.bool), stated, layers, tokens, rope.members,
        ] {
            members.merge(more) { $1 }
        }
        return sorted(members)
    }

    /// `generation_config.json`.
    var generation: JSON { sorted(tokens.merging(["_from_model_config": true]) { $1 }) }

    private func sorted(_ members: [String: JSON]) -> JSON {
        var object = JSONObject()
        for (key, value) in members.sorted(by: { $0.key < $1.key }) { object[key] = value }
        return .object(object)
    }
}

/// The family's own numbers.
private func statedNumbers(
    _ keys: inout GGUFKeys,
    of family: GGUFFamily
) throws(GGUFModelError) -> [String: JSON] {
    var members: [String: JSON] = [:]
    for number in family.numbers {
        if let absent = number.absent, keys.value(number.key) == nil {
            members[number.name] = absent
            continue
        }
        switch number.kind {
        case .count: members[number.name] = .integer(try keys.count(number.key))
        case .positive: members[number.name] = .number(try keys.positive(number.key))
        case .window:
            let window = try keys.count(number.key, from: 0)
            members[number.name] = window == 0 ? .null : .integer(window)
        }
    }
    return members
}

/// What tells layers apart, and how queries are scaled.
private func layerMembers(
    _ keys: inout GGUFKeys,
    of family: GGUFFamily,
    _ numbers: GGUFHyperparameters,
    slides: Bool
) throws(GGUFModelError) -> [String: JSON] {
    var members: [String: JSON] = [:]
    if let wide = family.layersOfWideQueries {
        members["query_pre_attn_scalar"] = .integer(
            numbers.layers == wide ? numbers.hiddenSize / numbers.heads : numbers.headSize
        )
    }
    if let period = family.unrotatedPeriod {
        members["no_rope_layer_interval"] = .integer(period)
        members["no_rope_layers"] = .array((1...numbers.layers).map { $0 % period == 0 ? 0 : 1 })
    }
    let sliding: [Bool]
    switch family.layers {
    case .unstated: return members
    case .full: sliding = Array(repeating: false, count: numbers.layers)
    case .sliding(let period):
        let pattern = keys.value("attention.sliding_window_pattern")
        if let items = pattern?.array {
            sliding = items.compactMap(\.bool)
            guard sliding.count == numbers.layers, items.count == sliding.count else {
                throw .badKey(
                    "\(family.architecture).attention.sliding_window_pattern",
                    expected: "a truth value for each layer"
                )
            }
        } else {
            let period = try keys.count("attention.sliding_window_pattern", absent: period)
            sliding = (1...numbers.layers).map { $0 % period != 0 }
            if family.statesPeriod { members["sliding_window_pattern"] = .integer(period) }
        }
    }
    members["layer_types"] = .array(
        sliding.map { $0 && slides ? "sliding_attention" : "full_attention" }
    )
    return members
}
