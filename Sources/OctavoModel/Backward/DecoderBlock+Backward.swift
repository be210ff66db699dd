public import OctavoNumerics

/// The gradients of a block's parameters, each in the shape of its parameter.
public struct BlockGradients: Sendable {
    /// Those of the weights of each norm, as checkpoints store them.
    public internal(set) var norms: [NormName: [Float]] = [:]
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
        rotary: RotaryTables,
        _ execution: Execution,
        weights: Set<LinearName> = Set(LinearName.allCases),
        visit: ((LinearName, Matrix) -> Void)? = nil
    ) -> BlockGradients {
        var pass = BlockBackwardPass(
            block: self,
            trace: trace,
            rotary: rotary,
            execution: execution,
            weights: weights,
            visit: visit
        )
        pass.run(&gradient)
        return pass.gradients
    }
}

/// One way back through a block.
private struct BlockBackwardPass {
    let block: DecoderBlock
    let trace: BlockTrace
    let rotary: RotaryTables
    let execution: Execution
    let weights: Set<LinearName>
    let visit: ((LinearName, Matrix) -> Void)?
    var gradients = BlockGradients()

    private var configuration: ModelConfiguration { block.configuration }

    mutating func run(_ gradient: inout Matrix) {
        let gated = backFromStream(.downProjection, gradient)
        var normed = back(.feedForwardInput, block.gatedBackward(gated, trace, execution))
        if !configuration.isParallel {
            backToStream(.feedForwardInput, trace[.middle], normed, &gradient)
            normed = Matrix(rows: normed.rows, columns: normed.columns)
        }
        let attended = backFromStream(.outputProjection, gradient)
        add(back(.attentionInput, attentionBackward(attended)), times: 1, to: &normed)
        backToStream(.attentionInput, trace.input, normed, &gradient)
    }

    /// From the stream to the input of the linear that adds to it.
    private mutating func backFromStream(_ name: LinearName, _ stream: Matrix) -> Matrix {
        var gradient = stream
        if configuration.residualScale != 1 { gradient.scale(by: configuration.residualScale) }
        if let place = name.outputNorm, let norm = block.norms[place] {
            var inner = Matrix(rows: gradient.rows, columns: gradient.columns)
            gradients.norms[place] = norm.backward(
                trace[.output(name)],
                gradient: gradient,
                addingTo: &inner,
                execution
            )
            gradient = inner
        }
        return back(name.site, [(name, gradient)])
    }

    /// From what linears take to the stream that it is the norm of.
    private mutating func backToStream(
        _ place: NormName,
        _ x: Matrix,
        _ gradient: Matrix,
        _ stream: inout Matrix
    ) {
        guard let norm = block.norms[place] else {
            return add(gradient, times: 1, to: &stream)
        }
        gradients.norms[place] = norm.backward(
            x,
            gradient: gradient,
            addingTo: &stream,
            execution
        )
    }

    /// From the outputs of a site's linears to their input, and to their parameters.
    private mutating func back(_ site: InputSite, _ outputs: [(LinearName, Matrix)]) -> Matrix {
        let x = trace[.input(site)]
        var input = Matrix(rows: x.rows, columns: x.columns)
        for (name, output) in outputs {
            visit?(name, output)
            if weights.contains(name) {
                gradients.weights[name] = product(output, transposed: true, x)
            }
            if block[bias: name] != nil { gradients.biases[name] = columnSums(output) }
            multiply(output, block[name].weight, into: &input, beta: 1)
        }
        return input
    }

    /// From what the heads bring together to the outputs of the linears before them.
    private mutating func attentionBackward(_ gradient: Matrix) -> [(LinearName, Matrix)] {
        var heads = block.attention(
            queries: trace[.queries],
            keys: trace[.keys],
            values: trace[.values],
            trace.layout,
            execution
        ).backward(gradient)
        unrotate(&heads.queries, .queries, .projectedQueries)
        unrotate(&heads.keys, .keys, .projectedKeys)
        return configuration.linears.contains(.queryKeyValueProjection)
            ? [
                (
                    .queryKeyValueProjection,
                    Matrix(sideBySide: [heads.queries, heads.keys, heads.values])
                )
            ]
            : [
                (.queryProjection, heads.queries), (.keyProjection, heads.keys),
                (.valueProjection, heads.values),
            ]
    }

    /// From rotated queries or keys to those that were projected.
    private mutating func unrotate(
        _ heads: inout Matrix,
        _ place: NormName,
        _ projected: Activation
    ) {
        rotary.rotate(
            &heads,
            by: block.attention.rotary,
            at: trace.layout.places,
            transposed: true,
            execution
        )
        guard let norm = block.norms[place] else { return }
        var inner = Matrix(rows: heads.rows, columns: heads.columns)
        gradients.norms[place] = norm.backward(
            trace[projected],
            gradient: heads,
            addingTo: &inner,
            execution
        )
        heads = inner
    }
}
