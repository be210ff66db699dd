/// The seven linears of a decoder block, in the order in which data reaches them.
public enum LinearName: String, CaseIterable, Sendable, Hashable {
    case queryProjection = "self_attn.q_proj"
    case keyProjection = "self_attn.k_proj"
    case valueProjection = "self_attn.v_proj"
    case outputProjection = "self_attn.o_proj"
    case gateProjection = "mlp.gate_proj"
    case upProjection = "mlp.up_proj"
    case downProjection = "mlp.down_proj"

    /// What the linear multiplies.
    public var site: InputSite {
        switch self {
        case .queryProjection, .keyProjection, .valueProjection: .attentionInput
        case .outputProjection: .attentionOutput
        case .gateProjection, .upProjection: .feedForwardInput
        case .downProjection: .feedForwardOutput
        }
    }

    /// The name of the linear in a checkpoint, without `.weight`.
    public func path(layer: Int) -> String { "model.layers.\(layer).\(rawValue)" }

    /// The outputs and inputs of the linear.
    public func shape(in configuration: ModelConfiguration) -> (outputs: Int, inputs: Int) {
        let outputs =
            switch self {
            case .queryProjection: configuration.queryWidth
            case .keyProjection, .valueProjection: configuration.keyValueWidth
            case .outputProjection, .downProjection: configuration.hiddenSize
            case .gateProjection, .upProjection: configuration.intermediateSize
            }
        return (outputs, site.width(in: configuration))
    }

    /// Whether the linear has a bias.
    public func hasBias(in configuration: ModelConfiguration) -> Bool {
        switch site {
        case .attentionInput, .attentionOutput: configuration.hasAttentionBias
        case .feedForwardInput, .feedForwardOutput: configuration.hasFeedForwardBias
        }
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
    public var linears: [LinearName] { LinearName.allCases.filter { $0.site == self } }

    /// The width of the input.
    public func width(in configuration: ModelConfiguration) -> Int {
        switch self {
        case .attentionInput, .feedForwardInput: configuration.hiddenSize
        case .attentionOutput: configuration.queryWidth
        case .feedForwardOutput: configuration.intermediateSize
        }
    }
}
