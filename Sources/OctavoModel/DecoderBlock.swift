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
    ///   - capture: Called with each input of linears, in order, before they use it.
    public func forward(
        _ hidden: inout Matrix,
        layout: BatchLayout,
        rotary: RotaryTable,
        _ execution: Execution,
        capture: ((InputSite, Matrix) -> Void)? = nil
    ) {
        forward(&hidden, layout: layout, rotary: rotary, execution) { activation, values in
            if case .input(let site) = activation { capture?(site, values) }
        }
    }

    /// The same, with all that the backward pass needs recorded on the way.
    func forward(
        _ hidden: inout Matrix,
        layout: BatchLayout,
        rotary: RotaryTable,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        forward(&hidden, positions: layout.positions, rotary: rotary, execution, record: record) {
            attention(queries: $0, keys: $1, values: $2, layout, execution).output()
        }
    }

    /// Attention of whole sequences.
    func attention(
        queries: Matrix,
        keys: Matrix,
        values: Matrix,
        _ layout: BatchLayout,
        _ execution: Execution
    ) -> SequenceAttention {
        SequenceAttention(
            queries: queries,
            keys: keys,
            values: values,
            lengths: layout.lengths,
            headDimension: configuration.headDimension,
            threads: execution.threads
        )
    }

    /// Runs the block on sequences that continue what a cache holds, and appends to the cache.
    func forward(
        _ hidden: inout Matrix,
        rotary: RotaryTable,
        extending cache: inout LayerCache,
        at placement: CachePlacement,
        _ execution: Execution
    ) {
        forward(
            &hidden,
            positions: placement.positions,
            rotary: rotary,
            execution,
            record: { _, _ in }
        ) { queries, keys, values in
            cache.store(keys: keys, values: values, at: placement)
            return causalAttention(
                queries: queries,
                keys: cache.keys,
                values: cache.values,
                spans: placement.spans,
                headDimension: configuration.headDimension,
                keyValueHeads: configuration.keyValueHeadCount,
                threads: execution.threads
            )
        }
    }

    private func forward(
        _ hidden: inout Matrix,
        positions: [Int],
        rotary: RotaryTable,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void,
        attention: (_ queries: Matrix, _ keys: Matrix, _ values: Matrix) -> Matrix
    ) {
        let threads = execution.threads
        let epsilon = configuration.normEpsilon
        let x = rmsNorm(hidden, weight: attentionNorm, epsilon: epsilon, threads: threads)
        record(.input(.attentionInput), x)
        var queries = self[linear: .queryProjection](x, execution)
        var keys = self[linear: .keyProjection](x, execution)
        let values = self[linear: .valueProjection](x, execution)
        rotary.rotate(&queries, positions: positions, threads: threads)
        rotary.rotate(&keys, positions: positions, threads: threads)
        record(.queries, queries)
        record(.keys, keys)
        record(.values, values)
        let attended = attention(queries, keys, values)
        record(.input(.attentionOutput), attended)
        add(self[linear: .outputProjection](attended, execution), to: &hidden, threads: threads)
        record(.middle, hidden)

        let y = rmsNorm(hidden, weight: feedForwardNorm, epsilon: epsilon, threads: threads)
        record(.input(.feedForwardInput), y)
        var gated = self[linear: .gateProjection](y, execution)
        let up = self[linear: .upProjection](y, execution)
        record(.gate, gated)
        record(.up, up)
        siluProduct(gate: &gated, up: up, threads: threads)
        record(.input(.feedForwardOutput), gated)
        add(self[linear: .downProjection](gated, execution), to: &hidden, threads: threads)
    }
}
