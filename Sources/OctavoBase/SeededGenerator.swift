/// The project's only source of randomness: xoshiro256**, seeded by splitmix64.
///
/// The same seed gives the same numbers on every machine and in every version, so that a run can be
/// repeated byte for byte. (Blackman and Vigna, "Scrambled linear pseudorandom number generators".)
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: (UInt64, UInt64, UInt64, UInt64)

    /// Starts the sequence of a seed, and of a stream within it.
    ///
    /// Streams let parts of a run that may happen in any order (layers, sequences) draw numbers
    /// that do not depend on that order.
    public init(seed: UInt64, stream: UInt64 = 0) {
        func scrambled(_ value: UInt64) -> UInt64 {
            var z = value
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        // The stream is scrambled first: a mere multiple of the step below would let streams that
        // follow each other share most of their state.
        var mix = seed ^ scrambled(stream)
        func next() -> UInt64 {
            mix &+= 0x9E37_79B9_7F4A_7C15
            return scrambled(mix)
        }
        state = (next(), next(), next(), next())
    }

    /// Returns the next 64 bits.
    public mutating func next() -> UInt64 {
        func rotate(_ x: UInt64, _ k: UInt64) -> UInt64 { (x << k) | (x >> (64 - k)) }
        let result = rotate(state.1 &* 5, 7) &* 9
        let t = state.1 << 17
        state.2 ^= state.0
        state.3 ^= state.1
        state.1 ^= state.2
        state.0 ^= state.3
        state.2 ^= t
        state.3 = rotate(state.3, 45)
        return result
    }

    /// Returns a number in `0 ..< 1`, with 53 random bits.
    public mutating func nextUnit() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}
