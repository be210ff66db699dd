public import OctavoNumerics

/// One block of the decoder: attention and feed-forward, each behind an RMSNorm and added to the
/// residual stream.
///
/// A block stands alone: quantization loads one at a time and never holds the whole model.
public struct DecoderBlock: Sendable {
    /// The architecture that the block is part of.
    public let configuration: ModelConfiguration
    /// `[hidden]`, before attention.
    public var attentionNorm: [Float]
    /// `[hidden]`, before the feed-forward part.
    public var feedForwardNorm: [Float]
    private var linears: [LinearName: Linear]

    /// Loads a block.
    ///
    /// - Throws: ``WeightError``, or what the source throws.
    public init(
        configuration: ModelConfiguration,
        layer: Int,
        from source: some WeightSource
    ) throws {
        let prefix = "model.layers.\(layer)."
        self.configuration = configuration
        attentionNorm = try source.vector(
            prefix + "input_layernorm.weight",
            count: configuration.hiddenSize
        )
        feedForwardNorm = try source.vector(
            prefix + "post_attention_layernorm.weight",
            count: configuration.hiddenSize
        )
        linears = [:]
        for name in LinearName.allCases {
            let (outputs, inputs) = name.shape(in: configuration)
            linears[name] = try source.linear(
                name.path(layer: layer),
                outputs: outputs,
                inputs: inputs,
                hasBias: name.hasBias(in: configuration)
            )
        }
    }

    /// The weights of a linear; a new value must have the shape of the old one.
    public subscript(name: LinearName) -> LinearLayer {
        get { self[linear: name].layer }
        set {
            precondition((newValue.outputs, newValue.inputs) == name.shape(in: configuration))
            linears[name]?.layer = newValue
        }
    }

    /// The bias of a linear, nil if it has none; a new value must be as long as the old one.
    public subscript(bias name: LinearName) -> [Float]? {
        get { self[linear: name].bias }
        set {
            precondition(newValue?.count == self[linear: name].bias?.count)
            linears[name]?.bias = newValue
        }
    }

    /// A linear with its bias.
    subscript(linear name: LinearName) -> Linear {
        guard let linear = linears[name] else { preconditionFailure("a block has all linears") }
        return linear
    }

    /// Runs the block on whole sequences.
    ///
    /// - Parameters:
    ///   - hidden: The residual stream, `[tokens, hidden]`, replaced by that after the block.
    ///   - layout: The sequences; each attends to itself alone, and its positions begin at 0.
    ///   - rotary: A table that reaches the longest sequence.
    ///   - execution: How the pass is carried out.
    public func forward(
        _ hidden: inout Matrix,
        layout: BatchLayout,
        rotary: RotaryTable,
        _ execution: Execution
    ) {
        forward(&hidden, layout: layout, rotary: rotary, execution) { _, _ in }
    }

    /// The same, with all that the backward pass needs recorded on the way.
    func forward(
        _ hidden: inout Matrix,
        layout: BatchLayout,
        rotary: RotaryTable,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        let x = attentionInput(hidden, execution)
        record(.input(.attentionInput), x)
        let attended = attended(x, layout: layout, rotary: rotary, execution, record: record)
        finish(&hidden, attended, execution, record: record)
    }

    /// Runs the block on sequences that continue what a cache holds, and appends to the cache.
    func forward(
        _ hidden: inout Matrix,
        rotary: RotaryTable,
        extending cache: inout LayerCache,
        at placement: CachePlacement,
        _ execution: Execution
    ) {
        let x = attentionInput(hidden, execution)
        let projected = projected(x, positions: placement.positions, rotary: rotary, execution)
        cache.store(keys: projected.keys, values: projected.values, at: placement)
        let attended = causalAttention(
            queries: projected.queries,
            keys: cache.keys,
            values: cache.values,
            spans: placement.spans,
            headDimension: configuration.headDimension,
            keyValueHeads: configuration.keyValueHeadCount,
            threads: execution.threads
        )
        finish(&hidden, attended, execution) { _, _ in }
    }

    /// What follows attention.
    private func finish(
        _ hidden: inout Matrix,
        _ attended: Matrix,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        record(.input(.attentionOutput), attended)
        add(.outputProjection, of: attended, to: &hidden, execution)
        record(.middle, hidden)
        let y = feedForwardInput(hidden, execution)
        record(.input(.feedForwardInput), y)
        let gated = gated(y, execution, record: record)
        record(.input(.feedForwardOutput), gated)
        add(.downProjection, of: gated, to: &hidden, execution)
    }
}
