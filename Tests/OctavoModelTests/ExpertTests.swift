import OctavoBase
@testable import OctavoModel
import OctavoNumerics
import Testing

/// Which layers have experts, and which tokens pass them.
@Suite
struct ExpertTests {
    /// Scores of 0, ln 2, ln 5 and 0: shares of one, two, five and one ninth.
    @Test(arguments: [(true, 7.0), (false, 9.0)])
    func tokensPassTheExpertsWithTheHighestScores(normalizes: Bool, sum: Double) {
        let weight = Matrix(rows: 4, columns: 2, elements: [0, 0, 0.6931472, 0, 1.609438, 0, 0, 9])
        let router = Router(
            weight: weight,
            experts: Experts(
                count: 4,
                activeCount: 2,
                intermediateSize: 8,
                normalizesWeights: normalizes,
                layers: [0],
                spelling: .projections
            )
        )
        // The second token's highest score is the last expert's, by far.
        let y = Matrix(rows: 2, columns: 2, elements: [1, 0, 1, 3])
        let routes = router.routes(y)
        #expect(routes.map(\.rows) == [[], [0], [0, 1], [1]])
        #expect(abs(Double(routes[2].weights[0]) - 5 / sum) < 1e-6)
        #expect(abs(Double(routes[1].weights[0]) - 2 / sum) < 1e-6)
        #expect(abs(routes[3].weights[0] - 1) < 1e-6)
    }

    private static func json(_ family: String, _ changes: KeyValuePairs<String, JSON>) -> JSON {
        var object = ConfigurationTests.json(["model_type": .string(family)]).object ?? JSONObject()
        object["num_hidden_layers"] = 6
        object["num_attention_heads"] = 32
        for (key, value) in changes { object[key] = value }
        return .object(object)
    }

    /// By hand after transformers' code.
    @Test(
        arguments: [
            ("mixtral", [:], [0, 1, 2, 3, 4, 5]),
            ("qwen3_moe", [:], [0, 1, 2, 3, 4, 5]),
            ("qwen3_moe", ["decoder_sparse_step": 2], [1, 3, 5]),
            ("qwen3_moe", ["mlp_only_layers": [0, 5]], [1, 2, 3, 4]),
            ("qwen3_moe", ["mlp_only_layers": [5], "decoder_sparse_step": 3], [2]),
            ("llama", [:], []),
        ] as [(String, KeyValuePairs<String, JSON>, Set<Int>)]
    )
    func layersWithExperts(
        family: String,
        changes: KeyValuePairs<String, JSON>,
        layers: Set<Int>
    ) throws {
        let found = try ModelConfiguration(json: Self.json(family, changes))
        #expect(found.experts?.layers ?? [] == layers)
        for layer in 0..<6 {
            let names = found.linears(inLayer: layer)
            let count = found.experts(inLayer: layer)?.count ?? 0
            #expect(names.filter { $0.expertIndex != nil }.count == 3 * count)
            #expect(names.contains(.downProjection) == !layers.contains(layer))
        }
    }

    @Test
    func defaultsAreThoseOfTransformers() throws {
        let mixtral = try ModelConfiguration(json: Self.json("mixtral", [:]))
        #expect(mixtral.experts?.count == 8 && mixtral.experts?.activeCount == 2)
        #expect(mixtral.experts?.normalizesWeights == true)
        let qwen = try ModelConfiguration(json: Self.json("qwen3_moe", [:]))
        #expect(qwen.experts?.count == 128 && qwen.experts?.activeCount == 8)
        #expect(qwen.experts?.normalizesWeights == false && qwen.experts?.intermediateSize == 768)
    }

    @Test
    func namesAreThoseOfCheckpoints() throws {
        let mixtral = try ModelConfiguration(
            json: Self.json("mixtral", ["num_local_experts": 2])
        )
        #expect(
            mixtral.linears(inLayer: 3).suffix(6).map { $0.path(layer: 3) }
                == ["0.w1", "0.w3", "1.w1", "1.w3", "0.w2", "1.w2"].map {
                    "model.layers.3.block_sparse_moe.experts." + $0
                }
        )
        let qwen = try ModelConfiguration(json: Self.json("qwen3_moe", ["num_experts": 8]))
        #expect(
            qwen.linears(inLayer: 0).last?.path(layer: 0)
                == "model.layers.0.mlp.experts.7.down_proj"
        )
        #expect(qwen.experts?.routerPath(layer: 2) == "model.layers.2.mlp.gate")
    }

    @Test(
        arguments: [
            (
                "mixtral", "num_experts_per_tok", 9,
                "\"num_experts_per_tok\" in config.json is 9, expected a whole number in 1...8"
            ),
            (
                "mixtral", "num_local_experts", 0,
                "\"num_local_experts\" in config.json is 0, expected a whole number in 1...4096"
            ),
            (
                "qwen3_moe", "mlp_only_layers", [6],
                "\"mlp_only_layers\" in config.json is an array, expected numbers of layers, below 6"
            ),
            (
                "qwen3_moe", "mlp_only_layers", 1,
                "\"mlp_only_layers\" in config.json is 1, expected numbers of layers, below 6"
            ),
            (
                "qwen3_moe", "decoder_sparse_step", 0,
                "\"decoder_sparse_step\" in config.json is 0, expected a whole number in 1...4096"
            ),
            (
                "qwen3_moe", "norm_topk_prob", 1,
                "\"norm_topk_prob\" in config.json is 1, expected true or false"
            ),
            (
                "llama", "num_local_experts", 8,
                "\"num_local_experts\" in config.json is 8, which is not supported (only null is)"
            ),
        ] as [(String, String, JSON, String)]
    )
    func refused(family: String, key: String, value: JSON, message: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try ModelConfiguration(json: Self.json(family, [key: value]))
        }
        #expect(error?.description == message)
    }

    @Test
    func countsThatContradictEachOtherAreRefused() {
        #expect(
            throws: ConfigurationError.invalid(
                key: "num_experts",
                found: "16",
                expected: "as in num_local_experts (32)"
            )
        ) {
            try ModelConfiguration(
                json: Self.json("qwen3_moe", ["num_local_experts": 32, "num_experts": 16])
            )
        }
    }
}
