import OctavoModel
import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite("Memory and work are known before a run")
struct MemoryPlanTests {
    private let quantizer: ModelQuantizer

    init() throws {
        let configuration = try ModelConfiguration(json: TinyModel().config)
        quantizer = ModelQuantizer(
            configuration: configuration,
            scheme: try #require(Scheme("2x8g8")),
            options: LayerQuantizerOptions(),
            threads: 2
        )
    }

    /// Of width 64 and 128: the two streams and the site's input, four bytes each.
    @Test
    func activationsTakeWhatTheyTake() {
        let plan = quantizer.memoryPlan(tokens: 1000, sequenceLength: 64)
        #expect(plan.activationBytes == 1000 * 4 * (64 + 64 + 128))
        #expect(plan.keepsActivationsInMemory)
        var plain = quantizer
        plain.targets = .weights
        #expect(
            plain.memoryPlan(tokens: 1000, sequenceLength: 64).activationBytes == 1000 * 4
                * (64 + 128)
        )
        var tuning = quantizer
        tuning.tuning = BlockTuningOptions()
        #expect(
            tuning.memoryPlan(tokens: 1000, sequenceLength: 64).activationBytes == 1000 * 4
                * (64 + 64 + 128 + 64)
        )
    }

    @Test
    func activationsThatDoNotFitGoToDisk() {
        let tokens = 1_000_000
        let whole = quantizer.memoryPlan(tokens: tokens, sequenceLength: 64)
        #expect(
            quantizer.memoryPlan(tokens: tokens, sequenceLength: 64, budget: whole.total) == whole
        )
        let tight = quantizer.memoryPlan(
            tokens: tokens,
            sequenceLength: 64,
            budget: whole.total - 1
        )
        #expect(!tight.keepsActivationsInMemory)
        #expect(tight.activationBytes == whole.activationBytes)
        #expect(tight.total == whole.total - whole.activationBytes)
        // The plan is what it is, however small the budget.
        #expect(quantizer.memoryPlan(tokens: tokens, sequenceLength: 64, budget: 1) == tight)
    }

    /// Text is written before the run: the larger of the two counts, not their sum.
    @Test
    func preparationCountsByItself() {
        let plan = quantizer.memoryPlan(tokens: 1000, sequenceLength: 64)
        let small = MemoryPlan.Part(name: "text", bytes: 1000)
        #expect(
            quantizer.memoryPlan(tokens: 1000, sequenceLength: 64, preparations: [small]) == plan
        )
        let most = MemoryPlan.Part(name: "embedding", bytes: 10_000_000_000)
        let large = quantizer.memoryPlan(
            tokens: 1000,
            sequenceLength: 64,
            preparations: [small, most]
        )
        #expect(large.parts.contains(most))
        #expect(large.total < plan.total + 10_000_000_000)
    }

    /// A batch holds whole sequences, however long.
    @Test
    func longSequencesTakeMore() {
        let short = quantizer.memoryPlan(tokens: 100_000, sequenceLength: 64)
        let long = quantizer.memoryPlan(tokens: 100_000, sequenceLength: 50_000)
        // The streams of 50 000 tokens at least, once more than what is kept of them.
        #expect(long.total > short.total + 49_000 * 4 * (64 + 128))
    }

    @Test
    func wideModelsTakeMore() {
        var wide = quantizer
        wide.configuration.hiddenSize *= 64
        wide.configuration.intermediateSize *= 64
        #expect(
            wide.memoryPlan(tokens: 64, sequenceLength: 64).total
                > quantizer.memoryPlan(tokens: 64, sequenceLength: 64).total
        )
        // Two blocks of weights at least: q, k, v, o of width 4096 on heads of 64 in all, and three of 8192.
        let weights = 4096 * (64 + 32 + 32 + 64) + 3 * 4096 * 8192
        #expect(wide.memoryPlan(tokens: 64, sequenceLength: 64).total > 2 * 4 * weights)
    }

    /// Two blocks of q and o with 64 times 64 weights, k and v with half of that, and three of 64 times 128.
    @Test
    func workIsCounted() {
        var quantizer = quantizer
        quantizer.targets = .weights
        let block: Double = 2 * 64 * 64 + 2 * 32 * 64 + 3 * 64 * 128
        let pass = 300 * 2 * (2 * block) * 4 / 3
        // A pass with a third on top, and triangles of three sites 64 wide and one 128.
        let moments: Double = 300 * 2 * (3 * 64 * 64 + 128 * 128)
        let plain = quantizer.costPlan(tokens: 300, effort: .standard)
        #expect(abs(plain.passes - (pass + moments)) < 1)
        #expect(plain.tuning == 0)
        #expect(plain.quantizing > 0)
        #expect(quantizer.costPlan(tokens: 300, effort: .max).quantizing > plain.quantizing)

        // To undo errors, directions of inputs are found: cubes of the same widths, in both blocks. Weights 64 x 64
        // and 64 x 128, of what adds to the stream, meet the moments of two halves.
        var undoing = quantizer
        undoing.targets = .original
        let undone = undoing.costPlan(tokens: 300, effort: .standard)
        let made: Double = 2 * 4 * 64 * (64 * 64 + 128 * 128)
        let more = undone.quantizing - plain.quantizing
        #expect(abs(more - made - 2 * 55 * (3 * 262_144 + 2_097_152)) < 1)
        // The original has a pass of its own, and what is lacking is 64 wide everywhere.
        let lacking: Double = 300 * 2 * 2 * 64 * (3 * 64 + 128)
        #expect(abs(undone.passes - plain.passes - pass - lacking) < 1)

        var tuning = quantizer
        var options = BlockTuningOptions()
        options.epochs = 5
        tuning.tuning = options
        let tuned = tuning.costPlan(tokens: 300, effort: .standard)
        #expect(abs(tuned.tuning - 5 * 3 * pass) < 1)

        // What keeps its weights costs nothing but its passes.
        var partial = quantizer
        partial.unquantized = ["model.layers.0.mlp.down_proj", "model.layers.1.mlp.down_proj"]
        let rest = partial.costPlan(tokens: 300, effort: .standard)
        #expect(rest.passes == plain.passes)
        #expect(rest.quantizing < plain.quantizing)
    }

    @Test("a slice and a block by themselves take less than the whole run")
    func tasksTakeLess() {
        var quantizer = quantizer
        quantizer.targets = .independent
        quantizer.configuration.hiddenSize = 2048
        quantizer.configuration.intermediateSize = 8192
        let whole = quantizer.memoryPlan(tokens: 4096, sequenceLength: 64)
        let slice = quantizer.slicePlan(tokens: 512, sequenceLength: 64, budget: 1 << 40)
        #expect(slice.total < whole.total)
        #expect(quantizer.blockTaskBytes < whole.total + 8192 * 8192 * 8)
        // At least the block's weights and the sum of the widest input's moments.
        let weights = 2048 * (64 + 32 + 32 + 64) + 3 * 2048 * 8192
        #expect(slice.total > 4 * weights + 8 * 8192 * 8192)
        #expect(quantizer.blockTaskBytes > 4 * weights + 8 * 8192 * 8192)
        #expect(quantizer.probeBytes > 4 * weights)
        // Streams of the original alone are kept.
        #expect(whole.activations == [.original: 2048])
    }
}
