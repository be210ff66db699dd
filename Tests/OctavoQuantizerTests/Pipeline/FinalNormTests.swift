import Glibc
import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import OctavoTestSupport
import Testing

@Suite("The final norm is fitted to the original's predictions")
struct FinalNormTests {
    private let source: TinySource
    private let quantizer: ModelQuantizer

    init() throws {
        source = try TinySource(.small)
        quantizer = ModelQuantizer(
            configuration: source.configuration,
            scheme: try #require(Scheme("1x3g8")),
            options: LayerQuantizerOptions(effort: .quick),
            threads: 2
        )
    }

    private func run(_ quantizer: ModelQuantizer, sequences: Int) throws -> MemoryJournal {
        let journal = MemoryJournal()
        try quantizer.run(
            source: source,
            sequences: source.sequences(sequences, length: 64),
            storage: ActivationMemory(),
            journal: journal
        )
        return journal
    }

    /// The mean over tokens of KL(original ‖ model), by whole models.
    private func divergence(of model: TinySource, on text: [[Int]]) throws -> Double {
        let original = try LanguageModel(configuration: source.configuration, from: source)
        let model = try LanguageModel(configuration: source.configuration, from: model)
        var (sum, count) = (0.0, 0)
        for tokens in text {
            let (p, q) = (try original.logits(for: tokens), try model.logits(for: tokens))
            for row in 0..<tokens.count {
                let columns = 0..<p.columns
                func logarithms(_ scores: [Double]) -> [Double] {
                    let largest = scores.max() ?? 0
                    let whole = scores.reduce(0) { $0 + exp($1 - largest) }
                    return scores.map { $0 - largest - log(whole) }
                }
                let a = logarithms(columns.map { Double(p[row, $0]) })
                let b = logarithms(columns.map { Double(q[row, $0]) })
                sum += zip(a, b).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
                count += 1
            }
        }
        return sum / Double(count)
    }

    @Test("a model predicts better with it, on other text too, by what it says itself")
    func helps() throws {
        let journal = try run(quantizer, sequences: 160)
        let norm = try #require(journal.finalNorm())
        #expect(norm.divergenceAfter < norm.divergenceBefore)
        #expect(norm.weights.allSatisfy { Half.widen(Half.narrow($0)) == $0 })

        let other = source.sequences(40, length: 64, seed: 9)
        let without = MemoryJournal(journal.linears)
        let before = try divergence(of: source.folded(without), on: other)
        let after = try divergence(of: source.folded(journal), on: other)
        #expect(after < before)
        // The tokens are random, so text that was held out is like any other: 1024 and 2560 tokens, whose
        // means differ by chance alone.
        #expect(abs(before - Double(norm.divergenceBefore)) < 0.15 * before)
        #expect(abs(after - Double(norm.divergenceAfter)) < 0.15 * after)
    }

    @Test("what a journal has is not fitted again")
    func isKept() throws {
        let done = try run(quantizer, sequences: 160)
        let kept = FinalNorm(
            weights: [Float](repeating: 2, count: source.configuration.hiddenSize),
            divergenceBefore: 3,
            divergenceAfter: 1
        )
        let journal = MemoryJournal(done.linears)
        try journal.keep(kept)
        try quantizer.run(
            source: source,
            sequences: source.sequences(160, length: 64),
            storage: ActivationMemory(),
            journal: journal
        )
        #expect(journal.finalNorm() == kept)
    }

    @Test("a short text, and targets without the original's stream, leave it as it is")
    func isLeft() throws {
        #expect(try run(quantizer, sequences: 63).finalNorm() == nil)
        var plain = quantizer
        plain.targets = .weights
        #expect(try run(plain, sequences: 160).finalNorm() == nil)
    }
}
