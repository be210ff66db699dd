import OctavoBase
import OctavoModel
import OctavoNumerics
@testable import OctavoQuantizer
import OctavoTestSupport
import Synchronization
import Testing

/// That slices and blocks of several processes give the bytes of one is tested on whole processes.
///
/// Tests beside this one change how many threads BLAS has, and with it last bits.
@Suite("Blocks that do not wait for one another")
struct IndependentTests {
    private func quantizer(_ source: TinySource) throws -> ModelQuantizer {
        var quantizer = ModelQuantizer(
            configuration: source.configuration,
            scheme: try #require(Scheme("1x4g4")),
            options: LayerQuantizerOptions(effort: .quick),
            threads: 1
        )
        quantizer.targets = .independent
        quantizer.batchTokens = 64
        return quantizer
    }

    /// Moments of a block's inputs, computed by hand from the original's own forward pass.
    @Test("moments are those of the original's inputs, slice by slice")
    func sumsInputs() throws {
        let source = try TinySource(.small)
        let quantizer = try quantizer(source)
        let sequences = source.sequences(8, length: 32)
        let block = try DecoderBlock(
            configuration: source.configuration,
            layer: 0,
            from: source
        )
        let ends = try ModelEnds(configuration: source.configuration, from: source)
        for slice in quantizer.slices(of: sequences) {
            var found: [BlockInput: InputMoments] = [:]
            let collected = Collector()
            try quantizer.passSlice(
                slice,
                of: sequences,
                source: source,
                storage: ActivationMemory()
            ) { block, input, moments in
                if block == 0 { collected.moments[input] = moments }
            }
            found = collected.moments
            #expect(Set(found.keys) == Set(InputSite.allCases.map { BlockInput($0) }))
            let moments = try #require(found[BlockInput(.attentionInput)])
            // Two sequences make a batch.
            let text = sequences[2 * slice.lowerBound..<2 * slice.upperBound]
            let width = source.configuration.hiddenSize
            var sums = [Double](repeating: 0, count: width * (width + 1) / 2)
            for tokens in text {
                let x = try block.attentionInput(ends.embed(tokens), Execution())
                for token in 0..<x.rows {
                    var next = 0
                    for row in 0..<width {
                        for column in 0...row {
                            sums[next] += Double(x[token, row]) * Double(x[token, column])
                            next += 1
                        }
                    }
                }
            }
            #expect(moments.tokens == text.count * 32)
            // Sums of 64 products in single precision each.
            #expect(relativeDistance(moments.triangle, from: sums.map(Float.init)) < 1e-4)
        }
    }

    @Test("slices take all batches, none twice", arguments: [1, 2, 3, 4, 7, 100])
    func slicesCover(count: Int) throws {
        let source = try TinySource(.small)
        var quantizer = try quantizer(source)
        quantizer.sliceCount = count
        let slices = quantizer.slices(of: source.sequences(8, length: 32))
        #expect(slices.count == min(count, 4))
        #expect(slices.flatMap { Array($0) } == Array(0..<4))
    }

    @Test("a block needs moments alone, and no other block")
    func quantizesABlock() throws {
        let source = try TinySource(.small)
        let quantizer = try quantizer(source)
        let sequences = source.sequences(8, length: 32)
        let collected = Collector()
        for slice in quantizer.slices(of: sequences) {
            try quantizer.passSlice(
                slice,
                of: sequences,
                source: source,
                storage: ActivationMemory()
            ) { block, input, moments in
                guard block == 1 else { return }
                var sum = collected.sums[input] ?? MomentSum(inputs: moments.inputs)
                try sum.add(moments)
                collected.sums[input] = sum
            }
        }
        let journal = MemoryJournal()
        try quantizer.quantizeBlock(1, source: source, journal: journal) { input in
            try #require(collected.sums[input])
        }
        #expect(journal.linears.count == 7)
        #expect(journal.linears.keys.allSatisfy { $0.hasPrefix("model.layers.1.") })
        let whole = MemoryJournal()
        try quantizer.run(
            source: source,
            sequences: sequences,
            storage: ActivationMemory(),
            journal: whole
        )
        #expect(whole.linears.count == 14)
        for (path, linear) in journal.linears {
            let other = try #require(whole.linears[path])
            // Last bits may choose other codes, and these others behind them.
            #expect(abs(linear.relativeLoss - other.relativeLoss) < 0.2 * other.relativeLoss)
        }
    }

