/// A linear of a decoder block: what it does, and which expert it is part of.
///
/// A block has either the separate ones or the fused ones, and one feed-forward part or many:
/// ``ModelConfiguration/linears(inLayer:)`` lists them.
public struct LinearName: Sendable, Hashable {
    /// What a linear does, spelled as checkpoints do that have no experts.
    enum Role: String, Sendable {
        case queryKeyValue = "self_attn.qkv_proj"
        case query = "self_attn.q_proj"
        case key = "self_attn.k_proj"
        case value = "self_attn.v_proj"
        case attentionOutput = "self_attn.o_proj"
        case gateUp = "mlp.gate_up_proj"
        case gate = "mlp.gate_proj"
        case up = "mlp.up_proj"
        case down = "mlp.down_proj"
    }

    /// One of a block's experts.
    struct Expert: Sendable, Hashable {
        /// From 0.
        let index: Int
        let spelling: ExpertSpelling
    }

    let role: Role
    /// Nil for what every token passes.
    let expert: Expert?

    init(_ role: Role, of expert: Expert? = nil) {
        self.role = role
        self.expert = expert
    }

    /// Queries, keys and values in one: their rows one after the other.
    public static let queryKeyValueProjection = LinearName(.queryKeyValue)
    /// Queries.
    public static let queryProjection = LinearName(.query)
    /// Keys.
    public static let keyProjection = LinearName(.key)
    /// Values.
    public static let valueProjection = LinearName(.value)
    /// What the heads bring together, back to the stream.
    public static let outputProjection = LinearName(.attentionOutput)
    /// Gate and up in one, the gate's rows first.
    public static let gateUpProjection = LinearName(.gateUp)
    /// What is gated by.
    public static let gateProjection = LinearName(.gate)
    /// What is gated.
    public static let upProjection = LinearName(.up)
    /// The gated activations, back to the stream.
    public static let downProjection = LinearName(.down)

    /// The number of the expert that the linear is part of, from 0; nil for what every token passes.
    public var expertIndex: Int? { expert?.index }

    /// What the linear multiplies.
    public var site: InputSite {
        switch role {
        case .queryKeyValue, .query, .key, .value: .attentionInput
        case .attentionOutput: .attentionOutput
        case .gateUp, .gate, .up: .feedForwardInput
        case .down: .feedForwardOutput
        }
    }

    /// The name of the linear within its block, as in `self_attn.q_proj`.
    public var rawValue: String {
        guard let expert else { return role.rawValue }
        let name =
            switch (expert.spelling, role) {
            case (.blockSparse, .gate): "w1"
            case (.blockSparse, .down): "w2"
            case (.blockSparse, .up): "w3"
            default: String(role.rawValue.drop { $0 != "." }.dropFirst())
            }
        return "\(expert.spelling.module).experts.\(expert.index).\(name)"
    }

    /// The name of the linear in a checkpoint, without `.weight`.
    public func path(layer: Int) -> String { "model.layers.\(layer).\(rawValue)" }

    /// The outputs and inputs of the linear.
    public func shape(in configuration: ModelConfiguration) -> (outputs: Int, inputs: Int) {
        let inner =
            expert == nil
            ? configuration.intermediateSize : configuration.experts?.intermediateSize ?? 0
        let (hidden, query) = (configuration.hiddenSize, configuration.queryWidth)
        return switch role {
        case .queryKeyValue: (query + 2 * configuration.keyValueWidth, hidden)
        case .query: (query, hidden)
        case .key, .value: (configuration.keyValueWidth, hidden)
        case .attentionOutput: (hidden, query)
        case .gateUp: (2 * inner, hidden)
        case .gate, .up: (inner, hidden)
        case .down: (hidden, inner)
        }
    }

    /// Whether the linear has a bias.
    public func hasBias(in configuration: ModelConfiguration) -> Bool {
        configuration.biasedLinears.contains(self)
    }
}
