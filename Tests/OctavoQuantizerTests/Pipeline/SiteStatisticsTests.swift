import OctavoBase
import OctavoModel
import OctavoNumerics
@testable import OctavoQuantizer
import OctavoTestSupport
import Testing

/// What a linear should be when its inputs are not what they were.
@Suite
struct SiteStatisticsTests {
    /// A block of 8 inputs and outputs everywhere, so that every site has the same widths.
    private static func configuration() throws -> ModelConfiguration {
        try ModelConfiguration(
            json: .object([
                "model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 8,
                "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
                "num_key_value_heads": 2, "head_dim": 4, "vocab_size": 16,
                "max_position_embeddings": 64, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
                "hidden_act": "silu", "tie_word_embeddings": true, "bos_token_id": 0,
                "eos_token_id": 1,
            ])
        )
    }

    /// Where the inputs `x` that reach a linear differ from the original's `A x`, the weights that give
    /// the original's outputs are `W A`; where outputs `B x` are missing from the stream, they are `B`.
    @Test(arguments: InputSite.allCases)
    func findsTheWeightsThatUndoTheError(site: InputSite) throws {
        var generator = SeededGenerator(seed: 3)
        let x = randomMatrix(4096, 8, &generator)
        let map = randomMatrix(8, 8, &generator)
        let weight = randomMatrix(8, 8, &generator)
        var statistics = SiteStatistics(site, in: try Self.configuration(), hasTargets: true)
        try statistics.add(x, target: product(x, transposed: false, map, transposed: true))
        let found = try statistics.targetWeights(weight, statistics.metric(groupSize: 4))
        let expected =
            [.attentionOutput, .feedForwardOutput].contains(site) ? map : product(weight, map)
        var error = found
        add(expected, times: -1, to: &error)
        var whole = expected
        add(weight, times: -1, to: &whole)
        // Shrinkage of 0.02 and damping of 0.01, on inputs that are nearly white, leave three
        // percent of the way undone.
        #expect(dot(error, error).squareRoot() < 0.05 * dot(whole, whole).squareRoot())
    }

    @Test(arguments: InputSite.allCases)
    func keepsWeightsThatHaveNothingToUndo(site: InputSite) throws {
        var generator = SeededGenerator(seed: 4)
        let x = randomMatrix(512, 8, &generator)
        let weight = randomMatrix(8, 8, &generator)
        let configuration = try Self.configuration()
        var plain = SiteStatistics(site, in: configuration, hasTargets: false)
        try plain.add(x, target: nil)
        let metric = try plain.metric(groupSize: 4)
        #expect(try plain.targetWeights(weight, metric) == weight)

        var exact = SiteStatistics(site, in: configuration, hasTargets: true)
        let output = product(x, transposed: false, weight, transposed: true)
        try exact.add(x, target: site.fitsStream(in: configuration) ? output : x)
        let found = try exact.targetWeights(weight, metric)
        var change = found
        add(weight, times: -1, to: &change)
        // The two means are sums of the same products in another order.
        #expect(dot(change, change) < 1e-9 * dot(weight, weight))
    }

    /// Behind a linear whose output is normed before it is added, the stream does not say how long the
    /// output should be.
    @Test
    func normedOutputsAreNotFittedToTheStream() throws {
        var config = try #require(TinyModel.small.config.object)
        config["model_type"] = "olmo2"
        let normed = try ModelConfiguration(json: .object(config))
        let plain = try Self.configuration()
        #expect(
            InputSite.allCases.map { $0.fitsStream(in: normed) } == [false, false, false, false]
        )
        #expect(InputSite.allCases.map { $0.fitsStream(in: plain) } == [false, true, false, true])
    }

    @Test
    func refusesTargetsThatAreNotNumbers() throws {
        var statistics = SiteStatistics(
            .attentionOutput,
            in: try Self.configuration(),
            hasTargets: true
        )
        var generator = SeededGenerator(seed: 5)
        let x = randomMatrix(64, 8, &generator)
        var target = x
        target[7, 3] = .nan
        try statistics.add(x, target: target)
        let metric = try statistics.metric(groupSize: 4)
        let weight = randomMatrix(8, 8, &generator)
        #expect(throws: QuantizationError.notFinite(.activations)) {
            try statistics.targetWeights(weight, metric)
        }
    }
}
