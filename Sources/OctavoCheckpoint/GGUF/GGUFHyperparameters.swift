/// The sizes of a model and the other numbers that every architecture states (M2).
struct GGUFHyperparameters {
    let hiddenSize: Int
    let intermediateSize: Int
    let layers: Int
    let heads: Int
    let keyValueHeads: Int
    /// How long a head's queries, keys and values are.
    let headSize: Int
    /// How many dimensions of each head are rotated; even.
    let rotarySize: Int
    let contextLength: Int
    let normEpsilon: Double
    /// How many experts a layer has; 0 if it is not a mixture.
    let experts: Int
    /// The length of what an expert has between its two products.
    let expertSize: Int

    init(_ keys: inout GGUFKeys, of family: GGUFFamily) throws(GGUFModelError) {
        hiddenSize = try keys.count("embedding_length")
        intermediateSize = try keys.count("feed_forward_length")
        layers = try keys.count("block_count")
        heads = try keys.count("attention.head_count")
        keyValueHeads = try keys.count("attention.head_count_kv", absent: heads)
        contextLength = try keys.count("context_length")
        normEpsilon = try keys.positive(family.epsilon.key)
        headSize = try keys.count("attention.key_length", absent: hiddenSize / heads)
        rotarySize = try keys.count("rope.dimension_count", absent: headSize)
        experts = family.hasExperts ? try keys.count("expert_count") : 0
        expertSize =
            family.hasExperts
            ? try keys.count("expert_feed_forward_length", absent: intermediateSize) : 0

        guard heads % keyValueHeads == 0 else {
            throw .badKey(
                "\(family.architecture).attention.head_count_kv",
                expected: "a divisor of \(heads)"
            )
        }
        guard headSize > 0, headSize % 2 == 0 else {
            throw .badKey(
                "\(family.architecture).attention.key_length",
                expected: "an even number"
            )
        }
        guard try keys.count("attention.value_length", absent: headSize) == headSize else {
            throw .unsupportedFeature("values of another length than keys")
        }
        guard
            rotarySize == headSize
                || (family.rotatesParts && rotarySize < headSize && rotarySize % 2 == 0)
        else { throw .unsupportedFeature("rotation of a part of each head") }
    }

    /// The length of a dimension.
    ///
    /// - Returns: Nil where only the tensors tell: the vocabulary's size.
    func length(of dimension: GGUFDimension) -> Int? {
        switch dimension {
        case .vocabulary: nil
        case .hidden: hiddenSize
        case .queries: heads * headSize
        case .keys, .values: keyValueHeads * headSize
        case .queriesKeysAndValues: (heads + 2 * keyValueHeads) * headSize
        case .head: headSize
        case .heads: heads
        case .keyValueHeads: keyValueHeads
        case .inner: intermediateSize
        case .gateAndUp: 2 * intermediateSize
        case .experts: experts
        case .expertInner: expertSize
        }
    }
}
