import OctavoModel
import OctavoNumerics

/// A block whose parameters are learned.
struct TunableBlock: Sendable {
    /// The block without what is learned of it.
    private let rest: DecoderBlock
    private var linears: [LinearName: TunableLinear] = [:]
    private var norms: [NormName: TunableParameter] = [:]
    private var steps = 0
    private let threads: Int

    /// - Throws: ``BlockTuningError/layerShape(_:found:expected:)``.
    init(
        _ block: DecoderBlock,
        layers: [LinearName: AdditiveLayer],
        threads: Int
    ) throws(BlockTuningError) {
        rest = block
        self.threads = threads
        let center = block.configuration.family.description.norm.center
        for name in NormName.allCases {
            norms[name] = block[norm: name].map { TunableParameter($0, center: center) }
        }
        for (name, layer) in layers {
            let shape = name.shape(in: block.configuration)
            guard (layer.outputs, layer.inputs) == shape else {
                throw .layerShape(
                    name,
                    found: [layer.outputs, layer.inputs],
                    expected: [shape.outputs, shape.inputs]
                )
            }
            linears[name] = TunableLinear(layer, bias: block[bias: name])
        }
    }

    /// The linears that are learned.
    var names: Set<LinearName> { Set(linears.keys) }

    /// The additive layers as they stand.
    var layers: [LinearName: AdditiveLayer] { linears.mapValues(\.current) }

    /// How many groups of weights have codes.
    var groups: Int { linears.values.reduce(0) { $0 + $1.indices.rows * $1.indices.groups } }

    /// The block with the parameters as they stand, its weights formed anew at each call: a model's
    /// take sixteen times the memory of what they are formed from.
    func formed() -> DecoderBlock {
        var block = withoutWeights
        for (name, linear) in linears {
            block[name] = .dense(linear.weights(threads: threads))
        }
        return block
    }

    /// The block with norms and biases as they stand.
    var withoutWeights: DecoderBlock {
        var block = rest
        for (name, norm) in norms { block[norm: name] = norm.values }
        for (name, linear) in linears {
            if let bias = linear.bias { block[bias: name] = bias.values }
        }
        return block
    }

    /// Moves all parameters but the codes against their gradients.
    mutating func step(_ gradients: BlockGradients, rate: Float, optimizer: Optimizer = .adam) {
        steps += 1
        let step = ParameterStep(rate: rate, count: steps, optimizer: optimizer)
        for (name, gradient) in gradients.norms { norms[name]?.step(gradient, step) }
        for name in names {
            guard let weight = gradients.weights[name] else { continue }
            linears[name]?.step(weight, bias: gradients.biases[name], step, threads: threads)
        }
    }

    /// Moves what the options say against the gradients.
    ///
    /// - Parameters:
    ///   - gradients: Of this block as it is.
    ///   - options: What is learned, and how.
    ///   - rateFactor: What rates are multiplied by.
    /// - Returns: How many groups have other codes now.
    mutating func step(
        _ gradients: BlockGradients,
        _ options: TuningOptions,
        rateFactor: Float
    ) -> Int {
        var goals: [LinearName: StraightThroughBuffer] = [:]
        // Experts that no token of the batch passes stay as they are.
        for name in names where options.updatesCodes && gradients.weights[name] != nil {
            goals[name] = linears[name]?.takeGoal(options, threads: threads)
        }
        if options.updatesParameters {
            step(gradients, rate: options.learningRate * rateFactor, optimizer: options.optimizer)
        }
        var changed = 0
        for name in names {
            // Taken out, so that the step need not copy it.
            guard let goal = goals.removeValue(forKey: name), let weight = gradients.weights[name]
            else { continue }
            changed +=
                linears[name]?.stepCodes(
                    weight,
                    from: goal,
                    options,
                    rate: options.codeLearningRate * rateFactor,
                    threads: threads
                ) ?? 0
        }
        return changed
    }

    /// Rounds all parameters to what half precision holds.
    mutating func roundToHalf() {
        for name in NormName.allCases { norms[name]?.roundToHalf() }
        for name in names { linears[name]?.roundToHalf() }
    }

    /// Goes through the parts of the state.
    mutating func visit(_ visitor: inout some StateVisitor, _ prefix: String) throws(StateError) {
        for name in NormName.allCases where norms[name] != nil {
            try norms[name]?.visit(&visitor, prefix + name.rawValue + "_norm")
        }
        for name in rest.linearNames where linears[name] != nil {
            try linears[name]?.visit(&visitor, prefix + name.rawValue)
        }
        try visitor.progress(prefix + "steps", &steps)
    }
}
