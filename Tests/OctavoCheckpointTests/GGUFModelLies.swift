import Testing

@testable import OctavoCheckpoint

/// A sound GGUF file made by hand whose model is not what it says, and the error that reading it
/// must give.
struct HandMadeModel: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let bytes: [UInt8]
    let error: GGUFModelError

    init(
        _ name: String,
        _ error: GGUFModelError,
        in model: GGUFBuilder = .llama,
        _ change: (inout GGUFBuilder) -> Void
    ) {
        testDescription = name
        self.error = error
        var builder = model
        change(&builder)
        bytes = builder.bytes
    }

    static let all = metadata + tensors + shapes + features + rope
}

private let metadata: [HandMadeModel] = [
    HandMadeModel("unknown architecture", .unsupportedArchitecture("bert")) {
        $0.state("general.architecture", "bert")
    },
    HandMadeModel("no architecture", .unsupportedArchitecture("")) {
        $0.remove(key: "general.architecture")
    },
    HandMadeModel("architecture as number", .unsupportedArchitecture("")) {
        $0.state("general.architecture", 1)
    },
    HandMadeModel("adapter", .unsupportedFeature("a file of type \"adapter\"")) {
        $0.state("general.type", "adapter")
    },
    HandMadeModel("no layers", badKey("block_count")) { $0.state("llama.block_count", 0) },
    HandMadeModel("no layer count", badKey("block_count")) {
        $0.remove(key: "llama.block_count")
    },
    HandMadeModel("layer count as text", badKey("block_count")) {
        $0.state("llama.block_count", "1")
    },
    HandMadeModel("layer count as float", badKey("block_count")) {
        $0.state("llama.block_count", float: 1)
    },
    HandMadeModel("negative context", badKey("context_length")) {
        $0.state("llama.context_length", 5, littleEndian(Int32(-1)))
    },
    HandMadeModel("2^30 wide", badKey("embedding_length")) {
        $0.state("llama.embedding_length", 1 << 30)
    },
    HandMadeModel("layers of two widths", badKey("feed_forward_length")) {
        let widths = littleEndian(UInt32(4)) + littleEndian(UInt32(8))
        let array = littleEndian(UInt32(4)) + littleEndian(UInt64(2)) + widths
        $0.state("llama.feed_forward_length", 9, array)
    },
    HandMadeModel(
        "epsilon that is no number",
        badKey("attention.layer_norm_rms_epsilon", "a positive number")
    ) {
        $0.state("llama.attention.layer_norm_rms_epsilon", float: .nan)
    },
    HandMadeModel("rope scaling as number", badKey("rope.scaling.type", "a text")) {
        $0.state("llama.rope.scaling.type", 1)
    },
    HandMadeModel("rope base 0", badKey("rope.freq_base", "a positive number")) {
        $0.state("llama.rope.freq_base", float: 0)
    },
    HandMadeModel("more key heads than heads", badKey("attention.head_count_kv", "a divisor of 1"))
    {
        $0.state("llama.attention.head_count_kv", 2)
    },
    HandMadeModel("odd heads", badKey("attention.key_length", "an even number")) {
        $0.state("llama.attention.key_length", 3)
    },
    HandMadeModel("wider than its heads", badKey("attention.key_length", "an even number")) {
        $0.state("llama.attention.head_count", 8)
        $0.state("llama.attention.head_count_kv", 8)
    },
    HandMadeModel("no experts to use", badKey("expert_used_count"), in: .mixtral) {
        $0.remove(key: "llama.expert_used_count")
    },
]

