import OctavoBase

/// What a family's code says of its experts.
public struct ExpertDefaults: Sendable, Hashable {
    /// What checkpoints call them.
    public var spelling: ExpertSpelling
    /// How many a layer has, where the configuration does not say.
    public var count: Int
    /// How many a token passes, likewise.
    public var activeCount: Int
    /// The key of the width inside each, and what it is where there is none.
    public var width: (key: String, default: Int?) {
        switch spelling {
        case .blockSparse: ("intermediate_size", nil)
        case .projections: ("moe_intermediate_size", 768)
        }
    }
}

extension ConfigurationReader {
    /// The experts of a model; nil if its family has none.
    func experts(
        _ family: FamilyDescription,
        layerCount: Int
    ) throws(ConfigurationError) -> Experts? {
        guard let defaults = family.experts else { return nil }
        let count = try expertCount(default: defaults.count)
        let (widthKey, width) = defaults.width
        return Experts(
            count: count,
            activeCount: try size(
                "num_experts_per_tok",
                atMost: count,
                default: defaults.activeCount
            ),
            intermediateSize: try size(widthKey, atMost: 1 << 20, default: width),
            normalizesWeights: family.keys.contains("norm_topk_prob")
                ? try flag("norm_topk_prob", default: false) : true,
            layers: try expertLayers(family, count: layerCount),
            spelling: defaults.spelling
        )
    }

    /// The number of experts, which has a name in each generation.
    private func expertCount(default fallback: Int) throws(ConfigurationError) -> Int {
        let count = try size("num_local_experts", atMost: 1 << 12, default: fallback)
        guard let value = self["num_experts"] else { return count }
        let other = try size("num_experts", atMost: 1 << 12)
        guard self["num_local_experts"] == nil || other == count else {
            throw invalid("num_experts", value, "as in num_local_experts (\(count))")
        }
        return other
    }

    /// The layers that have experts: each `decoder_sparse_step`-th that is not in `mlp_only_layers`, where
    /// the family goes by these.
    private func expertLayers(
        _ family: FamilyDescription,
        count: Int
    ) throws(ConfigurationError) -> Set<Int> {
        guard family.keys.contains("mlp_only_layers") else { return Set(0..<count) }
        let step = try size("decoder_sparse_step", atMost: 1 << 12, default: 1)
        let layers = (0..<count).filter { ($0 + 1) % step == 0 }
        guard let value = self["mlp_only_layers"] else { return Set(layers) }
        let dense = (value.array ?? []).map(\.integer)
        guard value.array != nil, dense.allSatisfy({ (0..<count).contains($0 ?? -1) }) else {
            throw invalid("mlp_only_layers", value, "numbers of layers, below \(count)")
        }
        return Set(layers).subtracting(dense.compactMap(\.self))
    }
}