    @Test("text passes no block behind the last one with a linear to quantize")
    func stopsEarly() throws {
        let source = try TinySource(.small)
        var quantizer = try quantizer(source)
        quantizer.unquantized = Set(
            source.configuration.linears(inLayer: 1).map { $0.path(layer: 1) }
        )
        let blocks = Mutex<[Int]>([])
        let journal = MemoryJournal()
        try quantizer.run(
            source: source,
            sequences: source.sequences(2, length: 32),
            storage: ActivationMemory(),
            journal: journal
        ) { event in
            if case .block(let index, let errors) = event {
                blocks.withLock { $0.append(index) }
                #expect(errors == BlockErrors())
            }
        }
        #expect(blocks.withLock { $0 } == [0])
        #expect(journal.linears.count == 7)
    }

    @Test("what stands in for an expert's tokens counts only where there are none")
    func substitutes() throws {
        func slice(_ value: Float, _ tokens: Int, isSubstitute: Bool) -> InputMoments {
            InputMoments(
                inputs: 1,
                tokens: tokens,
                triangle: [value],
                isSubstitute: isSubstitute
            )
        }
        var sum = MomentSum(inputs: 1)
        try sum.add(slice(100, 10, isSubstitute: true))
        try sum.add(slice(200, 10, isSubstitute: true))
        #expect(sum.passing == 0)
        #expect(try sum.sum.mean()[0, 0] == 15)
        try sum.add(slice(6, 2, isSubstitute: false))
        try sum.add(slice(300, 10, isSubstitute: true))
        try sum.add(slice(8, 2, isSubstitute: false))
        #expect(sum.passing == 4)
        #expect(try sum.sum.mean()[0, 0] == 3.5)
        #expect(throws: QuantizationError.self) {
            try sum.add(InputMoments(inputs: 2, tokens: 1, triangle: [1, 2, 3]))
        }
    }

    /// What was summed and rounded comes back as it was, in its place.
    @Test
    func trianglesAreAdded() throws {
        var generator = SeededGenerator(seed: 3)
        let x = randomMatrix(40, 6, &generator)
        var whole = HessianAccumulator(inputs: 6)
        try whole.add(x)
        var again = HessianAccumulator(inputs: 6)
        try again.add(whole.moments)
        #expect(again.tokens == 40)
        let (a, b) = (try whole.mean(shrinkage: 0), try again.mean(shrinkage: 0))
        // A number is rounded once more.
        for (a, b) in zip(a.elements, b.elements) { #expect(abs(a - b) <= 1e-6 * abs(a)) }
        #expect(again.moments == whole.moments)
    }

    /// Of three experts none gets a token of the third: all tokens of every slice stand in for them.
    @Test("experts without tokens are fitted to all, and told of")
    func experts() throws {
        var model = TinyModel.small
        model.experts = 3
        model.change = { tensors in
            for layer in 0..<2 {
                let name = "model.layers.\(layer).block_sparse_moe.gate.weight"
                guard let (shape, values) = tensors[name] else { continue }
                let row = values.prefix(shape[1])
                tensors[name] = (shape, row + row.map { -$0 } + row.map { _ in Float(0) })
            }
        }
        let source = try TinySource(model)
        let told = Mutex<[ExpertUse]>([])
        let journal = MemoryJournal()
        var quantizer = try quantizer(source)
        // As many entries as the layers have groups: what is left is rounding to halves.
        quantizer.scheme = try #require(Scheme("1x8g8"))
        quantizer.options = LayerQuantizerOptions()
        try quantizer.run(
            source: source,
            sequences: source.sequences(8, length: 32),
            storage: ActivationMemory(),
            journal: journal
        ) { event in
            if case .rareExpert(let use) = event { told.withLock { $0.append(use) } }
        }
        #expect(journal.linears.count == 2 * (4 + 3 * 3))
        let unused = told.withLock { $0 }.filter { $0.expert == 2 }
        #expect(unused == (0..<2).map { ExpertUse(block: $0, expert: 2, tokens: 0, inputs: 64) })
        for linear in journal.linears.values { #expect(linear.relativeLoss < 1e-3) }
    }
}

/// Keeps what a pass gives.
private final class Collector {
    var moments: [BlockInput: InputMoments] = [:]
    var sums: [BlockInput: MomentSum] = [:]
}