private let tensors: [HandMadeModel] = [
    HandMadeModel("no embedding", .missingTensor("token_embd.weight")) {
        $0.remove("token_embd.weight")
    },
    HandMadeModel("no norm", .missingTensor("blk.0.ffn_norm.weight")) {
        $0.remove("blk.0.ffn_norm.weight")
    },
    HandMadeModel("layers that are not there", .missingTensor("blk.1.attn_norm.weight")) {
        $0.state("llama.block_count", (1 << 30) - 1)
    },
    HandMadeModel("layer beyond", .unknownTensor("blk.1.attn_q.weight")) {
        $0.add("blk.1.attn_q.weight", [4, 4])
    },
    HandMadeModel("layer with zeros", .unknownTensor("blk.00.attn_q.weight")) {
        $0.add("blk.00.attn_q.weight", [4, 4])
    },
    HandMadeModel("tensor of another architecture", .unknownTensor("blk.0.attn_q_norm.weight")) {
        $0.add("blk.0.attn_q_norm.weight", [4])
    },
    HandMadeModel("bias of a norm", .unknownTensor("output_norm.bias")) {
        $0.add("output_norm.bias", [4])
    },
    HandMadeModel("no router", .missingTensor("blk.0.ffn_gate_inp.weight"), in: .mixtral) {
        $0.remove("blk.0.ffn_gate_inp.weight")
    },
    HandMadeModel("one expert of two", .missingTensor("blk.0.ffn_up.1.weight"), in: .mixtral) {
        $0.change("blk.0.ffn_up_exps.weight", to: "blk.0.ffn_up.0.weight", [4, 4])
    },
    HandMadeModel(
        "experts apart and together",
        .unknownTensor("blk.0.ffn_up.0.weight"),
        in: .mixtral
    ) {
        $0.add("blk.0.ffn_up.0.weight", [4, 4])
    },
    HandMadeModel("experts apart in a dense model", .unknownTensor("blk.0.ffn_up.0.weight")) {
        $0.add("blk.0.ffn_up.0.weight", [4, 4])
    },
]

private let shapes: [HandMadeModel] = [
    HandMadeModel("no columns", .emptyTensor("blk.0.attn_q.weight", shape: [1 << 60, 0])) {
        $0.change("blk.0.attn_q.weight", [0, 1 << 60])
    },
    HandMadeModel("no vocabulary", .emptyTensor("token_embd.weight", shape: [0, 4])) {
        $0.change("token_embd.weight", [4, 0])
    },
    HandMadeModel("embedding width", badShape("token_embd.weight", [2, 8], [2, 4])) {
        $0.change("token_embd.weight", [8, 2])
    },
    HandMadeModel("head of another vocabulary", badShape("output.weight", [3, 4], [2, 4])) {
        $0.add("output.weight", [4, 3])
    },
    HandMadeModel("norm of two dimensions", badShape("output_norm.weight", [4, 1], [4])) {
        $0.change("output_norm.weight", [1, 4])
    },
    HandMadeModel("query rows", badShape("blk.0.attn_q.weight", [3, 4], [4, 4])) {
        $0.change("blk.0.attn_q.weight", [4, 3])
    },
    HandMadeModel("query bias", badShape("blk.0.attn_q.bias", [3], [4])) {
        for part in ["k", "v", "output"] { $0.add("blk.0.attn_\(part).bias", [4]) }
        $0.add("blk.0.attn_q.bias", [3])
    },
    HandMadeModel("feed-forward columns", badShape("blk.0.ffn_down.weight", [4, 8], [4, 4])) {
        $0.change("blk.0.ffn_down.weight", [8, 4])
    },
    HandMadeModel(
        "three experts of two",
        badShape("blk.0.ffn_up_exps.weight", [3, 4, 4], [2, 4, 4]),
        in: .mixtral
    ) {
        $0.change("blk.0.ffn_up_exps.weight", [4, 4, 3])
    },
    HandMadeModel(
        "half an expert",
        badShape("blk.0.ffn_up.1.weight", [2, 4], [4, 4]),
        in: .mixtral
    ) {
        $0.change("blk.0.ffn_up_exps.weight", to: "blk.0.ffn_up.0.weight", [4, 4])
        $0.add("blk.0.ffn_up.1.weight", [4, 2])
    },
]

