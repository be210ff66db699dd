import Glibc
import OctavoBase
public import OctavoNumerics

/// Rotary position embedding: each pair of a head's coordinates is rotated by an angle that grows
/// with the position, fast for the first pairs and slowly for the last.
///
/// The mathematics is that of transformers' `modeling_rope_utils.py`.
public struct RotaryEmbedding: Sendable, Equatable {
    /// How the frequencies are changed to reach beyond the original context.
    public enum Scaling: Sendable, Equatable {
        /// Not at all.
        case none
        /// All are divided by the factor.
        case linear(factor: Double)
        /// Long wavelengths are divided by the factor, short ones kept, those between blended.
        case llama3(
            factor: Double,
            lowFrequencyFactor: Double,
            highFrequencyFactor: Double,
            originalContextLength: Int
        )
    }

    /// The base of the geometric row of frequencies.
    public var theta: Double
    /// The change of frequencies.
    public var scaling: Scaling

    /// A rotary embedding.
    public init(theta: Double, scaling: Scaling = .none) {
        self.theta = theta
        self.scaling = scaling
    }

    /// The angle per position of each pair, `headDimension / 2` of them, in radians.
    public func frequencies(headDimension: Int) -> [Double] {
        (0..<headDimension / 2).map { pair in
            scaled(pow(theta, -2 * Double(pair) / Double(headDimension)))
        }
    }

    private func scaled(_ frequency: Double) -> Double {
        switch scaling {
        case .none:
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
        }
    }

    /// The cosines and sines for the positions `0 ..< positions`.
    ///
    /// Angles are formed in Float, as transformers forms them, so that both agree far from the start.
    public func table(headDimension: Int, positions: Int) -> RotaryTable {
        let frequencies = frequencies(headDimension: headDimension).map(Float.init)
        var cosines = Matrix(rows: positions, columns: headDimension / 2)
        var sines = cosines
        for position in 0..<positions {
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                cosines[position, pair] = Float(cos(angle))
                sines[position, pair] = Float(sin(angle))
            }
        }
        return RotaryTable(cosines: cosines, sines: sines)
    }
}

extension RotaryEmbedding {
    /// Reads `rope_theta` with `rope_scaling`, or `rope_parameters`.
    ///
    /// Where both stand, `rope_scaling` replaces `rope_parameters` wholesale, as in transformers.
    init(reader: ConfigurationReader, contextLength: Int) throws(ConfigurationError) {
        let outer = try reader.positive("rope_theta", default: 10000)
        let isLegacy = reader["rope_scaling"] != nil && reader["rope_scaling"] != .object([:])
        guard let rope = try reader.nested(isLegacy ? "rope_scaling" : "rope_parameters") else {
            (theta, scaling) = (outer, .none)
            return
        }
        try rope.refusePartialRotation()
        theta = try rope.positive("rope_theta", default: outer)
        // `type` is what the first generation called it.
        let kind = rope["rope_type"] ?? rope["type"] ?? "default"
        switch kind.string {
        case "default":
            scaling = .none
        case "linear":
            scaling = .linear(factor: try rope.positive("factor"))
        case "llama3":
            let low = try rope.positive("low_freq_factor")
            let high = try rope.positive("high_freq_factor")
            guard low < high else {
                throw rope.invalid(
                    "high_freq_factor",
                    .number(high),
                    "more than low_freq_factor (\(low))"
                )
            }
            scaling = .llama3(
                factor: try rope.positive("factor"),
                lowFrequencyFactor: low,
                highFrequencyFactor: high,
                originalContextLength: try rope.size(
                    "original_max_position_embeddings",
                    atMost: 1 << 26,
                    default: contextLength
                )
            )
        default:
            throw rope.unsupported("rope_type", kind, "default, linear or llama3")
        }
    }
}
