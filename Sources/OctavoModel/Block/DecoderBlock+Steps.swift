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
        norms[.attentionInput]?(hidden, execution) ?? hidden
    }

    /// The input of the output projection: what the heads bring together over whole sequences.
    ///
    /// - Parameters:
    ///   - x: The input of the query, key and value projections.
    ///   - layout: The sequences; each attends to itself alone, and its positions begin at 0.
    ///   - rotary: Tables that cover the lengths of the sequences.
    ///   - execution: How the pass is carried out.
    /// - Returns: `[tokens, query width]`.
    public func attended(
        _ x: Matrix,
        layout: BatchLayout,
        rotary: RotaryTables,
        _ execution: Execution
    ) -> Matrix {
        attended(x, layout: layout, rotary: rotary, execution) { _, _ in }
    }

    /// The input of the gate and up projections: the stream, normed.
    ///
    /// - Parameters:
    ///   - hidden: The residual stream after attention; before the block if that is parallel.
    ///   - execution: How the pass is carried out.
    /// - Returns: `[tokens, hidden]`.
    public func feedForwardInput(_ hidden: Matrix, _ execution: Execution) -> Matrix {
        let norm = configuration.isParallel ? NormName.attentionInput : .feedForwardInput
        return norms[norm]?(hidden, execution) ?? hidden
    }

    /// The input of the down projection: the gate's function of the gate, times up.
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
        add(name, of: input, to: &hidden, execution) { _, _ in }
    }

    /// What a linear makes of its input, before anything is normed or added.
    public func output(_ name: LinearName, of input: Matrix, _ execution: Execution) -> Matrix {
        self[linear: name](input, execution)
    }
}

/// The same steps for those who also want what is inside them.
extension DecoderBlock {
    /// Queries and keys, rotated, and values.
    func projected(
        _ x: Matrix,
        at places: [TokenPlace],
        rotary: RotaryTables,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) -> (queries: Matrix, keys: Matrix, values: Matrix) {
        var (queries, keys, values) = projections(x, execution)
        if let norm = norms[.queries] {
            record(.projectedQueries, queries)
            queries = norm(queries, execution)
        }
        if let norm = norms[.keys] {
            record(.projectedKeys, keys)
            keys = norm(keys, execution)
        }
        rotary.rotate(&queries, by: attention.rotary, at: places, execution)
        rotary.rotate(&keys, by: attention.rotary, at: places, execution)
        return (queries, keys, values)
    }

    private func projections(_ x: Matrix, _ execution: Execution) -> (Matrix, Matrix, Matrix) {
        guard linearNames.contains(.queryKeyValueProjection) else {
            let parts = outputs(
                [.queryProjection, .keyProjection, .valueProjection],
                of: x,
                execution
            )
            return (parts[0], parts[1], parts[2])
        }
        let all = self[linear: .queryKeyValueProjection](x, execution)
        let (first, width) = (configuration.queryWidth, configuration.keyValueWidth)
        return (
            all.selecting(columns: 0..<first),
            all.selecting(columns: first..<first + width),
            all.selecting(columns: first + width..<first + 2 * width)
        )
    }

    /// What the heads bring together, with queries, keys and values recorded on the way.
    func attended(
        _ x: Matrix,
        layout: BatchLayout,
        rotary: RotaryTables,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) -> Matrix {
        let (queries, keys, values) = projected(
            x,
            at: layout.places,
            rotary: rotary,
            execution,
            record: record
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
            rule: rule,
            threads: execution.threads
        )
    }

    /// Adds to the stream what a linear makes of its input, normed if the family does so.
    func add(
        _ name: LinearName,
        of input: Matrix,
        to hidden: inout Matrix,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        add(
            self[linear: name](input, execution),
            from: name,
            to: &hidden,
            execution,
            record: record
        )
    }

    /// Adds to the stream what a linear has made, normed if the family does so.
    func add(
        _ output: Matrix,
        from name: LinearName,
        to hidden: inout Matrix,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        var output = output
        if let norm = name.outputNorm.flatMap({ norms[$0] }) {
            record(.output(name), output)
            output = norm(output, execution)
        }
        let scale = configuration.residualScale
        if scale != 1 { output.scale(by: scale) }
        OctavoNumerics.add(output, to: &hidden, threads: execution.threads)
    }
}

extension LinearName {
    /// The norm, if there is one, between what the linear makes and the stream that it is added to.
    var outputNorm: NormName? {
        switch role {
        case .attentionOutput: .attentionOutput
        case .down: .feedForwardOutput
        default: nil
        }
    }
}
