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

    @Test(arguments: InstructionSet.available, ElementwiseTests.lengths)
    func lookupsEqualTheirDefinition(isa: InstructionSet, groups: Int) {
        let (codebooks, entries, size, outputs) = (2, 8, 3, 5)
        let x = ElementwiseTests.matrix(2, groups * size, seed: 1)
        let books = ElementwiseTests.numbers(codebooks * entries * size, seed: 2)
        let scales = ElementwiseTests.numbers(outputs, seed: 3)
        let codes = (0..<outputs * groups * codebooks).map { UInt16($0 * 5 % entries) }
        let y = lookupProduct(
            x,
            codes: codes,
            codebooks: books,
            scales: scales,
            entries: entries,
            groupSize: size,
            threads: 2,
            on: isa
        )
        for row in 0..<2 {
            for output in 0..<outputs {
                var expected = 0.0
                var magnitude = 0.0
                for place in 0..<groups * codebooks {
                    let (group, book) = (place / codebooks, place % codebooks)
                    let entry = book * entries + Int(codes[output * groups * codebooks + place])
                    for i in 0..<size {
                        let term =
                            Double(x[row, group * size + i]) * Double(books[entry * size + i])
                        expected += term
                        magnitude += abs(term)
                    }
                }
                let scale = Double(scales[output])
                // Each term is rounded a few times; sums in any order.
                #expect(
                    abs(Double(y[row, output]) - expected * scale) <= 1e-6 * magnitude * abs(scale)
                )
            }
        }
    }

    /// A code beyond the entries is cut to their bits: nothing outside the table is ever read.
    @Test
    func codesBeyondTheEntriesAreCut() {
        let x = Matrix(rows: 1, columns: 1, elements: [2])
        let y = lookupProduct(
            x,
            codes: [0xFFFF],
            codebooks: [3, 5],
            scales: [1],
            entries: 2,
            groupSize: 1,
            threads: 1
        )
        #expect(y.elements == [10])
    }
}
