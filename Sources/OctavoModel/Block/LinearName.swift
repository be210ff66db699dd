/// The linears that decoder blocks have, in the order in which data reaches them.
///
/// A block has either the separate ones or the fused ones: ``ModelConfiguration/linears`` lists them.
public enum LinearName: String, CaseIterable, Sendable, Hashable {
    /// Queries, keys and values in one: their rows one after the other.
    case queryKeyValueProjection = "self_attn.qkv_proj"
    case queryProjection = "self_attn.q_proj"
    case keyProjection = "self_attn.k_proj"
    case valueProjection = "self_attn.v_proj"
    case outputProjection = "self_attn.o_proj"
    /// Gate and up in one, the gate's rows first.
    case gateUpProjection = "mlp.gate_up_proj"
    case gateProjection = "mlp.gate_proj"
    case upProjection = "mlp.up_proj"
    case downProjection = "mlp.down_proj"

    /// What the linear multiplies.
    public var site: InputSite {
        switch self {
        case .queryKeyValueProjection, .queryProjection, .keyProjection, .valueProjection:
            .attentionInput
        case .outputProjection: .attentionOutput
        case .gateUpProjection, .gateProjection, .upProjection: .feedForwardInput
        case .downProjection: .feedForwardOutput
        }
    }

    /// The name of the linear in a checkpoint, without `.weight`.
    public func path(layer: Int) -> String { "model.layers.\(layer).\(rawValue)" }

    /// The outputs and inputs of the linear.
    public func shape(in configuration: ModelConfiguration) -> (outputs: Int, inputs: Int) {
        let outputs =
            switch self {
            case .queryKeyValueProjection:
                configuration.queryWidth + 2 * configuration.keyValueWidth
            case .queryProjection: configuration.queryWidth
            case .keyProjection, .valueProjection: configuration.keyValueWidth
            case .outputProjection, .downProjection: configuration.hiddenSize
            case .gateUpProjection: 2 * configuration.intermediateSize
            case .gateProjection, .upProjection: configuration.intermediateSize
            }
        return (outputs, site.width(in: configuration))
    }

    /// Whether the linear has a bias.
    public func hasBias(in configuration: ModelConfiguration) -> Bool {
        configuration.biasedLinears.contains(self)
    }
}

/// The four places in a block where linears take their input, in order.
///
/// The linears of one site share their input, and with it the statistics for calibration.
public enum InputSite: String, CaseIterable, Sendable, Hashable {
    /// The normed residual that queries, keys and values are made of.
    case attentionInput
    /// What the heads bring together.
    case attentionOutput
    /// The normed residual before the feed-forward part.
    case feedForwardInput
    /// The gated activations.
    case feedForwardOutput

    /// The linears that take this input.
    public func linears(in configuration: ModelConfiguration) -> [LinearName] {
        configuration.linears.filter { $0.site == self }
    }

    /// The width of the input.
    public func width(in configuration: ModelConfiguration) -> Int {
        switch self {
        case .attentionInput, .feedForwardInput: configuration.hiddenSize
        case .attentionOutput: configuration.queryWidth
        case .feedForwardOutput: configuration.intermediateSize
        }
    }
}
