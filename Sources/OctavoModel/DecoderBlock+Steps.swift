public import OctavoNumerics

/// A block's forward pass in steps, each from what one site's linears take to what the next site's take.
///
/// The whole pass is these steps in order. Quantization goes through them one by one, since a linear
/// is fitted to inputs that come from the linears before it.
extension DecoderBlock {
    /// The input of the query, key and value projections: the stream, normed.
    ///
    /// - Parameters:
    ///   - hidden: The residual stream, `[tokens, hidden]`.
    ///   - execution: How the pass is carried out.
    /// - Returns: `[tokens, hidden]`.
    public func attentionInput(_ hidden: Matrix, _ execution: Execution) -> Matrix {
        normed(hidden, attentionNorm, execution)
    }

    /// The input of the output projection: what the heads bring together over whole sequences.
    ///
    /// - Parameters:
    ///   - x: The input of the query, key and value projections.
    ///   - layout: The sequences; each attends to itself alone, and its positions begin at 0.
    ///   - rotary: A table that reaches the longest sequence.
    ///   - execution: How the pass is carried out.
    /// - Returns: `[tokens, query width]`.
    public func attended(
        _ x: Matrix,
        layout: BatchLayout,
        rotary: RotaryTable,
        _ execution: Execution
    ) -> Matrix {
        attended(x, layout: layout, rotary: rotary, execution) { _, _ in }
    }

    /// The input of the gate and up projections: the stream after attention, normed.
    public func feedForwardInput(_ hidden: Matrix, _ execution: Execution) -> Matrix {
        normed(hidden, feedForwardNorm, execution)
    }

    /// The input of the down projection: `silu(gate) · up`.
    ///
    /// - Parameters:
    ///   - y: The input of the gate and up projections.
    ///   - execution: How the pass is carried out.
    /// - Returns: `[tokens, intermediate]`.
    public func gated(_ y: Matrix, _ execution: Execution) -> Matrix {
        gated(y, execution) { _, _ in }
    }

    /// Adds to the stream what a linear makes of its input: the output or the down projection.
    public func add(
        _ name: LinearName,
        of input: Matrix,
        to hidden: inout Matrix,
        _ execution: Execution
    ) {
        let output = self[linear: name](input, execution)
        OctavoNumerics.add(output, to: &hidden, threads: execution.threads)
    }
}

/// The same steps for those who also want what is inside them.
extension DecoderBlock {
    /// Queries and keys, rotated, and values.
    func projected(
        _ x: Matrix,
        positions: [Int],
        rotary: RotaryTable,
        _ execution: Execution
    ) -> (queries: Matrix, keys: Matrix, values: Matrix) {
        var queries = self[linear: .queryProjection](x, execution)
        var keys = self[linear: .keyProjection](x, execution)
        let values = self[linear: .valueProjection](x, execution)
        rotary.rotate(&queries, positions: positions, threads: execution.threads)
        rotary.rotate(&keys, positions: positions, threads: execution.threads)
        return (queries, keys, values)
    }

    /// What the heads bring together, with queries, keys and values recorded on the way.
    func attended(
        _ x: Matrix,
        layout: BatchLayout,
        rotary: RotaryTable,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) -> Matrix {
        let (queries, keys, values) = projected(
            x,
            positions: layout.positions,
            rotary: rotary,
            execution
        )
        record(.queries, queries)
        record(.keys, keys)
        record(.values, values)
        return attention(queries: queries, keys: keys, values: values, layout, execution).output()
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

    /// The gated activations, with both factors recorded on the way.
    func gated(
        _ y: Matrix,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) -> Matrix {
        var gated = self[linear: .gateProjection](y, execution)
        let up = self[linear: .upProjection](y, execution)
        record(.gate, gated)
        record(.up, up)
        siluProduct(gate: &gated, up: up, threads: execution.threads)
        return gated
    }

    private func normed(_ hidden: Matrix, _ weight: [Float], _ execution: Execution) -> Matrix {
        rmsNorm(
            hidden,
            weight: weight,
            epsilon: configuration.normEpsilon,
            threads: execution.threads
        )
    }
}
