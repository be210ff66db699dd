import Glibc

/// The scaling of rotary positions that Llama 3.1 brought.
struct Llama3Scaling {
    let factor: Float
    let originalContextLength: Int
    var lowFrequencyFactor = 1.0
    var highFrequencyFactor = 4.0

    /// A scaling whose numbers are known.
    init(
        factor: Float,
        originalContextLength: Int,
        lowFrequencyFactor: Double,
        highFrequencyFactor: Double
    ) {
        self.factor = factor
        self.originalContextLength = originalContextLength
        self.lowFrequencyFactor = lowFrequencyFactor
        self.highFrequencyFactor = highFrequencyFactor
    }

    /// Recovers the scaling from the divisors of each frequency that GGUF stores instead.
    ///
    /// The largest divisor is the factor; low and high frequency factor are those of every model
    /// published so. Then the rule must give the very divisors that are there, which are half as many
    /// as a head has dimensions.
    init(
        divisors: [Float],
        headSize: Int,
        base: Double,
        originalContextLength: Int
    ) throws(GGUFModelError) {
        factor = divisors.max() ?? 1
        self.originalContextLength = originalContextLength
        for (index, found) in divisors.enumerated() {
            let expected = divisor(index, headSize: headSize, base: base)
            // Converters compute in single precision; the ramp between the two factors multiplies
            // its rounding by some hundred at most.
            guard abs(found - expected) <= 1e-4 * expected else {
                throw .unknownRopeFrequencies(index: index, found: found, expected: expected)
            }
        }
    }

    /// What the rule divides the frequency of a pair of dimensions by.
    func divisor(_ index: Int, headSize: Int, base: Double) -> Float {
        let wavelength = 2 * Double.pi * pow(base, 2 * Double(index) / Double(headSize))
        let turns = Double(originalContextLength) / wavelength
        if turns > highFrequencyFactor { return 1 }
        if turns < lowFrequencyFactor { return factor }
        let smooth = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
        return Float(1 / ((1 - smooth) / Double(factor) + smooth))
    }
}
