public import OctavoBase

extension ModelConfiguration {
    /// Reads a `config.json` of either generation of transformers.
    ///
    /// Absent keys have the defaults of transformers. Keys that change the mathematics in a way not
    /// implemented are refused by name: a model that runs must run as its makers meant it.
    public init(json: JSON) throws(ConfigurationError) {
        guard let object = json.object else { throw .notAnObject }
        let reader = ConfigurationReader(object: object)
        guard let name = object["model_type"]?.string, let family = Family(rawValue: name) else {
            throw .unsupportedModel(found: object["model_type"]?.string)
        }
        self.family = family
        vocabularySize = try reader.size("vocab_size", atMost: 1 << 24)
        hiddenSize = try reader.size("hidden_size", atMost: 1 << 17)
        intermediateSize = try reader.size("intermediate_size", atMost: 1 << 20)
        layerCount = try reader.size("num_hidden_layers", atMost: 1 << 12)
        headCount = try reader.size("num_attention_heads", atMost: 1 << 12)
        keyValueHeadCount = try reader.size(
            "num_key_value_heads",
            atMost: headCount,
            default: family == .mistral ? 8 : headCount
        )
        guard headCount % keyValueHeadCount == 0 else {
            throw .invalid(
                key: "num_key_value_heads",
                found: "\(keyValueHeadCount)",
                expected: "a divisor of num_attention_heads (\(headCount))"
            )
        }
        if object["head_dim"] ?? .null == .null, hiddenSize % headCount != 0 {
            throw .invalid(
                key: "hidden_size",
                found: "\(hiddenSize)",
                expected:
                    "a multiple of num_attention_heads (\(headCount)), as head_dim is not given"
            )
        }
        headDimension = try reader.size(
            "head_dim",
            atMost: 1 << 12,
            default: hiddenSize / headCount
        )
        guard headDimension % 2 == 0 else {
            throw .invalid(key: "head_dim", found: "\(headDimension)", expected: "an even number")
        }
        contextLength = try reader.size(
            "max_position_embeddings",
            atMost: 1 << 26,
            default: family == .mistral ? 131_072 : 2048
        )
        normEpsilon = Float(try reader.positive("rms_norm_eps", default: 1e-6, atMost: 1))
        rotary = try RotaryEmbedding(reader: reader, contextLength: contextLength)
        hasAttentionBias = try reader.flag("attention_bias", default: false)
        hasFeedForwardBias = try reader.flag("mlp_bias", default: false)
        tiesEmbeddings = try reader.flag("tie_word_embeddings", default: false)
        beginToken = try reader.tokens("bos_token_id", below: vocabularySize).first
        endTokens = try reader.tokens("eos_token_id", below: vocabularySize)
        try reader.refuseOtherMathematics(family: family, contextLength: contextLength)
    }
}

/// Typed access to the members of a `config.json`, where null means absent.
struct ConfigurationReader {
    let object: JSONObject
    /// What stands before the keys in errors: the path of a nested object.
    var prefix = ""

    subscript(key: String) -> JSON? {
        guard let value = object[key], value != .null else { return nil }
        return value
    }

    /// An object inside this one.
    func nested(_ key: String) throws(ConfigurationError) -> ConfigurationReader? {
        guard let value = self[key] else { return nil }
        guard let object = value.object else { throw invalid(key, value, "an object") }
        return ConfigurationReader(object: object, prefix: prefix + key + ".")
    }

    /// A whole number of at least one.
    func size(
        _ key: String,
        atMost limit: Int,
        default fallback: Int? = nil
    ) throws(ConfigurationError) -> Int {
        let value = self[key]
        guard let size = value == nil ? try absent(key, fallback) : value?.integer,
            (1...limit).contains(size)
        else { throw invalid(key, value ?? .null, "a whole number in 1...\(limit)") }
        return size
    }

    /// A number above zero.
    func positive(
        _ key: String,
        default fallback: Double? = nil,
        atMost limit: Double = 1e12
    ) throws(ConfigurationError) -> Double {
        let value = self[key]
        guard let number = value == nil ? try absent(key, fallback) : value?.number, number > 0,
            number <= limit,
            Float(number).isNormal
        else { throw invalid(key, value ?? .null, "a number above 0 and at most \(limit)") }
        return number
    }

    /// A truth value.
    func flag(_ key: String, default fallback: Bool) throws(ConfigurationError) -> Bool {
        guard let value = self[key] else { return fallback }
        guard let flag = value.bool else { throw invalid(key, value, "true or false") }
        return flag
    }

    /// One token or several.
    func tokens(_ key: String, below limit: Int) throws(ConfigurationError) -> [Int] {
        guard let value = self[key] else { return [] }
        let tokens = (value.array ?? [value]).map(\.integer)
        let valid = tokens.compactMap(\.self).filter { (0..<limit).contains($0) }
        guard valid.count == tokens.count else {
            throw invalid(key, value, "token ids below vocab_size (\(limit))")
        }
        return valid
    }

    /// Refuses the keys of the family, and of its relatives, that are not implemented.
    func refuseOtherMathematics(
        family: ModelConfiguration.Family,
        contextLength: Int
    ) throws(ConfigurationError) {
        if let value = self["hidden_act"], value != "silu" {
            throw unsupported("hidden_act", value, "\"silu\"")
        }
        // Mistral has a window unless its configuration says null.
        let window = object["sliding_window"] ?? (family == .mistral ? 4096 : .null)
        if window != .null, window.integer ?? 0 < contextLength {
            throw unsupported("sliding_window", window, "null or at least \(contextLength)")
        }
        if let value = self["layer_types"],
            !(value.array ?? [""]).allSatisfy({ $0 == "full_attention" })
        {
            throw unsupported("layer_types", value, "full_attention")
        }
        if let value = self["pretraining_tp"], value.integer != 1 {
            throw unsupported("pretraining_tp", value, "1")
        }
        try refusePartialRotation()
    }

    /// Refuses rotations of a part of each head.
    func refusePartialRotation() throws(ConfigurationError) {
        if let value = self["partial_rotary_factor"], value.number != 1 {
            throw unsupported("partial_rotary_factor", value, "1")
        }
    }

    /// An error that names a key with its path.
    func invalid(_ key: String, _ found: JSON, _ expected: String) -> ConfigurationError {
        .invalid(key: prefix + key, found: found.excerpt, expected: expected)
    }

    /// An error that names a key with its path.
    func unsupported(_ key: String, _ found: JSON, _ expected: String) -> ConfigurationError {
        .unsupported(key: prefix + key, found: found.excerpt, expected: expected)
    }

    /// The default of an absent key.
    private func absent<T>(_ key: String, _ fallback: T?) throws(ConfigurationError) -> T {
        guard let fallback else { throw .missing(key: prefix + key) }
        return fallback
    }
}

extension JSON {
    /// The value in an error: whole if it is a scalar, else its kind.
    fileprivate var excerpt: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .string(let value): "\"\(value.prefix(64))\""
        case .array: "an array"
        case .object: "an object"
        }
    }
}
