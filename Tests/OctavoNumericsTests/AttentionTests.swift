import Foundation
import OctavoNumerics
import Testing

/// Attention and lookups against their definitions in Double, on every instruction set.
@Suite
struct AttentionTests {
    @Test(arguments: InstructionSet.available, [1, 2, 3, 5, 8, 17, 33, 64])
    func attentionEqualsItsDefinition(isa: InstructionSet, dimension: Int) {
        check(isa, AttentionRule(headDimension: dimension))
        check(isa, AttentionRule(headDimension: dimension, scale: 0.7, cap: 2, window: 7))
    }

    private func check(_ isa: InstructionSet, _ rule: AttentionRule) {
        let dimension = rule.headDimension
        let (heads, keyValueHeads) = (6, 2)
        let width = keyValueHeads * dimension
        let queries = ElementwiseTests.matrix(60, heads * dimension, seed: 1)
        let keys = ElementwiseTests.matrix(90, width, seed: 2)
        let values = ElementwiseTests.matrix(90, width, seed: 3)
        let spans = [
            // A prompt longer than a thread takes at a time; one token late in a sequence; and rows
            // 36 to 58 of the queries are left to nobody.
            AttentionSpan(firstQuery: 0, queryCount: 36, firstKey: 4, keyCount: 40),
            AttentionSpan(firstQuery: 59, queryCount: 1, firstKey: 50, keyCount: 37),
        ]
        let out = causalAttention(
            queries: queries,
            keys: keys.elements,
            values: values.elements,
            spans: spans,
            rule: rule,
            keyValueHeads: keyValueHeads,
            threads: 3,
            on: isa
        )
        for span in spans {
            for query in 0..<span.queryCount {
                let end = span.keyCount - span.queryCount + query + 1
                let visible = Array(max(0, end - (rule.window ?? end))..<end)
                for head in 0..<heads {
                    let column = head / 3 * dimension
                    let weights = visible.map { key in
                        let dot = (0..<dimension).reduce(0.0) {
                            $0 + Double(queries[span.firstQuery + query, head * dimension + $1])
                                * Double(keys[span.firstKey + key, column + $1])
                        }
                        let score = dot * Double(rule.scale)
                        return exp(rule.cap.map { Double($0) * tanh(score / Double($0)) } ?? score)
                    }
                    let sum = weights.reduce(0, +)
                    for d in 0..<dimension {
                        let expected = zip(visible, weights).reduce(0.0) {
                            $0 + $1.1 * Double(values[span.firstKey + $1.0, column + d])
                        }
                        let found = out[span.firstQuery + query, head * dimension + d]
                        // Averages of numbers below 2, with weights good to a few 1e-6.
                        #expect(abs(Double(found) - expected / sum) < 1e-5)
                    }
                }
            }
        }
        #expect(
            (36..<59).allSatisfy { row in (0..<queries.columns).allSatisfy { out[row, $0] == 0 } }
        )
    }
}
