public import OctavoBase
import OctavoNumerics

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
        let description = family.description
        self.family = family
        vocabularySize = try reader.size("vocab_size", atMost: 1 << 24)
        hiddenSize = try reader.size("hidden_size", atMost: 1 << 17)
        intermediateSize = try reader.size("intermediate_size", atMost: 1 << 20)
        layerCount = try reader.size("num_hidden_layers", atMost: 1 << 12)
        (headCount, keyValueHeadCount, headDimension) = try reader.heads(
            description,
            hiddenSize: hiddenSize
        )
        contextLength = try reader.size(
            "max_position_embeddings",
            atMost: 1 << 26,
            default: description.defaultContextLength
        )
        try reader.refuseForeignMathematics(description, contextLength: contextLength)
        try reader.refuseForeignQuantization()
        normEpsilon = Float(
            try reader.positive(
                description.epsilonKey,
                default: description.defaultEpsilon,
                atMost: 1
            )
        )
        norms = Set(description.norms.keys)
        if description.keys.contains("use_qk_norm"),
            try !reader.flag("use_qk_norm", default: false)
        {
            norms.subtract([.queries, .keys])
        }
        let embeddings = try reader.rotaryEmbeddings(
            description,
            headDimension: headDimension,
            contextLength: contextLength
        )
        rotary = embeddings.main
        layers = try reader.layers(description, count: layerCount, embeddings)
        gate = try reader.gate(description)
        experts = try reader.experts(description, layerCount: layerCount)
        biasedLinears = try reader.biasedLinears(description)
        let widths = (hidden: hiddenSize, head: headDimension)
        embeddingScale = try reader.factor(description.embeddingScale, widths)
        attentionScale = try reader.factor(description.attentionScale, widths)
        residualScale = try reader.factor(description.residualScale, widths)
        logitScale = try reader.factor(description.logitScale, widths)
        attentionCap = try reader.bound(
            "attn_logit_softcapping",
            default: description.defaultAttentionCap
        )
        logitCap = try reader.bound(
            "final_logit_softcapping",
            default: description.defaultLogitCap
        )
        tiesEmbeddings = try reader.flag(
            "tie_word_embeddings",
            default: description.tiesEmbeddingsByDefault
        )
        beginToken = try reader.tokens("bos_token_id", below: vocabularySize).first
        endTokens = try reader.tokens("eos_token_id", below: vocabularySize)
    }
}

extension ConfigurationReader {
    /// The numbers of query heads and of key and value heads, and the width of a head.
    fileprivate func heads(
        _ family: FamilyDescription,
        hiddenSize: Int
    ) throws(ConfigurationError) -> (Int, keyValue: Int, width: Int) {
        let count = try size("num_attention_heads", atMost: 1 << 12)
        let keyValueCount = try size(
            "num_key_value_heads",
            atMost: count,
            default: family.defaultKeyValueHeadCount ?? count
        )
        guard count % keyValueCount == 0 else {
            throw .invalid(
                key: "num_key_value_heads",
                found: "\(keyValueCount)",
                expected: "a divisor of num_attention_heads (\(count))"
            )
        }
        let fallback = family.defaultHeadDimension ?? hiddenSize / count
        if self["head_dim"] == nil, family.defaultHeadDimension == nil, hiddenSize % count != 0 {
            throw .invalid(
                key: "hidden_size",
                found: "\(hiddenSize)",
                expected: "a multiple of num_attention_heads (\(count)), as head_dim is not given"
            )
        }
        let width = try size("head_dim", atMost: 1 << 12, default: fallback)
        guard width % 2 == 0 else {
            throw .invalid(key: "head_dim", found: "\(width)", expected: "an even number")
        }
        return (count, keyValueCount, width)
    }

    /// What gates the feed-forward part.
    fileprivate func gate(_ family: FamilyDescription) throws(ConfigurationError) -> GateFunction {
        guard let value = self[family.gateKey] else { return family.defaultGate }
        switch value.string {
        case "silu": return .silu
        case "gelu_pytorch_tanh": return .tanhGELU
        // The first Gemma said so and meant the approximation.
        case "gelu" where family.defaultGate == .tanhGELU: return .tanhGELU
        default: throw unsupported(family.gateKey, value, "\"silu\" or \"gelu_pytorch_tanh\"")
        }
    }

    /// The linears that have biases.
    fileprivate func biasedLinears(
        _ family: FamilyDescription
    ) throws(ConfigurationError) -> Set<LinearName> {
        var biased = family.biasedLinears
        for (key, sites) in [
            ("attention_bias", [InputSite.attentionInput, .attentionOutput]),
            ("mlp_bias", [.feedForwardInput, .feedForwardOutput]),
        ] where family.keys.contains(key) {
            guard try flag(key, default: false) else { continue }
            biased.formUnion(family.linears.filter { sites.contains($0.site) })
        }
        return biased
    }

    /// A factor of the mathematics.
    fileprivate func factor(
        _ factor: ConfiguredFactor,
        _ widths: (hidden: Int, head: Int)
    ) throws(ConfigurationError) -> Float {
        let value =
            switch factor {
            case .one: 1.0
            case .value(let key, let fallback): try positive(key, default: fallback)
            case .reciprocal(let key, let fallback): 1 / (try positive(key, default: fallback))
            case .inverseRoot(let key, let fallback):
                1 / (try positive(key, default: fallback)).squareRoot()
            case .inverseRootOfHeadDimension: 1 / Double(widths.head).squareRoot()
            case .rootOfHiddenSize: Double(widths.hidden).squareRoot()
            }
        return Float(value)
    }
}
