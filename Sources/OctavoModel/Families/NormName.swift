/// The places in a block where there may be a norm, in the order in which data reaches them.
///
/// Which of them a model has, and what its checkpoints call them, says its ``FamilyDescription``.
public enum NormName: String, CaseIterable, Sendable, Hashable {
    /// What attention takes.
    case attentionInput = "attention_input"
    /// The queries, before they are rotated.
    case queries
    /// The keys, before they are rotated.
    case keys
    /// What attention adds to the stream.
    case attentionOutput = "attention_output"
    /// What the feed-forward part takes.
    case feedForwardInput = "feed_forward_input"
    /// What the feed-forward part adds to the stream.
    case feedForwardOutput = "feed_forward_output"

    /// The name of the norm's weights in a checkpoint; nil if the model has no such norm.
    public func path(layer: Int, in configuration: ModelConfiguration) -> String? {
        guard configuration.norms.contains(self) else { return nil }
        return configuration.family.description.norms[self].map {
            "model.layers.\(layer).\($0).weight"
        }
    }

    /// The shape of the norm's weights.
    public func shape(in configuration: ModelConfiguration) -> [Int] {
        let heads: Int
        switch self {
        case .queries: heads = configuration.headCount
        case .keys: heads = configuration.keyValueHeadCount
        default: return [configuration.hiddenSize]
        }
        return switch configuration.family.description.headNorm {
        case .sharedByHeads: [configuration.headDimension]
        case .ofEachHead: [heads, configuration.headDimension]
        case .acrossHeads: [heads * configuration.headDimension]
        }
    }

    /// How many numbers are normed together.
    func width(in configuration: ModelConfiguration) -> Int {
        shape(in: configuration).last ?? 0
    }
}
