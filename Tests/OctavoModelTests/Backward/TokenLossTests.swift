import Foundation
import OctavoModel
import OctavoNumerics
import Testing

/// Losses of some rows only, and of two kinds at once.
@Suite
struct TokenLossTests {
    private let folder: SafetensorsFolder
    private let model: LanguageModel
    private var tokens: [Int] { folder.tokens }
    private var layout: BatchLayout { BatchLayout(lengths: [tokens.count]) }

    init() throws {
        folder = try Fixture.family(try #require(Fixture.families.first))
        model = try LanguageModel(folder: folder)
    }

    /// Every third place has a successor to learn.
    private var rows: [Int] { Array(stride(from: 1, to: tokens.count - 1, by: 3)) }

    private func gradients(of loss: TokenLoss) throws -> (Double, [String: [Float]]) {
        let (value, gradients) = try model.gradients(of: loss, tokens: tokens, layout: layout)
        return (value, gradients.named(model.configuration))
    }

    /// The logarithms of probabilities in Double.
    private func logProbability(_ token: Int, _ row: Int, _ logits: Matrix) -> Double {
        let values = (0..<logits.columns).map { Double(logits[row, $0]) }
        let most = values.max() ?? 0
        return values[token] - most - log(values.reduce(0) { $0 + exp($1 - most) })
    }

    @Test("rows that do not count cost nothing and have no gradient")
    func someRows() throws {
        let some = TokenLoss.likelihood(of: rows.map { tokens[$0 + 1] }, weight: 0.25).at(
            rows: rows
        )
        let (value, found) = try gradients(of: some)
        let logits = try model.logits(for: tokens)
        let expected = rows.reduce(0.0) { $0 - 0.25 * logProbability(tokens[$1 + 1], $1, logits) }
        #expect(abs(value - expected) < 1e-5 * expected)
        // The same said by targets that are missing, which is compared with autograd elsewhere.
        let targets: [Int?] = tokens.indices.map { rows.contains($0) ? tokens[$0 + 1] : nil }
        let (same, others) = try gradients(of: .likelihood(of: targets, weight: 0.25))
        #expect(abs(same - value) < 1e-6 * value)
        #expect(Set(found.keys) == Set(others.keys))
        // Products of other shapes add in another order.
        for (name, values) in found {
            #expect(normDistance(values, (others[name] ?? []).map(Double.init)) < 1e-5, "\(name)")
        }
        let hidden = Matrix(rows: tokens.count, columns: model.configuration.hiddenSize)
        let atZero = model.ends.value(of: some, hidden, Execution())
        // Logits that are all zero give every token the same probability.
        let uniform = 0.25 * Double(rows.count) * log(Double(model.configuration.vocabularySize))
        #expect(abs(atZero - uniform) < 1e-5 * uniform)
    }

    @Test("a sum of losses has the sum of their values and gradients")
    func sums() throws {
        let logits = try model.logits(for: tokens)
        var teacher = logits
        for i in teacher.elements.indices where i % 3 == 0 { teacher.elements[i] *= 0.5 }
        let original = teacher
        func divergence(_ weight: Float) -> TokenLoss {
            .divergence(weight: weight) { range in
                Matrix(
                    rows: range.count,
                    columns: original.columns,
                    elements: Array(
                        original.elements[
                            range.lowerBound * original.columns..<range.upperBound
                                * original.columns
                        ]
                    )
                )
            }
        }
        let likelihood = TokenLoss.successors(of: tokens, layout: layout, weight: 0.7)
        let (a, gradientsOfA) = try gradients(of: divergence(0.3))
        let (b, gradientsOfB) = try gradients(of: likelihood)
        let (both, gradientsOfBoth) = try gradients(of: .sum(divergence(0.3), likelihood))
        #expect(abs(both - a - b) < 1e-6 * both)
        for (name, values) in gradientsOfBoth {
            let sum = zip(gradientsOfA[name] ?? [], gradientsOfB[name] ?? []).map {
                Double($0) + Double($1)
            }
            // Float32, added before the way back or behind it.
            #expect(normDistance(values, sum) < 1e-5, "\(name)")
        }
    }
}
