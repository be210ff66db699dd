public import OctavoNumerics

/// One block of the decoder: attention and feed-forward, each behind an RMSNorm and added to the
/// residual stream.
///
/// A block stands alone: quantization loads one at a time and never holds the whole model.
public struct DecoderBlock: Sendable {
    /// The architecture that the block is part of.
    public let configuration: ModelConfiguration
    /// `[hidden]`, before attention.
    public let attentionNorm: [Float]
    /// `[hidden]`, before the feed-forward part.
    public let feedForwardNorm: [Float]
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
        var spans: [AttentionSpan] = []
        var row = 0
        for length in layout.lengths {
            spans.append(
                AttentionSpan(firstQuery: row, queryCount: length, firstKey: row, keyCount: length)
            )
            row += length
        }
        forward(&hidden, positions: layout.positions, rotary: rotary, execution, capture: capture) {
            queries,
            keys,
            values in
            attend(queries, keys.elements, values.elements, spans, execution)
        }
    }

    /// Runs the block on sequences that continue what a cache holds, and appends to the cache.
    func forward(
        _ hidden: inout Matrix,
        rotary: RotaryTable,
        extending cache: inout LayerCache,
        at placement: CachePlacement,
        _ execution: Execution
    ) {
        forward(&hidden, positions: placement.positions, rotary: rotary, execution, capture: nil) {
            queries,
            keys,
            values in
            cache.store(keys: keys, values: values, at: placement)
            return attend(queries, cache.keys, cache.values, placement.spans, execution)
        }
    }

    private func forward(
        _ hidden: inout Matrix,
        positions: [Int],
        rotary: RotaryTable,
        _ execution: Execution,
        capture: ((InputSite, Matrix) -> Void)?,
        attention: (_ queries: Matrix, _ keys: Matrix, _ values: Matrix) -> Matrix
    ) {
        let threads = execution.threads
        let epsilon = configuration.normEpsilon
        let x = rmsNorm(hidden, weight: attentionNorm, epsilon: epsilon, threads: threads)
        capture?(.attentionInput, x)
        var queries = self[linear: .queryProjection](x, execution)
        var keys = self[linear: .keyProjection](x, execution)
        let values = self[linear: .valueProjection](x, execution)
        rotary.rotate(&queries, positions: positions, threads: threads)
        rotary.rotate(&keys, positions: positions, threads: threads)
        let attended = attention(queries, keys, values)
        capture?(.attentionOutput, attended)
        add(self[linear: .outputProjection](attended, execution), to: &hidden, threads: threads)

        let y = rmsNorm(hidden, weight: feedForwardNorm, epsilon: epsilon, threads: threads)
        capture?(.feedForwardInput, y)
        var gated = self[linear: .gateProjection](y, execution)
        siluProduct(gate: &gated, up: self[linear: .upProjection](y, execution), threads: threads)
        capture?(.feedForwardOutput, gated)
        add(self[linear: .downProjection](gated, execution), to: &hidden, threads: threads)
    }

    private func attend(
        _ queries: Matrix,
        _ keys: [Float],
        _ values: [Float],
        _ spans: [AttentionSpan],
        _ execution: Execution
    ) -> Matrix {
        causalAttention(
            queries: queries,
            keys: keys,
            values: values,
            spans: spans,
            headDimension: configuration.headDimension,
            keyValueHeads: configuration.keyValueHeadCount,
            threads: execution.threads
        )
    }
}
