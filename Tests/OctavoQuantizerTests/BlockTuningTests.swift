import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import OctavoTestSupport
import Testing

/// Random weights of one block with biases, by the names that a block asks for.
private struct RandomWeights: WeightSource {
    let configuration: ModelConfiguration

    init() throws {
        var config = try #require(TinyModel.small.config.object)
        config["attention_bias"] = true
        config["mlp_bias"] = true
        configuration = try ModelConfiguration(json: .object(config))
    }

    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        var generator = SeededGenerator(
            seed: 1,
            stream: UInt64(name.utf8.reduce(0) { $0 + Int($1) })
        )
        for linear in configuration.linears(inLayer: 0) where name.hasPrefix(linear.path(layer: 0))
        {
            let (outputs, inputs) = linear.shape(in: configuration)
            return name.hasSuffix(".bias")
                ? ([outputs], randomMatrix(1, outputs, deviation: 0.1, &generator).elements)
                : (
                    [outputs, inputs],
                    randomMatrix(outputs, inputs, deviation: 0.15, &generator).elements
                )
        }
        let width = configuration.hiddenSize
        let noise = randomMatrix(1, width, deviation: 0.1, &generator).elements
        return ([width], noise.map { 1 + $0 })
    }
}

/// A block, some of its linears in four bits a group, and batches of its own outputs.
private struct Sample {
    let original: DecoderBlock
    var block: DecoderBlock
    var layers: [LinearName: AdditiveLayer] = [:]
    var batches: [BlockBatch]
    let rotary: RotaryTables

    init(_ names: [LinearName]? = nil) throws {
        let weights = try RandomWeights()
        let configuration = weights.configuration
        original = try DecoderBlock(configuration: configuration, layer: 0, from: weights)
        block = original
        let scheme = try #require(Scheme("1x4g8"))
        var generator = SeededGenerator(seed: 4)
        for name in names ?? configuration.linears(inLayer: 0) {
            let weight = original[name].weight
            let metric = try InputMetric(
                hessian: randomHessian(weight.columns, &generator),
                groupSize: 8
            )
            let layer = try quantize(weight: weight, metric: metric, scheme: scheme).layer
            layers[name] = layer
            block[name] = .dense(layer.dequantized())
        }
        rotary = configuration.rotaryTables(lengths: [9])
        batches = []
        for _ in 0..<10 {
            let layout = BatchLayout(lengths: [9, 1, 6])
            let input = randomMatrix(16, configuration.hiddenSize, &generator)
            var target = input
            original.forward(&target, layout: layout, rotary: rotary, Execution())
            batches.append(BlockBatch(input: input, target: target, layout: layout))
        }
    }

    func tuned(
        threads: Int = 2,
        _ change: (inout BlockTuningOptions) -> Void = { _ in }
    ) throws -> TunedBlock {
        var options = BlockTuningOptions()
        options.learningRate = 0.01
        change(&options)
        return try tuneBlock(
            block,
            layers: layers,
            batches: batches.count,
            options: options,
            rotary: rotary,
            execution: Execution(threads: threads)
        ) { batches[$0] }
    }

    /// The relative loss of a block on a batch, by its definition.
    func loss(of block: DecoderBlock, batch: Int, _ weighting: BlockTuningOptions.Weighting)
        -> Double
    {
        let batch = batches[batch]
        var output = batch.input
        block.forward(&output, layout: batch.layout, rotary: rotary, Execution())
        var (error, signal) = (0.0, 0.0)
        for row in 0..<output.rows {
            var (e, s) = (0.0, 0.0)
            for column in 0..<output.columns {
                let target = Double(batch.target[row, column])
                e += (Double(output[row, column]) - target) * (Double(output[row, column]) - target)
                s += target * target
            }
            switch weighting {
            case .uniform: (error, signal) = (error + e, signal + s)
            case .relative: (error, signal) = (error + e / s, signal + 1)
            }
        }
        return error / signal
    }
}

@Suite
struct BlockTuningTests {
    @Test(arguments: [BlockTuningOptions.Weighting.uniform, .relative])
    func lossFallsAndCodesStay(weighting: BlockTuningOptions.Weighting) throws {
        let sample = try Sample()
        let tuned = try sample.tuned {
            $0.weighting = weighting
            $0.epochs = 12
        }
        let report = tuned.report
        // Layers that were fitted one by one leave a fifth of the error to gain here.
        #expect(report.after < 0.85 * report.before)
        // It may end early, but not before it stops to gain.
        #expect((8...12).contains(report.epochs.count))
        // The last of ten batches is held out; losses are what their definition says.
        let before = sample.loss(of: sample.block, batch: 9, weighting)
        let after = sample.loss(of: tuned.block, batch: 9, weighting)
        #expect(abs(report.before - before) < 1e-5 * before)
        #expect(abs(report.after - after) < 1e-5 * after)

        #expect(Set(tuned.layers.keys) == Set(sample.original.configuration.linears(inLayer: 0)))
        var learned: [Float] = []
        for norm in [NormName.attentionInput, .feedForwardInput] {
            let weight = try #require(tuned.block[norm: norm])
            #expect(weight != sample.block[norm: norm])
            learned += weight
        }
        for (name, layer) in tuned.layers {
            let before = try #require(sample.layers[name])
            #expect(layer.codes == before.codes)
            #expect(layer.codebooks != before.codebooks && layer.scales != before.scales)
            #expect(tuned.block[name].weight == layer.dequantized())
            let bias = try #require(tuned.block[bias: name])
            #expect(bias != sample.block[bias: name])
            learned += layer.codebooks + layer.scales + bias
        }
        #expect(learned.allSatisfy { Half.widen(Half.narrow($0)) == $0 })
    }

