public import OctavoModel

/// How a container holds embedding and head: with loss.
public enum EmbeddingEncoding: Hashable, Sendable {
    /// Integers of 8 bits, a scale for each 32: 8.5 bits a weight.
    case int8
    /// Sums of codebook entries, as in the layers.
    case additive(Scheme)

    /// How many integers share a scale.
    static let integerGroup = 32

    /// Refuses what does not fit a model.
    func check(_ configuration: ModelConfiguration) throws {
        var group = Self.integerGroup
        if case .additive(let scheme) = self {
            try checkSolvable(scheme)
            group = scheme.groupSize
        }
        guard configuration.hiddenSize % group == 0 else {
            throw QuantizationPlanError.indivisible(
                linear: "the embedding",
                inputs: configuration.hiddenSize,
                groupSize: group
            )
        }
    }
}

extension EmbeddingEncoding: LosslessStringConvertible {
    /// Reads `int8` or a scheme, as in `4x8g16`; nil for anything else.
    public init?(_ description: String) {
        if description == "int8" {
            self = .int8
        } else if let scheme = Scheme(description) {
            self = .additive(scheme)
        } else {
            return nil
        }
    }

    /// The encoding as it is written.
    public var description: String {
        switch self {
        case .int8: "int8"
        case .additive(let scheme): "\(scheme)"
        }
    }
}
