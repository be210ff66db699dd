import OctavoBase
@testable import OctavoModel
import Testing

/// What the configurations of each family say that Llama's does not.
@Suite
struct FamilyConfigurationTests {
    private static func json(_ family: String, _ changes: KeyValuePairs<String, JSON>) -> JSON {
        var object = ConfigurationTests.json(["model_type": .string(family)]).object ?? JSONObject()
        // Divides into as many heads as every family has by default.
        object["num_attention_heads"] = 32
        for (key, value) in changes { object[key] = value }
        return .object(object)
    }

    /// Which layers see a window, by hand after transformers' code.
    @Test(
        arguments: [
            ("mistral", [:], [4096, 4096]),
            ("mistral", ["sliding_window": .null], [nil, nil]),
            ("phi3", [:], [nil, nil]),
            ("phi3", ["sliding_window": 7], [7, 7]),
            ("qwen2", ["sliding_window": 7], [nil, nil]),
            ("qwen2", ["sliding_window": 7, "use_sliding_window": true], [nil, nil]),
            (
                "qwen3",
                ["sliding_window": 7, "use_sliding_window": true, "max_window_layers": 1], [nil, 7]
            ),
            (
                "qwen2",
                [
                    "sliding_window": 7, "use_sliding_window": true,
                    "layer_types": ["sliding_attention", "full_attention"],
                ], [7, nil]
            ),
            ("gemma2", ["sliding_window": 7, "num_hidden_layers": 3], [7, nil, 7]),
            ("gemma2", ["layer_types": ["full_attention", "sliding_attention"]], [nil, 4096]),
            (
                "gemma3_text", ["sliding_window": 7, "num_hidden_layers": 7],
                [7, 7, 7, 7, 7, nil, 7]
            ),
            (
                "gemma3_text", ["sliding_window": 7, "sliding_window_pattern": 2],
                [7, nil]
            ),
            (
                "smollm3",
                ["sliding_window": 7, "use_sliding_window": true, "no_rope_layers": [0, 1]],
                [7, nil]
            ),
            ("llama", [:], [nil, nil]),
        ] as [(String, KeyValuePairs<String, JSON>, [Int?])]
    )
    func windows(family: String, changes: KeyValuePairs<String, JSON>, expected: [Int?]) throws {
        let found = try ModelConfiguration(json: Self.json(family, changes))
        #expect(found.layers.map(\.window) == expected)
    }

    @Test
    func someLayersDoNotRotate() throws {
        let every4th = try ModelConfiguration(
            json: Self.json("smollm3", ["num_hidden_layers": 5])
        )
        #expect(every4th.layers.map { $0.rotary != nil } == [true, true, true, false, true])
        #expect(every4th.rotary.theta == 2_000_000)
    }

    /// Both generations of Gemma 3: the local layers keep their base, the others are scaled.
    @Test(
        arguments: [
            [
                "rope_theta": 5e5, "rope_local_base_freq": 300.0,
                "rope_scaling": .object(["rope_type": "linear", "factor": 8.0]),
            ],
            [
                "rope_parameters": .object([
                    "full_attention": .object([
                        "rope_type": "linear", "factor": 8.0, "rope_theta": 5e5,
                    ]),
                    "sliding_attention": .object(["rope_type": "default", "rope_theta": 300.0]),
                ])
            ],
        ] as [KeyValuePairs<String, JSON>]
    )
    func windowsRotateApart(changes: KeyValuePairs<String, JSON>) throws {
        let found = try ModelConfiguration(json: Self.json("gemma3_text", changes))
        let local = RotaryEmbedding(theta: 300)
        #expect(found.layers.map(\.rotary) == [local, local])
        #expect(found.rotary == RotaryEmbedding(theta: 5e5, scaling: .linear(factor: 8)))
        let bare = try ModelConfiguration(json: Self.json("gemma3_text", [:]))
        #expect(bare.rotary.theta == 1e6 && bare.layers[0].rotary?.theta == 1e4)
    }

