import OctavoModel

extension TunedParameters {
    /// What of a tuned block has changed.
    init(_ tuned: TunedBlock) {
        self.init(
            layers: tuned.layers,
            norms: [:],
            biases: [:]
        )
        for name in NormName.allCases { norms[name] = tuned.block[norm: name] }
        for name in layers.keys { biases[name] = tuned.block[bias: name] }
    }
}

extension DecoderBlock {
    /// Replaces what tuning changed.
    mutating func take(_ tuned: TunedParameters) {
        for (name, weight) in tuned.norms { self[norm: name] = weight }
        for (name, layer) in tuned.layers { self[name] = .dense(layer.dequantized()) }
        for (name, bias) in tuned.biases { self[bias: name] = bias }
    }
}
