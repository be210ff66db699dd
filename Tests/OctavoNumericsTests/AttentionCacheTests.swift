import Foundation
import OctavoBase
import OctavoNumerics
import Testing

/// Attention over cached keys and values against its definition in Double, on every instruction set.
@Suite
struct AttentionCacheTests {
    static let dimensions = [1, 5, 8, 16, 20, 33, 64, 80, 96, 128, 256]

    /// Plain; a window; a window, a bound of scores and another scale.
    static func rules(_ dimension: Int) -> [AttentionRule] {
        [
            AttentionRule(headDimension: dimension),
            AttentionRule(headDimension: dimension, window: 5),
            AttentionRule(headDimension: dimension, scale: 0.3, cap: 2, window: 21),
        ]
    }

    /// How far a result may be from its definition: averages of numbers below 2 with weights that a sum of
    /// `dimension` products, each rounded, leaves uncertain, and a few roundings of exp and of sums.
    static func tolerance(_ dimension: Int, _ magnitude: Double) -> Double {
        let score = Double(dimension).squareRoot() * 0x1p-24 * magnitude
        return 4 * (score + 2e-6)
    }

    private func check(_ sample: AttentionReference, _ isa: InstructionSet) {
        for precision in CachePrecision.allCases {
            // Halves as they are: what rounding to them does is not this test's.
            let reference = precision == .half ? sample.halved : sample
            let found = sample.attended(precision, by: 50, on: isa)
            var misses = 0
            reference.compare(found) { expected, found, magnitude in
                let tolerance = Self.tolerance(sample.rule.headDimension, magnitude)
                if !(abs(expected - found) < tolerance) { misses += 1 }
            }
            #expect(misses == 0, "\(precision) \(sample.rule) \(sample.group) \(sample.lengths)")
        }
    }

    @Test(arguments: InstructionSet.available, dimensions)
    func equalsItsDefinition(isa: InstructionSet, dimension: Int) {
        for rule in Self.rules(dimension) {
            // A tile of queries, a block of keys and a bit more; a sequence of one token between.
            check(AttentionReference(lengths: [70, 1, 17], group: 3, rule: rule), isa)
        }
    }

    /// More heads to a key than are computed together, too.
    @Test(arguments: InstructionSet.available, Array(1...8) + [50])
    func groupsEqualTheirDefinition(isa: InstructionSet, group: Int) {
        for rule in Self.rules(20) {
            check(AttentionReference(lengths: [37, 20], group: group, rule: rule), isa)
        }
    }

    @Test(arguments: InstructionSet.available, Array(1...130))
    func lengthsEqualTheirDefinition(isa: InstructionSet, length: Int) {
        for rule in Self.rules(8) {
            check(AttentionReference(lengths: [length], group: 2, rule: rule), isa)
        }
    }

    /// Bit for bit: whole, in chunks that divide tiles of keys, and token by token.
    ///
    /// Several threads share the keys where there are few queries; 600 keys are three stretches.
    @Test(arguments: InstructionSet.available, CachePrecision.allCases)
    func divisionIsNotSeen(isa: InstructionSet, precision: CachePrecision) {
        let rules = [
            AttentionRule(headDimension: 64), AttentionRule(headDimension: 64, cap: 3, window: 290),
        ]
        for rule in rules {
            let sample = AttentionReference(lengths: [600, 33, 257], group: 4, rule: rule)
            let whole = sample.attended(precision, by: 600, threads: 1, on: isa)
            for (count, threads) in [(600, 3), (100, 2), (37, 1), (1, 1), (1, 3)] {
                let found = sample.attended(precision, by: count, threads: threads, on: isa)
                #expect(found == whole, "\(count) at a time on \(threads) threads, \(rule)")
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func rowsThatNoSpanCoversAreZero(isa: InstructionSet) {
        let rule = AttentionRule(headDimension: 8)
        let sample = AttentionReference(lengths: [9, 4, 6], group: 2, rule: rule)
        var cache = sample.cache(.half)
        cache.store(keys: sample.keys, values: sample.values, at: sample.spans(0..<9), threads: 1)
        let spans = [sample.spans(0..<9)[0], sample.spans(0..<9)[2]]
        let out = cache.attend(sample.queries, at: spans, rule: rule, threads: 1, on: isa)
        let all = cache.attend(
            sample.queries,
            at: sample.spans(0..<9),
            rule: rule,
            threads: 1,
            on: isa
        )
        let width = out.columns
        #expect(out.elements[9 * width..<13 * width].allSatisfy { $0 == 0 })
        #expect(out.elements[..<(9 * width)] == all.elements[..<(9 * width)])
        #expect(out.elements[(13 * width)...] == all.elements[(13 * width)...])
    }
}
