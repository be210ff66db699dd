import OctavoBase
@testable import OctavoModel
import OctavoNumerics
import Testing

/// What `config.json` may say, and what it may not.
@Suite
struct ConfigurationTests {
    /// The keys that have no default.
    static let required: KeyValuePairs<String, JSON?> = [
        "model_type": "llama", "vocab_size": 96, "hidden_size": 64, "intermediate_size": 128,
        "num_hidden_layers": 2, "num_attention_heads": 4,
    ]

    /// A configuration with some keys changed; nil removes.
    static func json(_ changes: KeyValuePairs<String, JSON?>) -> JSON {
        var json = JSON.object(required).object ?? JSONObject()
        for (key, value) in changes { json[key] = value }
        return .object(json)
    }

    @Test
    func absentKeysHaveTheDefaultsOfTransformers() throws {
        let found = try ModelConfiguration(json: Self.json([:]))
        #expect(found.keyValueHeadCount == 4)
        #expect(found.headDimension == 16)
        #expect(found.contextLength == 2048)
        #expect(found.normEpsilon == 1e-6)
        #expect(found.rotary == RotaryEmbedding(theta: 10000))
        #expect(!found.tiesEmbeddings && found.biasedLinears.isEmpty)
        #expect(found.beginToken == nil && found.endTokens.isEmpty)
        let mistral = try ModelConfiguration(
            json: Self.json([
                "model_type": "mistral", "num_attention_heads": 16, "sliding_window": .null,
            ])
        )
        #expect(mistral.keyValueHeadCount == 8 && mistral.contextLength == 131_072)
    }

    @Test
    func endTokensMayBeSeveral() throws {
        let found = try ModelConfiguration(
            json: Self.json(["bos_token_id": 1, "eos_token_id": [2, 95]])
        )
        #expect(found.beginToken == 1 && found.endTokens == [2, 95])
    }

    private static let families =
        "llama, mistral, mixtral, qwen2, qwen3, qwen3_moe, gemma, gemma2, gemma3_text, phi3, cohere, granite, olmo2, smollm3"

    private static let llama3: JSON = .object([
        "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
        "original_max_position_embeddings": 64,
    ])

    /// Both generations, and which of them counts where both stand: as transformers 5.23 was seen to
    /// decide.
    @Test(arguments: [
        (json(["rope_theta": 5e5]), RotaryEmbedding(theta: 5e5)),
        (json(["rope_theta": 5e5, "rope_scaling": .null]), RotaryEmbedding(theta: 5e5)),
        (
            json(["rope_theta": 5e5, "rope_scaling": .object(["type": "linear", "factor": 4])]),
            RotaryEmbedding(theta: 5e5, scaling: .linear(factor: 4))
        ),
        (
            json(["rope_parameters": .object(["rope_type": "default", "rope_theta": 5e5])]),
            RotaryEmbedding(theta: 5e5)
        ),
        (
            json(["rope_theta": 5e5, "rope_scaling": llama3]),
            RotaryEmbedding(
                theta: 5e5,
                scaling: .llama3(
                    factor: 8,
                    lowFrequencyFactor: 1,
                    highFrequencyFactor: 4,
                    originalContextLength: 64
                )
            )
        ),
        // The legacy key replaces the new one wholesale, its theta included …
        (
            json([
                "rope_scaling": .object(["rope_type": "linear", "factor": 2]),
                "rope_parameters": .object(["rope_type": "default", "rope_theta": 5e5]),
            ]), RotaryEmbedding(theta: 10000, scaling: .linear(factor: 2))
        ),
        // … unless it is empty.
        (
            json([
                "rope_scaling": .object([:]),
                "rope_parameters": .object(["rope_type": "default", "rope_theta": 5e5]),
            ]), RotaryEmbedding(theta: 5e5)
        ),
        // The inner theta goes before the outer.
        (
            json(["rope_theta": 3, "rope_parameters": .object(["rope_theta": 5e5])]),
            RotaryEmbedding(theta: 5e5)
        ),
    ])
    func rotary(json: JSON, expected: RotaryEmbedding) throws {
        #expect(try ModelConfiguration(json: json).rotary == expected)
    }

