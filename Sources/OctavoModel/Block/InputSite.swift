/// The four places in a block where linears take their input, in order.
///
/// The linears of one site share their input, and with it the statistics for calibration; but for those of
/// experts, each of which has the tokens that are sent to it.
public enum InputSite: String, CaseIterable, Sendable, Hashable {
    /// The normed residual that queries, keys and values are made of.
    case attentionInput
    /// What the heads bring together.
    case attentionOutput
    /// The normed residual before the feed-forward part.
    case feedForwardInput
    /// The gated activations.
    case feedForwardOutput

    /// The linears of a layer that take this input.
    public func linears(in configuration: ModelConfiguration, layer: Int) -> [LinearName] {
        configuration.linears(inLayer: layer).filter { $0.site == self }
    }

    /// The width of the input, where there are no experts.
    public func width(in configuration: ModelConfiguration) -> Int {
        switch self {
        case .attentionInput, .feedForwardInput: configuration.hiddenSize
        case .attentionOutput: configuration.queryWidth
        case .feedForwardOutput: configuration.intermediateSize
        }
    }
}
