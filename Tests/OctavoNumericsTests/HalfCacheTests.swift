import Foundation
import OctavoBase
import OctavoNumerics
import Testing

/// What keeping keys and values as halves costs, and what becomes of numbers that halves do not hold.
@Suite
struct HalfCacheTests {
    /// Bounds that hold for any numbers.
    ///
    /// Each is off by at most 2⁻¹¹ of itself, so a score by at most Δ = 2⁻¹¹ of the magnitudes that it sums;
    /// weights, which are divided by their sum, by a factor within exp(±2Δ); the average of values by that and by
    /// 2⁻¹¹ of the largest value. With keys whose biases are in the hundreds, as Qwen2 has them, Δ is larger.
    @Test(arguments: InstructionSet.available, [Float(0), 300])
    func halvesAreWithinTheirRounding(isa: InstructionSet, bias: Float) {
        for rule in AttentionCacheTests.rules(64) {
            var sample = AttentionReference(lengths: [90], group: 3, rule: rule)
            for row in 0..<sample.keys.rows {
                for column in stride(from: 0, to: sample.keys.columns, by: 16) {
                    sample.keys[row, column] += column % 32 == 0 ? bias : -bias
                }
            }
            let found = sample.attended(.half, by: 90, on: isa)
            var (misses, largest) = (0, 0.0)
            sample.compare(found) { expected, found, magnitude in
                let rounding = 0x1p-11 * magnitude
                let bound = 2 * (exp(2 * rounding) - 1) + 2 * 0x1p-11
                let tolerance = AttentionCacheTests.tolerance(64, magnitude)
                largest = max(largest, abs(expected - found))
                if !(abs(expected - found) <= bound + tolerance) { misses += 1 }
            }
            #expect(misses == 0)
            // And that it is halves: exact keys would be closer by far.
            #expect(largest > 1e-4)
        }
    }

    @Test(arguments: InstructionSet.available, [Float(65504), -65504])
    func whatHalvesHoldStays(isa: InstructionSet, number: Float) {
        var sample = AttentionReference(
            lengths: [20],
            group: 1,
            rule: AttentionRule(headDimension: 8, scale: 1e-6)
        )
        sample.keys[3, 2] = number
        sample.values[7, 1] = number
        var cache = sample.cache(.half)
        cache.store(
            keys: sample.keys,
            values: sample.values,
            at: sample.spans(0..<20),
            threads: 1,
            on: isa
        )
        #expect(cache.precision == .half)
    }

    /// The cache goes over to float: what it had is as it was, and what comes is exact.
    @Test(
        arguments: InstructionSet.available,
        [Float(65505), -70000, 1e30, -.infinity, .infinity, .nan]
    )
    func whatHalvesDoNotHoldIsKeptAsFloat(isa: InstructionSet, number: Float) {
        let rule = AttentionRule(headDimension: 8, scale: 1e-6)
        for isKey in [true, false] {
            var sample = AttentionReference(lengths: [40, 18], group: 2, rule: rule)
            if isKey { sample.keys[25, 9] = number } else { sample.values[25, 9] = number }
            var cache = sample.cache(.half)
            let size = cache.byteCount
            let (begun, rest) = (sample.spans(0..<21), sample.spans(21..<40))
            cache.store(keys: sample.keys, values: sample.values, at: begun, threads: 1, on: isa)
            #expect(cache.precision == .half)
            cache.store(keys: sample.keys, values: sample.values, at: rest, threads: 1, on: isa)
            #expect(cache.precision == .float && cache.byteCount == 2 * size)
            var mixed = sample
            let width = sample.keys.columns
            // What was stored before: tokens 0 to 20 of the first sequence and all of the second.
            for element in Array(0..<21 * width) + Array(40 * width..<58 * width) {
                for matrix in [\AttentionReference.keys, \.values] {
                    let rounded = Half.widen(Half.narrow(sample[keyPath: matrix].elements[element]))
                    mixed[keyPath: matrix].elements[element] = rounded
                }
            }
            let expected = mixed.attended(.float, by: 40, on: isa)
            let found = cache.attend(
                sample.queries,
                at: sample.spans(0..<40),
                rule: rule,
                threads: 1,
                on: isa
            )
            // Bit for bit, what is no number too.
            let isSame = zip(found.elements, expected.elements).allSatisfy {
                $0.bitPattern == $1.bitPattern
            }
            #expect(isSame && found.elements.count == expected.elements.count)
        }
    }

    /// `2 · width · 2` bytes for each token of a layer; SmolLM2-135M has three key heads of 64.
    @Test(arguments: [
        (sequences: 1, capacity: 512, heads: 3, dimension: 64, bytes: 512 * 2 * 192 * 2),
        (sequences: 2, capacity: 4096, heads: 32, dimension: 128, bytes: 2 * 4096 * 2 * 4096 * 2),
        // Rounded up: 16 tokens; values of 16 numbers, keys of 5.
        (sequences: 1, capacity: 3, heads: 2, dimension: 5, bytes: 2 * 16 * (5 + 16) * 2),
    ])
    func memoryIsWhatItSays(sequences: Int, capacity: Int, heads: Int, dimension: Int, bytes: Int) {
        for precision in CachePrecision.allCases {
            let cache = AttentionCache(
                sequences: sequences,
                capacity: capacity,
                keyValueHeads: heads,
                headDimension: dimension,
                precision: precision
            )
            #expect(cache.byteCount == bytes / 2 * precision.width)
        }
    }
}
