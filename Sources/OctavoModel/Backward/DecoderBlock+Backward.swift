public import OctavoNumerics

/// The gradients of a block's parameters, each in the shape of its parameter.
public struct BlockGradients: Sendable {
    /// Those of the weights of each norm, as checkpoints store them.
    public internal(set) var norms: [NormName: [Float]] = [:]
    /// `[outputs, inputs]` of each linear that was asked for.
    public internal(set) var weights: [LinearName: Matrix] = [:]
    /// `[outputs]` of each linear with a bias.
    public internal(set) var biases: [LinearName: [Float]] = [:]
    /// `[experts, hidden]`; nil for a block without experts.
    public internal(set) var router: Matrix?
}

extension DecoderBlock {
    /// Goes back through a pass.
    ///
    /// - Parameters:
    ///   - gradient: That of the block's output, `[tokens, hidden]`; replaced by that of its input.
    ///   - trace: The pass, by this block as it is.
    ///   - rotary: As in the pass.
    ///   - execution: How the pass is carried out.
    ///   - weights: The linears whose weights' gradients are wanted; nil for all.
    ///   - visit: Called once with the gradient of the output of each linear, `[tokens, outputs]`,
    ///     the last linear first; of an expert's linear if tokens pass it, with a row for each of those.
    /// - Returns: The gradients of the parameters.
    public func backward(
        _ gradient: inout Matrix,
        through trace: BlockTrace,
        rotary: RotaryTables,
        _ execution: Execution,
        weights: Set<LinearName>? = nil,
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
    let weights: Set<LinearName>?
    let visit: ((LinearName, Matrix) -> Void)?
    var gradients = BlockGradients()

    private var configuration: ModelConfiguration { block.configuration }

    mutating func run(_ gradient: inout Matrix) {
        var normed = feedForwardBackward(gradient)
        if !configuration.isParallel {
            backToStream(.feedForwardInput, trace[.middle], normed, &gradient)
            normed = Matrix(rows: normed.rows, columns: normed.columns)
        }
        let attended = back(
            .attentionOutput,
            [(.outputProjection, backFromStream(.outputProjection, gradient))]
        )
        add(back(.attentionInput, attentionBackward(attended)), times: 1, to: &normed)
        backToStream(.attentionInput, trace.input, normed, &gradient)
    }

    /// From the stream to what the feed-forward part takes.
    private mutating func feedForwardBackward(_ stream: Matrix) -> Matrix {
        let output = backFromStream(.downProjection, stream)
        guard let router = block.router else {
            let gated = back(.feedForwardOutput, [(.downProjection, output)])
            return back(.feedForwardInput, block.gatedBackward(gated, trace, execution))
        }
        let passed = block.expertsBackward(
            router,
            trace[.input(.feedForwardInput)],
            gradient: output,
            execution
        ) { name, x, gradient in
            visit?(name, gradient)
            if weights?.contains(name) ?? true {
                gradients.weights[name] = execution.product(gradient, transposed: true, x)
            }
        }
        gradients.router = passed.router
        return passed.input
    }

    /// From the stream to the output of the linear that adds to it.
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
        return gradient
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
            if weights?.contains(name) ?? true {
                gradients.weights[name] = execution.product(output, transposed: true, x)
            }
            if block[bias: name] != nil { gradients.biases[name] = columnSums(output) }
            execution.add(productOf: output, block[name].weight, to: &input)
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
        return block.linearNames.contains(.queryKeyValueProjection)
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
