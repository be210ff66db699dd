import OctavoBase
import OctavoModel
import OctavoNumerics
@testable import OctavoQuantizer
import OctavoTestSupport
import Synchronization
import Testing

@Suite("Experts are fitted to the tokens that pass them")
struct ExpertFittingTests {
    /// Three experts of which each token passes one.
    ///
    /// The router's rows are some vector, its opposite and
    /// zero: one of the first two scores is above zero, so no token passes the third.
    private static func source() throws -> TinySource {
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
        return try TinySource(model)
    }

    private func run(
        _ source: TinySource,
        sequences: Int,
        _ scheme: String,
        targets: QuantizationTargets = .original
    ) throws -> (journal: MemoryJournal, told: [ExpertUse], errors: [BlockErrors]) {
        var quantizer = ModelQuantizer(
            configuration: source.configuration,
            scheme: try #require(Scheme(scheme)),
            options: LayerQuantizerOptions(),
            threads: 2
        )
        quantizer.targets = targets
        let told = Mutex<(uses: [ExpertUse], errors: [BlockErrors])>(([], []))
        let journal = MemoryJournal()
        try quantizer.run(
            source: source,
            sequences: source.sequences(sequences, length: 32),
            storage: ActivationMemory(),
            journal: journal
        ) { event in
            switch event {
            case .rareExpert(let use): told.withLock { $0.uses.append(use) }
            case .block(_, let errors): told.withLock { $0.errors.append(errors) }
            default: break
            }
        }
        return told.withLock { (journal, $0.uses, $0.errors) }
    }

    @Test("an expert that no token passes is fitted to all of them, and told of")
    func unusedExperts() throws {
        let source = try Self.source()
        let (journal, told, errors) = try run(source, sequences: 12, "1x8g8")
        #expect(journal.linears.count == 2 * (4 + 3 * 3))
        #expect(
            told == (0..<2).map { ExpertUse(block: $0, expert: 2, tokens: 0, inputs: 64) }
        )
        #expect(errors.compactMap(\.quantized).count == 2)
        // As many entries as the layers have groups: what is left is rounding to halves.
        for error in errors.compactMap(\.quantized) { #expect(error < 1e-3) }
        for linear in journal.linears.values { #expect(linear.relativeLoss < 1e-3) }
    }

    @Test("experts that few tokens pass are told of with their number")
    func rareExperts() throws {
        let (journal, told, _) = try run(Self.source(), sequences: 1, "2x4g8")
        #expect(journal.linears.count == 2 * (4 + 3 * 3))
        #expect(told.map(\.expert) == [0, 1, 2, 0, 1, 2])
        // A token passes one expert.
        for block in 0..<2 {
            #expect(told.filter { $0.block == block }.reduce(0) { $0 + $1.tokens } == 32)
        }
        for linear in journal.linears.values {
            #expect(linear.layer.dequantized().elements.allSatisfy { $0.isFinite })
        }
    }

    @Test("the original weights may be the targets")
    func weightsAsTargets() throws {
        let (journal, _, errors) = try run(Self.source(), sequences: 12, "2x4g8", targets: .weights)
        #expect(journal.linears.count == 2 * (4 + 3 * 3))
        #expect(errors.map(\.quantized) == [nil, nil])
    }
}
