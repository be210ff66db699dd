import Foundation
import OctavoBase
import OctavoNumerics

/// Sequences of queries, keys and values, and attention over them in Double, as it is defined.
struct AttentionReference {
    let lengths: [Int]
    let rule: AttentionRule
    let group: Int
    let queries: Matrix
    var keys: Matrix
    var values: Matrix

    static let keyHeads = 2

    /// Numbers within ±2.
    init(lengths: [Int], group: Int, rule: AttentionRule) {
        self.lengths = lengths
        self.group = group
        self.rule = rule
        let (rows, width) = (lengths.reduce(0, +), Self.keyHeads * rule.headDimension)
        queries = ElementwiseTests.matrix(rows, group * width, seed: 1)
        keys = ElementwiseTests.matrix(rows, width, seed: 2)
        values = ElementwiseTests.matrix(rows, width, seed: 3)
    }

    /// The same with keys and values as halves have them.
    var halved: AttentionReference {
        func halved(_ matrix: Matrix) -> Matrix {
            Matrix(
                rows: matrix.rows,
                columns: matrix.columns,
                elements: matrix.elements.map { Half.widen(Half.narrow($0)) }
            )
        }
        var copy = self
        copy.keys = halved(keys)
        copy.values = halved(values)
        return copy
    }

    /// A cache with room for the longest sequence and then some.
    func cache(_ precision: CachePrecision) -> AttentionCache {
        AttentionCache(
            sequences: lengths.count,
            capacity: (lengths.max() ?? 0) + 3,
            keyValueHeads: Self.keyHeads,
            headDimension: rule.headDimension,
            precision: precision
        )
    }

    /// Spans of some tokens of each sequence; sequences that do not have them have no span.
    func spans(_ tokens: Range<Int>) -> [AttentionSpan] {
        var first = 0
        return lengths.enumerated().compactMap { sequence, length in
            defer { first += length }
            let own = tokens.clamped(to: 0..<length)
            guard !own.isEmpty else { return nil }
            return AttentionSpan(
                firstQuery: first + own.lowerBound,
                queryCount: own.count,
                sequence: sequence,
                keyCount: own.upperBound
            )
        }
    }

    /// What the cache makes of it, so many tokens of each sequence at a time.
    func attended(
        _ precision: CachePrecision,
        by count: Int,
        threads: Int = 2,
        on isa: InstructionSet
    ) -> Matrix {
        var cache = cache(precision)
        var out = Matrix(rows: queries.rows, columns: queries.columns)
        for start in stride(from: 0, to: lengths.max() ?? 0, by: count) {
            let spans = spans(start..<start + count)
            cache.store(keys: keys, values: values, at: spans, threads: threads, on: isa)
            let part = cache.attend(queries, at: spans, rule: rule, threads: threads, on: isa)
            for span in spans {
                let from = span.firstQuery * queries.columns
                let range = from..<from + span.queryCount * queries.columns
                out.elements.replaceSubrange(range, with: part.elements[range])
            }
        }
        return out
    }

    /// The result for one token and head, and the magnitudes that a score sums, at most.
    func result(sequence: Int, token: Int, head: Int) -> (out: [Double], magnitude: Double) {
        let first = lengths[..<sequence].reduce(0, +)
        let dimension = rule.headDimension
        let (query, column) = (head * dimension, head / group * dimension)
        var out = [Double](repeating: 0, count: dimension)
        var (sum, largest) = (0.0, 0.0)
        for key in max(0, token + 1 - (rule.window ?? token + 1))...token {
            var (dot, magnitude) = (0.0, 0.0)
            for d in 0..<dimension {
                let factor = Double(keys[first + key, column + d])
                let term = Double(queries[first + token, query + d]) * factor
                dot += term
                magnitude += abs(term)
            }
            largest = max(largest, magnitude * Double(rule.scale))
            var score = dot * Double(rule.scale)
            if let cap = rule.cap.map(Double.init) { score = cap * tanh(score / cap) }
            let weight = exp(score)
            sum += weight
            for d in 0..<dimension { out[d] += weight * Double(values[first + key, column + d]) }
        }
        return (out.map { $0 / sum }, largest)
    }

    /// Calls `body` with the results of each token and head, and those of a matrix.
    func compare(
        _ found: Matrix,
        _ body: (_ expected: Double, _ found: Double, _ magnitude: Double) -> Void
    ) {
        var row = 0
        for (sequence, length) in lengths.enumerated() {
            for token in 0..<length {
                for head in 0..<group * Self.keyHeads {
                    let (out, magnitude) = result(sequence: sequence, token: token, head: head)
                    for (d, expected) in out.enumerated() {
                        let found = found[row, head * rule.headDimension + d]
                        body(expected, Double(found), magnitude)
                    }
                }
                row += 1
            }
        }
    }
}