    /// The position where the original context is not given is the model's own.
    @Test
    func originalContextDefaultsToTheContext() throws {
        var rope = Self.llama3.object ?? JSONObject()
        rope["original_max_position_embeddings"] = nil
        let found = try ModelConfiguration(
            json: Self.json(["rope_scaling": .object(rope), "max_position_embeddings": 512])
        )
        #expect(
            found.rotary.scaling
                == .llama3(
                    factor: 8,
                    lowFrequencyFactor: 1,
                    highFrequencyFactor: 4,
                    originalContextLength: 512
                )
        )
    }

    @Test(
        arguments: [
            ("model_type", nil, "model_type is missing; supported are: \(families)"),
            ("model_type", "gpt2", "model_type is \"gpt2\"; supported are: \(families)"),
            ("vocab_size", nil, "config.json lacks \"vocab_size\""),
            ("hidden_size", .null, "config.json lacks \"hidden_size\""),
            (
                "hidden_size", 0,
                "\"hidden_size\" in config.json is 0, expected a whole number in 1...131072"
            ),
            (
                "hidden_size", 66,
                "\"hidden_size\" in config.json is 66, expected a multiple of num_attention_heads (4), as head_dim is not given"
            ),
            (
                "num_hidden_layers", -1,
                "\"num_hidden_layers\" in config.json is -1, expected a whole number in 1...4096"
            ),
            (
                "vocab_size", .integer(.max),
                "\"vocab_size\" in config.json is 9223372036854775807, expected a whole number in 1...16777216"
            ),
            (
                "vocab_size", 96.0,
                "\"vocab_size\" in config.json is 96.0, expected a whole number in 1...16777216"
            ),
            (
                "intermediate_size", "128",
                "\"intermediate_size\" in config.json is \"128\", expected a whole number in 1...1048576"
            ),
            (
                "num_key_value_heads", 3,
                "\"num_key_value_heads\" in config.json is 3, expected a divisor of num_attention_heads (4)"
            ),
            (
                "num_key_value_heads", 8,
                "\"num_key_value_heads\" in config.json is 8, expected a whole number in 1...4"
            ),
            ("head_dim", 15, "\"head_dim\" in config.json is 15, expected an even number"),
            (
                "rms_norm_eps", 0,
                "\"rms_norm_eps\" in config.json is 0, expected a number above 0 and at most 1.0"
            ),
            (
                "rms_norm_eps", 1e-60,
                "\"rms_norm_eps\" in config.json is 1e-60, expected a number above 0 and at most 1.0"
            ),
            (
                "tie_word_embeddings", 1,
                "\"tie_word_embeddings\" in config.json is 1, expected true or false"
            ),
            (
                "eos_token_id", 96,
                "\"eos_token_id\" in config.json is 96, expected token ids below vocab_size (96)"
            ),
            (
                "eos_token_id", ["2"],
                "\"eos_token_id\" in config.json is an array, expected token ids below vocab_size (96)"
            ),
            (
                "rope_theta", -1,
                "\"rope_theta\" in config.json is -1, expected a number above 0 and at most 1000000000000.0"
            ),
            ("rope_scaling", 4, "\"rope_scaling\" in config.json is 4, expected an object"),
            (
                "rope_scaling", .object(["type": "linear"]),
                "config.json lacks \"rope_scaling.factor\""
            ),
            (
                "rope_scaling", .object(["type": "proportional"]),
                "\"rope_scaling.rope_type\" in config.json is \"proportional\", which is not supported (only default, dynamic, linear, llama3, longrope, yarn is)"
            ),
            (
                "rope_scaling", .object(["type": "yarn", "factor": 2, "beta_fast": 1.0]),
                "\"rope_scaling.beta_fast\" in config.json is 1.0, expected more than beta_slow (1.0)"
            ),
            (
                "rope_scaling", .object(["type": "longrope", "short_factor": [1.0]]),
                "\"rope_scaling.short_factor\" in config.json is an array, expected 8 numbers above 0"
            ),
            (
                "rope_parameters", .object(["full_attention": .object([:])]),
                "\"rope_parameters.full_attention\" in config.json is an object, which is not supported (only null is)"
            ),
            (
                "rope_parameters", .object(["partial_rotary_factor": 0.5]),
                "\"rope_parameters.partial_rotary_factor\" in config.json is 0.5, which is not supported (only 1 is)"
            ),
            (
                "partial_rotary_factor", 0.5,
                "\"partial_rotary_factor\" in config.json is 0.5, which is not supported (only 1 is)"
            ),
            (
                "hidden_act", "gelu",
                "\"hidden_act\" in config.json is \"gelu\", which is not supported (only \"silu\" or \"gelu_pytorch_tanh\" is)"
            ),
            (
                "sliding_window", 1024,
                "\"sliding_window\" in config.json is 1024, which is not supported (only null or at least 2048 is)"
            ),
            (
                "layer_types", ["full_attention", "sliding_attention"],
                "\"layer_types\" in config.json is an array, which is not supported (only what this family does anyway is)"
            ),
            (
                "quantization_config", .object(["quant_method": "fp8"]),
                "\"quantization_config.quant_method\" in config.json is \"fp8\", which is not supported (only \"aqlm\" is)"
            ),
            (
                "pretraining_tp", 2,
                "\"pretraining_tp\" in config.json is 2, which is not supported (only 1 is)"
            ),
        ] as [(String, JSON?, String)]
    )
    func refused(key: String, value: JSON?, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try ModelConfiguration(json: Self.json([key: value]))
        }
        #expect(error?.description == message)
    }

    @Test
    func otherDocumentsAreRefused() {
        #expect(throws: ConfigurationError.notAnObject) { try ModelConfiguration(json: [1]) }
    }

    /// Wavelengths by hand: with θ = 10⁴ and four pairs the frequencies are 1, 10⁻¹, 10⁻², 10⁻³.
    @Test
    func frequenciesByHand() {
        func frequencies(_ scaling: RotaryEmbedding.Scaling) -> [Double] {
            RotaryEmbedding(theta: 1e4, scaling: scaling).frequencies(headDimension: 8)
        }
        func close(_ a: [Double], _ b: [Double]) -> Bool {
            zip(a, b).allSatisfy { abs($0 - $1) <= 1e-12 * $1 }
        }
        #expect(close(frequencies(.none), [1, 0.1, 0.01, 0.001]))
        #expect(close(frequencies(.linear(factor: 4)), [0.25, 0.025, 0.0025, 0.00025]))
        // Within 200π positions the pairs turn 100, 10, 1 and 0.1 times. Between 0.5 and 2 turns
        // they are blended: 1 turn is a third of the way, so 1/3 + 2/3 · 1/8 = 5/12 remain.
        let blended = frequencies(
            .llama3(
                factor: 8,
                lowFrequencyFactor: 0.5,
                highFrequencyFactor: 2,
                originalContextLength: 628
            )
        )
        let turns = 6.28 / (2 * Double.pi)
        let share = (turns - 0.5) / 1.5
        #expect(close(blended, [1, 0.1, 0.01 * ((1 - share) / 8 + share), 0.001 / 8]))
        #expect(abs(blended[2] / 0.01 - 5.0 / 12) < 1e-3)
    }

    @Test
    func rotationByHand() {
        // θ = 1: every pair turns by one radian a position; halves are paired, not neighbours.
        let table = RotaryEmbedding(theta: 1).table(headDimension: 4, positions: 3, length: 3)
        var x = Matrix(rows: 2, columns: 4, elements: [1, 0, 0, 1, 1, 0, 0, 1])
        table.rotate(&x, positions: [0, 2], threads: 1)
        // cos 2 = -0.41614684, sin 2 = 0.9092974
        let expected: [Float] = [1, 0, 0, 1, -0.41614684, -0.9092974, 0.9092974, -0.41614684]
        for (a, b) in zip(x.elements, expected) { #expect(abs(a - b) < 1e-6) }
    }
}
