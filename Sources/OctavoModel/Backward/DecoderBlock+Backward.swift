public import OctavoNumerics

/// The gradients of a block's parameters, each in the shape of its parameter.
public struct BlockGradients: Sendable {
    /// `[hidden]`.
    public internal(set) var attentionNorm: [Float] = []
    /// `[hidden]`.
    public internal(set) var feedForwardNorm: [Float] = []
    /// `[outputs, inputs]` of each linear that was asked for.
    public internal(set) var weights: [LinearName: Matrix] = [:]
    /// `[outputs]` of each linear with a bias.
    public internal(set) var biases: [LinearName: [Float]] = [:]
}

extension DecoderBlock {
    /// Goes back through a pass.
    ///
    /// - Parameters:
    ///   - gradient: That of the block's output, `[tokens, hidden]`; replaced by that of its input.
    ///   - trace: The pass, by this block as it is.
    ///   - rotary: As in the pass.
    ///   - execution: How the pass is carried out.
    ///   - weights: The linears whose weights' gradients are wanted.
    ///   - visit: Called once with the gradient of the output of each linear, `[tokens, outputs]`,
    ///     the last linear first.
    /// - Returns: The gradients of the parameters.
    public func backward(
        _ gradient: inout Matrix,
        through trace: BlockTrace,
        rotary: RotaryTable,
        _ execution: Execution,
        weights: Set<LinearName> = Set(LinearName.allCases),
        visit: ((LinearName, Matrix) -> Void)? = nil
    ) -> BlockGradients {
        var gradients = BlockGradients()
        let epsilon = configuration.normEpsilon
        /// Takes the gradient of a linear's output to that of its input, and to its parameters.
        func back(_ name: LinearName, _ output: Matrix, _ input: inout Matrix, add: Bool = false) {
            visit?(name, output)
            if weights.contains(name) {
                let x = trace[.input(name.site)]
                gradients.weights[name] = product(output, transposed: true, x)
            }
            if self[bias: name] != nil { gradients.biases[name] = columnSums(output) }
            multiply(output, self[name].weight, into: &input, beta: add ? 1 : 0)
        }
        /// Room for the gradient of what some linears take.
        func room(_ site: InputSite) -> Matrix {
            Matrix(rows: gradient.rows, columns: site.width(in: configuration))
        }

        var gated = room(.feedForwardOutput)
        back(.downProjection, gradient, &gated)
        var (gate, up) = (trace[.gate], trace[.up])
        siluProductBackward(gate: &gate, up: &up, gradient: gated, threads: execution.threads)
        var normed = room(.feedForwardInput)
        back(.gateProjection, gate, &normed)
        back(.upProjection, up, &normed, add: true)
        gradients.feedForwardNorm = rmsNormBackward(
            trace[.middle],
            weight: feedForwardNorm,
            epsilon: epsilon,
            gradient: normed,
            addingTo: &gradient,
            threads: execution.threads
        )

        var attended = room(.attentionOutput)
        back(.outputProjection, gradient, &attended)
        var heads = attention(
            queries: trace[.queries],
            keys: trace[.keys],
            values: trace[.values],
            trace.layout,
            execution
        ).backward(attended)
        let (inverse, positions) = (rotary.inverse, trace.layout.positions)
        inverse.rotate(&heads.queries, positions: positions, threads: execution.threads)
        inverse.rotate(&heads.keys, positions: positions, threads: execution.threads)
        back(.queryProjection, heads.queries, &normed)
        back(.keyProjection, heads.keys, &normed, add: true)
        back(.valueProjection, heads.values, &normed, add: true)
        gradients.attentionNorm = rmsNormBackward(
            trace.input,
            weight: attentionNorm,
            epsilon: epsilon,
            gradient: normed,
            addingTo: &gradient,
            threads: execution.threads
        )
        return gradients
    }
}

extension RotaryTable {
    /// The table that turns back what this one turned.
    fileprivate var inverse: RotaryTable {
        RotaryTable(
            cosines: cosines,
            sines: Matrix(
                rows: sines.rows,
                columns: sines.columns,
                elements: sines.elements.map { -$0 }
            )
        )
    }
}
