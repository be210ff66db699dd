import Foundation
import OctavoNumerics
import Testing

/// Attention over whole sequences and its gradients against their definition in Double.
@Suite
struct SequenceAttentionTests {
    /// Two sequences, the second of three tokens, and four heads that share two key heads.
    private struct Sample {
        let lengths: [Int]
        let dimension = 5
        let queries: Matrix, keys: Matrix, values: Matrix, gradient: Matrix

        init(length: Int) {
            lengths = [length, 3]
            queries = ElementwiseTests.matrix(length + 3, 4 * dimension, seed: 1)
            keys = ElementwiseTests.matrix(length + 3, 2 * dimension, seed: 2)
            values = ElementwiseTests.matrix(length + 3, 2 * dimension, seed: 3)
            gradient = ElementwiseTests.matrix(length + 3, 4 * dimension, seed: 4)
        }

        func attention(
            _ threads: Int,
            _ isa: InstructionSet,
            _ rule: AttentionRule? = nil
        ) -> SequenceAttention {
            SequenceAttention(
                queries: queries,
                keys: keys,
                values: values,
                lengths: lengths,
                rule: rule ?? AttentionRule(headDimension: dimension),
                threads: threads,
                on: isa
            )
        }
    }

    /// Plain; with a window; and with a window, a bound of scores and another scale.
    private static let rules = [
        AttentionRule(headDimension: 5), AttentionRule(headDimension: 5, window: 4),
        AttentionRule(headDimension: 5, scale: 0.7, cap: 2, window: 30),
    ]

    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths)
    func equalsItsDefinition(isa: InstructionSet, length: Int) {
        for rule in Self.rules { check(isa, length, rule) }
    }

    private func check(_ isa: InstructionSet, _ length: Int, _ rule: AttentionRule) {
        let sample = Sample(length: length)
        let (d, scale) = (sample.dimension, Double(rule.scale))
        /// A bounded score, and the slope of the bound.
        func bounded(_ score: Double) -> (score: Double, slope: Double) {
            guard let cap = rule.cap.map(Double.init) else { return (score, 1) }
            return (cap * tanh(score / cap), 1 / pow(cosh(score / cap), 2))
        }
        func dot(_ a: Matrix, _ i: Int, _ head: Int, _ b: Matrix, _ j: Int, _ other: Int) -> Double
        {
            (0..<d).reduce(0) { $0 + Double(a[i, head * d + $1]) * Double(b[j, other * d + $1]) }
        }
        let tokens = length + 3
        var output = [Double](repeating: 0, count: tokens * 4 * d)
        var queries = output
        var keys = [Double](repeating: 0, count: tokens * 2 * d)
        var values = keys
        for token in 0..<tokens {
            let first = token < length ? 0 : length
            let visible = max(first, token + 1 - (rule.window ?? tokens))...token
            for head in 0..<4 {
                let scores = visible.map {
                    bounded(scale * dot(sample.queries, token, head, sample.keys, $0, head / 2))
                }
                let powers = scores.map { exp($0.score) }
                let sum = powers.reduce(0, +)
                let slopes = visible.map {
                    dot(sample.gradient, token, head, sample.values, $0, head / 2)
                }
                let mean = zip(powers, slopes).reduce(0) { $0 + $1.0 / sum * $1.1 }
                for (place, key) in visible.enumerated() {
                    let p = powers[place] / sum
                    let pull = scale * p * (slopes[place] - mean) * scores[place].slope
                    for i in 0..<d {
                        let (q, k) = (head * d + i, head / 2 * d + i)
                        output[token * 4 * d + q] += p * Double(sample.values[key, k])
                        queries[token * 4 * d + q] += pull * Double(sample.keys[key, k])
                        keys[key * 2 * d + k] += pull * Double(sample.queries[token, q])
                        values[key * 2 * d + k] += p * Double(sample.gradient[token, q])
                    }
                }
            }
        }
        let attention = sample.attention(2, isa, rule)
        let gradients = attention.backward(sample.gradient)
        for (found, expected) in [
            (attention.output(), output), (gradients.queries, queries),
            (gradients.keys, keys), (gradients.values, values),
        ] {
            #expect(found.elements.count == expected.count)
            for (a, b) in zip(found.elements, expected) {
                // Sums of products below 30 with probabilities good to a few 1e-6; the gradients
                // of keys and values add up one of each query.
                #expect(abs(Double(a) - b) < 4e-5)
            }
        }
    }

    @Test
    func threadsAreNotSeen() {
        let attention = Sample(length: 200)
        let once = attention.attention(1, .best)
        let many = attention.attention(3, .best)
        #expect(once.output() == many.output())
        let (a, b) = (once.backward(attention.gradient), many.backward(attention.gradient))
        #expect(a.queries == b.queries && a.keys == b.keys && a.values == b.values)
    }
}