    @Test
    func otherLinearsStay() throws {
        let sample = try Sample([.upProjection, .keyProjection])
        let tuned = try sample.tuned()
        #expect(tuned.report.after < tuned.report.before)
        #expect(Set(tuned.layers.keys) == [.upProjection, .keyProjection])
        for name in sample.original.configuration.linears(inLayer: 0)
        where tuned.layers[name] == nil {
            #expect(tuned.block[name].weight == sample.original[name].weight)
            #expect(tuned.block[bias: name] == sample.original[bias: name])
        }
    }

    @Test
    func dependsOnArgumentsAlone() throws {
        let sample = try Sample()
        let once = try sample.tuned { $0.epochs = 2 }
        for threads in [2, 1] {
            let again = try sample.tuned(threads: threads) { $0.epochs = 2 }
            #expect(again.layers == once.layers && again.report == once.report)
        }
        let other = try sample.tuned {
            $0.epochs = 2
            $0.seed = 1
        }
        #expect(other.layers != once.layers)
    }

    /// What does not help is not kept: a block that is right already, steps that are far too long,
    /// and no steps at all.
    @Test
    func neverWorse() throws {
        var sample = try Sample()
        for rate in [Float(1e30), 50] {
            let tuned = try sample.tuned { $0.learningRate = rate }
            #expect(tuned.layers == sample.layers && tuned.report.after == tuned.report.before)
        }
        let untouched = try sample.tuned { $0.epochs = 0 }
        #expect(untouched.layers == sample.layers && untouched.report.epochs.isEmpty)
        for index in sample.batches.indices {
            var output = sample.batches[index].input
            sample.block.forward(
                &output,
                layout: sample.batches[index].layout,
                rotary: sample.rotary,
                Execution(threads: 2)
            )
            sample.batches[index].target = output
        }
        let right = try sample.tuned()
        #expect(right.report.before < 1e-12 && right.layers == sample.layers)
    }

    /// A single batch is both learned from and judged by.
    @Test
    func oneBatch() throws {
        var sample = try Sample()
        sample.batches = [sample.batches[0]]
        let tuned = try sample.tuned { $0.epochs = 20 }
        #expect(tuned.report.after < 0.9 * tuned.report.before)
    }

    @Test
    func whatCannotBeIsNamed() throws {
        let good = try Sample()
        let width = good.original.configuration.hiddenSize
        func expect(_ error: BlockTuningError, _ spoil: (inout Sample) throws -> Void) throws {
            var sample = good
            try spoil(&sample)
            #expect(throws: error) { try sample.tuned() }
        }
        try expect(.noBatches) { $0.batches = [] }
        // Batch 9 is the first that is looked at, batch 3 one that is learned from.
        for batch in [9, 3] {
            try expect(.notFinite(.target, batch: batch)) {
                $0.batches[batch].target[2, 5] = .nan
            }
            try expect(.notFinite(.target, batch: batch)) {
                $0.batches[batch].target[2, 5] = .infinity
            }
            try expect(.notFinite(.input, batch: batch)) {
                $0.batches[batch].input[0, 0] = -.infinity
            }
            try expect(.shape(.target, batch: batch, found: [15, width], expected: [16, width])) {
                $0.batches[batch].target = Matrix(rows: 15, columns: width)
            }
            try expect(.shape(.input, batch: batch, found: [16, 1], expected: [16, width])) {
                $0.batches[batch].input = Matrix(rows: 16, columns: 1)
            }
            try expect(.tooLong(batch: batch, length: 16)) {
                $0.batches[batch].layout = BatchLayout(lengths: [16])
            }
        }
        try expect(.overflow) {
            $0.block[norm: .feedForwardInput] = [Float](repeating: 1e38, count: width)
        }
        let (outputs, inputs) = LinearName.upProjection.shape(in: good.original.configuration)
        try expect(
            .layerShape(
                .downProjection,
                found: [outputs, inputs],
                expected: [inputs, outputs]
            )
        ) { $0.layers[.downProjection] = $0.layers[.upProjection] }
    }
}
