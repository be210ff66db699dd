/// The experts that some layers have for a feed-forward part: each token passes only those that its layer's
/// router prefers for it. (Shazeer et al., "Outrageously large neural networks".)
public struct Experts: Sendable, Equatable {
    /// How many a layer has.
    public var count: Int
    /// How many of them a token passes; at least 1.
    public var activeCount: Int
    /// The width inside each.
    public var intermediateSize: Int
    /// Whether the weights of the experts that a token passes are made to sum up to one.
    public var normalizesWeights: Bool
    /// The layers that have experts.
    public var layers: Set<Int>
    /// What checkpoints call them.
    public var spelling: ExpertSpelling

    /// The name of a layer's router in a checkpoint, without `.weight`.
    public func routerPath(layer: Int) -> String { "model.layers.\(layer).\(spelling.module).gate" }

    /// A linear of one expert.
    func name(_ role: LinearName.Role, ofExpert index: Int) -> LinearName {
        LinearName(role, of: LinearName.Expert(index: index, spelling: spelling))
    }

    /// The linears of all experts of a layer, in the order in which data reaches them.
    var linears: [LinearName] {
        (0..<count).flatMap { [name(.gate, ofExpert: $0), name(.up, ofExpert: $0)] }
            + (0..<count).map { name(.down, ofExpert: $0) }
    }
}

/// What checkpoints call experts and their linears.
public enum ExpertSpelling: Sendable, Hashable {
    /// `block_sparse_moe.experts.N.w1`, `w3` and `w2` for gate, up and down.
    case blockSparse
    /// `mlp.experts.N.gate_proj` and so on.
    case projections

    /// The part of a block that router and experts are in.
    var module: String {
        switch self {
        case .blockSparse: "block_sparse_moe"
        case .projections: "mlp"
        }
    }
}

extension ModelConfiguration {
    /// The linears of a layer, in the order in which data reaches them.
    public func linears(inLayer layer: Int) -> [LinearName] {
        guard let experts = experts(inLayer: layer) else { return family.description.linears }
        let attention: [InputSite] = [.attentionInput, .attentionOutput]
        return family.description.linears.filter { attention.contains($0.site) } + experts.linears
    }

    /// The experts of a layer; nil if every token passes the same feed-forward part.
    public func experts(inLayer layer: Int) -> Experts? {
        experts.flatMap { $0.layers.contains(layer) ? $0 : nil }
    }
}
