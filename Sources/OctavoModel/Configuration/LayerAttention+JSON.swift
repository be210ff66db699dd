import OctavoBase

/// What `layer_types` calls layers that see a window, and those that see all.
private enum LayerType: String {
    case sliding = "sliding_attention"
    case full = "full_attention"
}

extension ConfigurationReader {
    /// How each layer attends.
    func layers(
        _ family: FamilyDescription,
        count: Int,
        _ embeddings: (main: RotaryEmbedding, local: RotaryEmbedding)
    ) throws(ConfigurationError) -> [LayerAttention] {
        let rotated = try rotatedLayers(family, count: count)
        let window = try window(family)
        let types = try layerTypes(family, count: count, rotated, hasWindow: window != nil)
        return (0..<count).map { layer in
            let isSliding = types[layer] == .sliding
            let embedding = isSliding ? embeddings.local : embeddings.main
            return LayerAttention(
                window: isSliding ? window : nil,
                rotary: rotated[layer] ? embedding : nil
            )
        }
    }

    /// How many tokens the layers see that see a window; nil if the model has none.
    private func window(_ family: FamilyDescription) throws(ConfigurationError) -> Int? {
        let fallback: Int?
        switch family.windows {
        case .none: return nil
        case .everyLayer(let window): fallback = window
        case .upperLayers, .interleaved: fallback = 4096
        case .unrotatedLayers: fallback = nil
        }
        if family.keys.contains("use_sliding_window"),
            try !flag("use_sliding_window", default: false)
        {
            return nil
        }
        // Null is not the same as nothing here.
        if object["sliding_window"] == .null { return nil }
        if object["sliding_window"] == nil, fallback == nil { return nil }
        return try size("sliding_window", atMost: 1 << 26, default: fallback)
    }

    /// Which layers see a window: as `layer_types` says, where the family goes by it, or by the family's
    /// own rule.
    private func layerTypes(
        _ family: FamilyDescription,
        count: Int,
        _ rotated: [Bool],
        hasWindow: Bool
    ) throws(ConfigurationError) -> [LayerType] {
        var first = count
        var period = 1
        switch family.windows {
        case .none, .unrotatedLayers: break
        case .everyLayer: first = 0
        case .upperLayers: first = self["max_window_layers"]?.integer ?? 28
        case .interleaved(let fallback):
            first = 0
            period = try size("sliding_window_pattern", atMost: 1 << 12, default: fallback)
        }
        let own = (0..<count).map { layer -> LayerType in
            guard hasWindow else { return .full }
            if family.windows == .unrotatedLayers { return rotated[layer] ? .full : .sliding }
            let isFull = layer < first || period > 1 && (layer + 1) % period == 0
            return isFull ? .full : .sliding
        }
        guard let value = self["layer_types"] else { return own }
        let named = (value.array ?? []).map { LayerType(rawValue: $0.string ?? "") }
        let types = named.compactMap(\.self)
        guard types.count == count, named.count == count else {
            throw unsupported(
                "layer_types",
                value,
                "full_attention and sliding_attention, one for each of \(count) layers,"
            )
        }
        guard family.keys.contains("layer_types") || types == own else {
            throw unsupported("layer_types", value, "what this family does anyway")
        }
        return types
    }

    /// Which layers rotate queries and keys: all, but for families that say otherwise.
    private func rotatedLayers(
        _ family: FamilyDescription,
        count: Int
    ) throws(ConfigurationError) -> [Bool] {
        guard family.keys.contains("no_rope_layers") else {
            return [Bool](repeating: true, count: count)
        }
        guard let value = self["no_rope_layers"] else {
            let interval = try size("no_rope_layer_interval", atMost: 1 << 12, default: 4)
            return (1...count).map { $0 % interval != 0 }
        }
        // One means that a layer does rotate, whatever the key is called.
        let flags = (value.array ?? []).map(\.integer)
        guard flags.count == count, flags.allSatisfy({ $0 == 0 || $0 == 1 }) else {
            throw invalid("no_rope_layers", value, "\(count) numbers, each 0 or 1")
        }
        return flags.map { $0 == 1 }
    }
}
