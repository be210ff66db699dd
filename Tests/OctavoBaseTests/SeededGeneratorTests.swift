import OctavoBase
import Testing

/// Computed from the published definitions of splitmix64 and xoshiro256**.
///
/// By this Python:
///
///     M = (1 << 64) - 1
///     def scramble(z):
///         z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
///         z = (z ^ z >> 27) * 0x94D049BB133111EB & M
///         return z ^ z >> 31
///     def rotate(v, k): return (v << k | v >> 64 - k) & M
///     def draw(seed, stream, n):
///         mix, s = seed ^ scramble(stream), []
///         for _ in range(4):
///             mix = mix + 0x9E3779B97F4A7C15 & M
///             s.append(scramble(mix))
///         for _ in range(n):
///             yield rotate(s[1] * 5 & M, 7) * 9 & M
///             t = s[1] << 17 & M
///             s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotate(s[3], 45)
@Test(
    arguments: [
        (
            0, 0,
            [
                0x99EC_5F36_CB75_F2B4, 0xBF6E_1F78_4956_452A, 0x1A5F_849D_4933_E6E0,
                0x6AA5_94F1_262D_2D2C,
            ]
        ),
        (
            42, 0,
            [
                0x1578_0B2E_0C2E_C716, 0x6104_D986_6D11_3A7E, 0xAE17_5332_39E4_99A1,
                0xECB8_AD47_03B3_60A1,
            ]
        ),
        (
            42, 1,
            [
                0x6519_7504_9FE9_C8F5, 0x3BCD_F131_3972_88C7, 0x8FB7_530E_FE17_205E,
                0x2B04_008F_6D31_518A,
            ]
        ),
        (
            .max, 7,
            [
                0x0058_6CF1_2D4A_9EED, 0x4D62_B090_7580_3BA1, 0x9611_9FEF_1C10_B332,
                0x5AEC_97FF_3A49_8C4D,
            ]
        ),
    ] as [(UInt64, UInt64, [UInt64])]
)
func theSequenceIsThatOfItsDefinition(seed: UInt64, stream: UInt64, expected: [UInt64]) {
    var generator = SeededGenerator(seed: seed, stream: stream)
    #expect(expected.map { _ in generator.next() } == expected)
}

/// Two of 4096 pairs of seed and stream that began alike would be a fault: chance gives one in 2^40.
@Test
func streamsDiffer() {
    var starts: Set<UInt64> = []
    for seed in UInt64(0)..<64 {
        for stream in UInt64(0)..<64 {
            var generator = SeededGenerator(seed: seed, stream: stream)
            starts.insert(generator.next())
        }
    }
    #expect(starts.count == 4096)
}

/// 53 bits scaled to the unit interval: the mean of n draws is off by more than 6/√(12n) once in
/// 10^9 seeds, and this seed is fixed.
@Test
func unitNumbersFillTheirRange() {
    var generator = SeededGenerator(seed: 3)
    let draws = (0..<10_000).map { _ in generator.nextUnit() }
    #expect(draws.allSatisfy { (0..<1).contains($0) })
    #expect(abs(draws.reduce(0, +) / 10_000 - 0.5) < 0.0174)
    #expect(draws.allSatisfy { $0 * 0x1p53 == ($0 * 0x1p53).rounded() })
}