    /// Phi-3's original context stands beside its factors, and its factor is a ratio of contexts.
    @Test
    func longRopeGrowsWithTheContext() throws {
        let rope: JSON = .object([
            "type": "su", "short_factor": [1.0], "long_factor": [2.0],
        ])
        let found = try ModelConfiguration(
            json: Self.json(
                "phi3",
                [
                    "rope_scaling": rope, "max_position_embeddings": 131_072,
                    "original_max_position_embeddings": 4096,
                ]
            )
        ).rotary
        #expect(
            found.scaling == .longrope(short: [1], long: [2], originalContextLength: 4096)
        )
        // ln 32 / ln 4096 = 5/12.
        #expect(abs(found.attentionFactor - (17.0 / 12).squareRoot()) < 1e-12)
        #expect(found.frequencies(headDimension: 2, length: 4096) == [1])
        #expect(found.frequencies(headDimension: 2, length: 4097) == [0.5])
    }

    @Test
    func factorsComeFromKeysAndWidths() throws {
        let gemma = try ModelConfiguration(
            json: Self.json(
                "gemma2",
                ["query_pre_attn_scalar": 16, "final_logit_softcapping": .null]
            )
        )
        #expect(gemma.embeddingScale == 8 && gemma.attentionScale == 0.25)
        #expect(gemma.attentionCap == 50 && gemma.logitCap == nil)
        #expect(gemma.tiesEmbeddings && gemma.headDimension == 256)
        let granite = try ModelConfiguration(
            json: Self.json("granite", ["logits_scaling": 8, "residual_multiplier": 0.5])
        )
        #expect(granite.logitScale == 0.125 && granite.residualScale == 0.5)
        let cohere = try ModelConfiguration(json: Self.json("cohere", [:]))
        #expect(cohere.logitScale == 0.0625 && cohere.normEpsilon == 1e-5)
        #expect(cohere.norms == [.attentionInput])
    }

    /// Mathematics of other families, and values that a family has no code for.
    @Test(
        arguments: [
            ("llama", "attn_logit_softcapping", 50.0, "50.0", "null"),
            ("llama", "query_pre_attn_scalar", 256, "256", "null"),
            ("llama", "clip_qkv", 8.0, "8.0", "null"),
            ("llama", "logit_scale", 0.5, "0.5", "1"),
            ("llama", "num_local_experts", 8, "8", "null"),
            ("llama", "use_sliding_window", true, "true", "false"),
            ("mistral", "attention_bias", true, "true", "false"),
            ("olmo2", "clip_qkv", 8, "8", "null"),
            ("olmo2", "sliding_window", 16, "16", "null or at least 2048"),
            ("gemma", "use_bidirectional_attention", true, "true", "false"),
            ("gemma3_text", "attn_logit_softcapping", 50.0, "50.0", "null"),
            ("granite", "partial_rotary_factor", 0.5, "0.5", "1"),
            ("cohere", "mlp_bias", true, "true", "false"),
            (
                "phi3", "rope_scaling", .object(["type": "linear", "factor": 2.0]), "\"linear\"",
                "default, longrope, su"
            ),
        ] as [(String, String, JSON, String, String)]
    )
    func otherMathematicsIsRefused(
        family: String,
        key: String,
        value: JSON,
        found: String,
        expected: String
    ) {
        let error = #expect(throws: ConfigurationError.self) {
            try ModelConfiguration(json: Self.json(family, [key: value]))
        }
        let named = key == "rope_scaling" ? "rope_scaling.rope_type" : key
        #expect(error == .unsupported(key: named, found: found, expected: expected))
    }

    @Test(
        arguments: [
            ("smollm3", "no_rope_layers", [1], "an array", "2 numbers, each 0 or 1"),
            ("phi3", "partial_rotary_factor", 1.5, "1.5", "a number above 0 and at most 1.0"),
            (
                "gemma2", "query_pre_attn_scalar", 0, "0",
                "a number above 0 and at most 1000000000000.0"
            ),
            (
                "granite", "residual_multiplier", "x", "\"x\"",
                "a number above 0 and at most 1000000000000.0"
            ),
            (
                "gemma2", "sliding_window", 0, "0", "a whole number in 1...67108864"
            ),
        ] as [(String, String, JSON, String, String)]
    )
    func valuesOutOfRangeAreRefused(
        family: String,
        key: String,
        value: JSON,
        found: String,
        expected: String
    ) {
        let error = #expect(throws: ConfigurationError.self) {
            try ModelConfiguration(json: Self.json(family, [key: value]))
        }
        #expect(error == .invalid(key: key, found: found, expected: expected))
    }
}
