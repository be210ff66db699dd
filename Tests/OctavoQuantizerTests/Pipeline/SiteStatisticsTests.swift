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
    /// the original's outputs are `W A`; where the stream lacks outputs `B x`, they are `B`.
    @Test(arguments: InputSite.allCases)
    func findsTheWeightsThatUndoTheError(site: InputSite) throws {
        var generator = SeededGenerator(seed: 3)
        let x = randomMatrix(4096, 8, &generator)
        let map = randomMatrix(8, 8, &generator)
        let weight = randomMatrix(8, 8, &generator)
        var statistics = SiteStatistics(site, in: try Self.configuration(), hasTargets: true)
        var lack = product(x, transposed: false, map, transposed: true)
        if !statistics.fitsStream { add(x, times: -1, to: &lack) }
        try statistics.add(x, lack: lack)
        let found = try statistics.targetWeights(weight, statistics.recovery())
        let expected =
            [.attentionOutput, .feedForwardOutput].contains(site) ? map : product(weight, map)
        var error = found
        add(expected, times: -1, to: &error)
        var whole = expected
        add(weight, times: -1, to: &whole)
        // Damping of 0.02, on inputs that are nearly white, leaves two percent of the way undone.
        #expect(dot(error, error).squareRoot() < 0.05 * dot(whole, whole).squareRoot())
    }

    @Test(arguments: InputSite.allCases)
    func keepsWeightsThatHaveNothingToUndo(site: InputSite) throws {
        var generator = SeededGenerator(seed: 4)
        let x = randomMatrix(512, 8, &generator)
        let weight = randomMatrix(8, 8, &generator)
        let configuration = try Self.configuration()
        var plain = SiteStatistics(site, in: configuration, hasTargets: false)
        try plain.add(x, lack: nil)
        #expect(try plain.targetWeights(weight, plain.recovery()) == weight)

        var exact = SiteStatistics(site, in: configuration, hasTargets: true)
        // What the stream lacks is what the weights give it.
        let given = product(x, transposed: false, weight, transposed: true)
        let none = Matrix(rows: 512, columns: 8)
        try exact.add(x, lack: exact.fitsStream ? given : none)
        let found = try exact.targetWeights(weight, exact.recovery())
        guard exact.fitsStream else {
            #expect(found == weight)
            return
        }
        // Sums of 512 floats in two orders.
        var error = found
        add(weight, times: -1, to: &error)
        #expect(dot(error, error).squareRoot() < 1e-5 * dot(weight, weight).squareRoot())
    }

    /// One token leaves a half of the text empty.
    @Test(arguments: InputSite.allCases)
    func oneTokenIsEnough(site: InputSite) throws {
        var statistics = SiteStatistics(site, in: try Self.configuration(), hasTargets: true)
        var generator = SeededGenerator(seed: 8)
        let weight = randomMatrix(8, 8, &generator)
        let x = randomMatrix(1, 8, &generator)
        try statistics.add(x, lack: x)
        #expect(try statistics.targetWeights(weight, statistics.recovery()) == weight)
    }

    /// What is lacking by chance alone, with inputs that have nothing to do with it, must not be learned:
    /// a regression would take up `inputs / tokens` of its energy.
    @Test(arguments: InputSite.allCases)
    func leavesChanceAlone(site: InputSite) throws {
        var generator = SeededGenerator(seed: 6)
        let tokens = 256
        let x = randomMatrix(tokens, 8, &generator)
        let noise = randomMatrix(tokens, 8, &generator)
        var weight = Matrix(rows: 8, columns: 8)
        for i in 0..<8 { weight[i, i] = 1 }
        var statistics = SiteStatistics(site, in: try Self.configuration(), hasTargets: true)
        var lack = noise
        // Besides what the weights, which are one, give the stream.
        if statistics.fitsStream { add(x, times: 1, to: &lack) }
        try statistics.add(x, lack: lack)
        var change = try statistics.targetWeights(weight, statistics.recovery())
        add(weight, times: -1, to: &change)
        // The regression itself, with white inputs of the variance that the generator gives.
        let variance = dot(x, x) / Double(x.elements.count)
        var regression = product(noise, transposed: true, x)
        regression.scale(by: Float(1 / (variance * Double(tokens))))
        // Halves agree by chance: over 8 outputs the share of it left is about 0.2, 0.35 at most.
        #expect(dot(change, change) < 0.35 * dot(regression, regression))
    }

    /// A change that both halves of the text show is kept in the directions that show it, and chance in
    /// others is not taken with it.
    @Test
    func tellsWhatIsThereFromChance() throws {
        var generator = SeededGenerator(seed: 7)
        let (width, tokens) = (64, 1024)
        let x = randomMatrix(tokens, width, &generator)
        var map = Matrix(rows: width, columns: width)
        for row in 0..<width { for k in 0..<4 { map[row, k] = row % 2 == k % 2 ? 0.5 : -0.5 } }
        var lack = randomMatrix(tokens, width, deviation: 2, &generator)
        add(product(x, transposed: false, map, transposed: true), times: 1, to: &lack)
        let half = tokens / 2
        func moments(_ rows: Range<Int>) -> Matrix {
            var mean = product(lack.rows(rows), transposed: true, x.rows(rows))
            mean.scale(by: 1 / Float(half))
            return mean
        }
        // The true moments, so that directions are those of the inputs themselves.
        var hessian = Matrix(rows: width, columns: width)
        let variance = Float(dot(x, x) / Double(x.elements.count))
        for i in 0..<width { hessian[i, i] = variance }
        let recovery = try Recovery(hessian: hessian)
        var change = recovery.change(moments(0..<half), moments(half..<tokens))
        add(map, times: -1, to: &change)
        var regression = moments(0..<half)
        add(moments(half..<tokens), times: 1, to: &regression)
        regression.scale(by: 0.5 / variance)
        add(map, times: -1, to: &regression)
        // 60 of 64 directions are chance.
        #expect(dot(change, change) < 0.2 * dot(regression, regression))
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
        var lack = x
        lack[7, 3] = .nan
        try statistics.add(x, lack: lack)
        let recovery = try statistics.recovery()
        let weight = randomMatrix(8, 8, &generator)
        #expect(throws: QuantizationError.notFinite(.activations)) {
            try statistics.targetWeights(weight, recovery)
        }
    }
}
