import Glibc
public import OctavoNumerics

/// Rotary position embedding: each pair of a head's coordinates is rotated by an angle that grows
/// with the position, fast for the first pairs and slowly for the last.
///
/// The mathematics is that of transformers' `modeling_rope_utils.py`.
public struct RotaryEmbedding: Sendable, Hashable {
    /// How the frequencies are changed to reach beyond the original context.
    public enum Scaling: Sendable, Hashable {
        /// Not at all.
        case none
        /// All are divided by the factor.
        case linear(factor: Double)
        /// In sequences longer than the context the base grows with their length.
        case dynamic(factor: Double, contextLength: Int)
        /// Long wavelengths are divided by the factor, short ones kept, those between blended.
        case llama3(
            factor: Double,
            lowFrequencyFactor: Double,
            highFrequencyFactor: Double,
            originalContextLength: Int
        )
        /// Likewise, by the place of a pair among the others (Peng et al., YaRN).
        case yarn(YaRN)
        /// Each has a divisor of its own, another one in sequences longer than the original context (Ding
        /// et al., LongRoPE).
        case longrope(short: [Double], long: [Double], originalContextLength: Int)
    }

    /// The base of the geometric row of frequencies.
    public var theta: Double
    /// The change of frequencies.
    public var scaling: Scaling
    /// How many numbers of each head are rotated, from the first on; nil for all.
    public var rotatedWidth: Int?
    /// Which of them are rotated together.
    public var pairing: RotaryTable.Pairing
    /// What cosines and sines are multiplied by.
    public var attentionFactor: Double

    /// A rotary embedding.
    public init(
        theta: Double,
        scaling: Scaling = .none,
        rotatedWidth: Int? = nil,
        pairing: RotaryTable.Pairing = .halves,
        attentionFactor: Double = 1
    ) {
        self.theta = theta
        self.scaling = scaling
        self.rotatedWidth = rotatedWidth
        self.pairing = pairing
        self.attentionFactor = attentionFactor
    }

    /// The length beyond which sequences are rotated otherwise than shorter ones; nil if none are.
    var limit: Int? {
        switch scaling {
        case .none, .linear, .llama3, .yarn: nil
        case .dynamic(_, let contextLength): contextLength
        case .longrope(_, _, let originalContextLength): originalContextLength
        }
    }

    /// The angle per position of each pair in radians.
    ///
    /// - Parameters:
    ///   - headDimension: The width of a head.
    ///   - length: That of the sequence.
    /// - Returns: A number for each pair, the first ones the largest.
    public func frequencies(headDimension: Int, length: Int = 1) -> [Double] {
        let width = rotatedWidth ?? headDimension
        var base = theta
        if case .dynamic(let factor, let context) = scaling, length > context {
            let growth = factor * Double(length) / Double(context) - (factor - 1)
            base *= pow(growth, Double(width) / Double(width - 2))
        }
        return (0..<width / 2).map { pair in
            let frequency = pow(base, -2 * Double(pair) / Double(width))
            return scaled(frequency, pair: pair, width: width, length: length)
        }
    }

    private func scaled(_ frequency: Double, pair: Int, width: Int, length: Int) -> Double {
        switch scaling {
        case .none, .dynamic:
            return frequency
        case .linear(let factor):
            return frequency / factor
        case .llama3(let factor, let low, let high, let original):
            // How many turns the pair makes within the original context.
            let turns = Double(original) * frequency / (2 * .pi)
            if turns > high { return frequency }
            if turns < low { return frequency / factor }
            let blend = (turns - low) / (high - low)
            return (1 - blend) * frequency / factor + blend * frequency
        case .yarn(let yarn):
            let blend = yarn.interpolation(pair: pair, width: width, theta: theta)
            return blend * frequency / yarn.factor + (1 - blend) * frequency
        case .longrope(let short, let long, let original):
            return frequency / (length > original ? long : short)[pair]
        }
    }

    /// The cosines and sines for the positions `0 ..< positions` in sequences of some length.
    ///
    /// Angles are formed in Float, as transformers forms them, so that both agree far from the start.
    func table(headDimension: Int, positions: Int, length: Int) -> RotaryTable {
        let frequencies = frequencies(headDimension: headDimension, length: length)
        return table(headDimension: headDimension, positions: positions) { position, pair in
            Double(Float(position) * Float(frequencies[pair]))
        }
    }

    /// The cosines and sines of given angles, times the attention factor.
    func table(
        headDimension: Int,
        positions: Int,
        angle: (_ position: Int, _ pair: Int) -> Double
    ) -> RotaryTable {
        let pairs = (rotatedWidth ?? headDimension) / 2
        var cosines = Matrix(rows: positions, columns: pairs)
        var sines = cosines
        for position in 0..<positions {
            for pair in 0..<pairs {
                let angle = angle(position, pair)
                cosines[position, pair] = Float(attentionFactor * cos(angle))
                sines[position, pair] = Float(attentionFactor * sin(angle))
            }
        }
        return RotaryTable(
            cosines: cosines,
            sines: sines,
            headDimension: headDimension,
            pairing: pairing
        )
    }
}

/// Which pairs of a head keep their frequency and which have it divided: those that turn often within
/// the original context keep it, those that turn seldom do not, between them there is a ramp.
public struct YaRN: Sendable, Hashable {
    /// What frequencies are divided by.
    public var factor: Double
    /// The turns above which a pair keeps its frequency.
    public var fastTurns: Double
    /// The turns below which it has it divided in full.
    public var slowTurns: Double
    /// The context in which turns are counted.
    public var originalContextLength: Int
    /// Whether the ends of the ramp are moved outwards to whole pairs.
    public var truncates: Bool

    /// A ramp.
    public init(
        factor: Double,
        fastTurns: Double = 32,
        slowTurns: Double = 1,
        originalContextLength: Int,
        truncates: Bool = true
    ) {
        self.factor = factor
        self.fastTurns = fastTurns
        self.slowTurns = slowTurns
        self.originalContextLength = originalContextLength
        self.truncates = truncates
    }

    /// How much of a pair's frequency is divided, from 0 to 1.
    func interpolation(pair: Int, width: Int, theta: Double) -> Double {
        /// The place, in pairs, of a pair that turns so often.
        func place(turns: Double) -> Double {
            let wavelength = Double(originalContextLength) / (turns * 2 * .pi)
            return Double(width) * log(wavelength) / (2 * log(theta))
        }
        var (low, high) = (place(turns: fastTurns), place(turns: slowTurns))
        if truncates { (low, high) = (floor(low), ceil(high)) }
        (low, high) = (max(low, 0), min(high, Double(width - 1)))
        // As transformers does it, so that nothing is divided by zero.
        if low == high { high += 0.001 }
        return min(1, max(0, (Double(pair) - low) / (high - low)))
    }
}