private let features: [HandMadeModel] = [
    HandMadeModel(
        "some biases",
        .unsupportedFeature("biases in some of attn_q, attn_k, attn_v, attn_output")
    ) {
        $0.add("blk.0.attn_v.bias", [4])
    },
    HandMadeModel(
        "values longer than keys",
        .unsupportedFeature("values of another length than keys")
    ) {
        $0.state("llama.attention.value_length", 8)
    },
    HandMadeModel("part of a head", .unsupportedFeature("rotation of a part of each head")) {
        $0.state("llama.rope.dimension_count", 2)
    },
    HandMadeModel(
        "the most of the longest heads",
        badShape("blk.0.attn_qkv.weight", [12, 4], [3 * ((1 << 30) - 1) * ((1 << 30) - 2), 4]),
        in: .phi3
    ) {
        for key in ["head_count", "head_count_kv"] {
            $0.state("phi3.attention.\(key)", (1 << 30) - 1)
        }
        $0.state("phi3.attention.key_length", (1 << 30) - 2)
    },
    HandMadeModel(
        "more than a head",
        .unsupportedFeature("rotation of a part of each head"),
        in: .phi3
    ) {
        $0.state("phi3.rope.dimension_count", 6)
    },
    HandMadeModel("logits scaled", .unsupportedKey("llama.logit_scale")) {
        $0.state("llama.logit_scale", float: 2)
    },
    HandMadeModel("key from the future", .unsupportedKey("llama.attention.twist")) {
        $0.state("llama.attention.twist", 1)
    },
    HandMadeModel(
        "scaling without tensors",
        .unsupportedFeature("rope scaling of type \"longrope\" without its tensors")
    ) {
        $0.state("llama.rope.scaling.type", "longrope")
    },
]

private let rope: [HandMadeModel] = [
    HandMadeModel("too few divisors", badShape("rope_freqs.weight", [1], [2])) {
        $0.add("rope_freqs.weight", values: [1])
    },
    HandMadeModel("halves as divisors", .unsupportedFeature("rope_freqs.weight of type F16")) {
        $0.add("rope_freqs.weight", [2], type: .f16)
    },
    HandMadeModel("divisors that are no rule", noRule(0, 2, 1)) {
        $0.add("rope_freqs.weight", values: [2, 2])
    },
    HandMadeModel("divisor 0", notPositive("rope_freqs.weight")) {
        $0.add("rope_freqs.weight", values: [1, 0])
    },
    HandMadeModel("divisor that is no number", notPositive("rope_freqs.weight")) {
        $0.add("rope_freqs.weight", values: [1, .nan])
    },
    HandMadeModel("two scalings", .unsupportedFeature("two ways of rope scaling at once")) {
        $0.add("rope_freqs.weight", values: [1, 8])
        $0.state("llama.rope.scaling.type", "linear")
    },
    HandMadeModel("long factors alone", .missingTensor("rope_factors_short.weight"), in: .phi3) {
        $0.add("rope_factors_long.weight", values: [1, 2])
    },
    HandMadeModel(
        "factors and a factor",
        .unsupportedFeature("two ways of rope scaling at once"),
        in: .phi3
    ) {
        $0.add("rope_factors_short.weight", values: [1, 1])
        $0.add("rope_factors_long.weight", values: [1, 2])
        $0.state("phi3.rope.scaling.type", "longrope")
        $0.state("phi3.rope.scaling.factor", float: 2)
    },
    HandMadeModel("short factors alone", .missingTensor("rope_factors_long.weight"), in: .phi3) {
        $0.add("rope_factors_short.weight", values: [1, 2])
    },
]

private func badKey(
    _ key: String,
    _ expected: String = "a positive whole number"
) -> GGUFModelError {
    .badKey("llama.\(key)", expected: expected)
}

private func badShape(_ tensor: String, _ found: [Int], _ expected: [Int]) -> GGUFModelError {
    .badShape(tensor: tensor, found: found, expected: expected)
}

private func noRule(_ index: Int, _ found: Float, _ expected: Float) -> GGUFModelError {
    .unknownRopeFrequencies(index: index, found: found, expected: expected)
}

private func notPositive(_ tensor: String) -> GGUFModelError {
    .unsupportedFeature("\(tensor) with entries that are not positive")
}
