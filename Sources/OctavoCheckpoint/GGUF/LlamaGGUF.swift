internal import OctavoBase

/// The numbers that a GGUF file of architecture `llama` states about its model (M2, M5).
struct LlamaGGUF {
    static let architecture = "llama"

    let hiddenSize: Int
    let intermediateSize: Int
    let layers: Int
    let heads: Int
    let keyValueHeads: Int
    let headSize: Int
    let contextLength: Int
    let normEpsilon: Double
    let ropeBase: Double
    /// The factor of linear scaling, or nil if positions are not scaled so.
    let linearRopeFactor: Double?
    /// How long the contexts were before the model was stretched to longer ones.
    let originalContextLength: Int?

    init(_ metadata: GGUFMetadata) throws(GGUFModelError) {
        // Below 2^31, so that no product of two overflows.
        func count(_ key: String) throws(GGUFModelError) -> Int {
            guard let value = metadata.integer("llama." + key), value > 0, value < 1 << 31 else {
                throw .badKey("llama." + key, expected: "a positive whole number")
            }
            return value
        }
        func count(_ key: String, default value: Int) throws(GGUFModelError) -> Int {
            metadata["llama." + key] == nil ? value : try count(key)
        }
        func positive(_ key: String) throws(GGUFModelError) -> Double {
            guard let value = metadata.number("llama." + key), value.isFinite, value > 0 else {
                throw .badKey("llama." + key, expected: "a positive number")
            }
            return shortest(value)
        }
        hiddenSize = try count("embedding_length")
        intermediateSize = try count("feed_forward_length")
        layers = try count("block_count")
        heads = try count("attention.head_count")
        keyValueHeads = try count("attention.head_count_kv", default: heads)
        contextLength = try count("context_length")
        normEpsilon = try positive("attention.layer_norm_rms_epsilon")
        ropeBase = metadata["llama.rope.freq_base"] == nil ? 10000 : try positive("rope.freq_base")
        headSize = try count("attention.key_length", default: hiddenSize / heads)

        guard heads % keyValueHeads == 0 else {
            throw .badKey("llama.attention.head_count_kv", expected: "a divisor of \(heads)")
        }
        guard headSize > 0, headSize % 2 == 0 else {
            throw .badKey("llama.attention.key_length", expected: "an even number")
        }
        guard try count("attention.value_length", default: headSize) == headSize else {
            throw .unsupportedFeature("values of another length than keys")
        }
        guard try count("rope.dimension_count", default: headSize) == headSize else {
            throw .unsupportedFeature("rotation of a part of each head")
        }
        guard (metadata.integer("llama.expert_count") ?? 0) == 0 else {
            throw .unsupportedFeature("a mixture of experts")
        }
        switch metadata.string("llama.rope.scaling.type") ?? "none" {
        case "none": linearRopeFactor = nil
        case "linear": linearRopeFactor = try positive("rope.scaling.factor")
        case let other: throw .unsupportedFeature("rope scaling of type \"\(other)\"")
        }
        originalContextLength =
            metadata["llama.rope.scaling.original_context_length"] == nil
            ? nil : try count("rope.scaling.original_context_length")
    }
}

/// The shortest decimal that rounds to the same 32-bit float: 1e-05, where widening its stored form
/// gives 9.999999747378752e-06.
private func shortest(_ value: Double) -> Double {
    Double(Float(value)) == value ? Double(Float(value).description) ?? value : value
}
