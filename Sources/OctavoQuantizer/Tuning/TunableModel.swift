public import OctavoModel
import OctavoNumerics

/// A quantized model whose parameters are learned, codes among them.
public struct TunableModel: Sendable {
    /// The architecture.
    public let configuration: ModelConfiguration
    /// The blocks, in order.
    private(set) var blocks: [TunableBlock]
    /// Embedding, final norm and head as they stand.
    public private(set) var ends: ModelEnds
    private var finalNorm: TunableParameter
    private var embedding: TunableParameter?
    private var head: TunableParameter?
    private var steps = 0

    /// Takes a model; its additive linears are learned, others stay as they are.
    ///
    /// - Throws: ``BlockTuningError``.
    public init(
        _ model: LanguageModel,
        updatesEmbeddings: Bool = false,
        threads: Int
    ) throws(BlockTuningError) {
        configuration = model.configuration
        ends = model.ends
        let center = configuration.family.description.norm.center
        finalNorm = TunableParameter(model.ends.finalNorm, center: center)
        if updatesEmbeddings {
            embedding = TunableParameter(model.ends.embedding.matrix.elements)
            head = model.ends.untiedHead.map { TunableParameter($0.matrix.elements) }
        }
        blocks = []
        for block in model.blocks {
            blocks.append(try TunableBlock(block, layers: block.additiveLayers, threads: threads))
        }
    }

    /// The additive layers as they stand, by path.
    public var layers: [String: AdditiveLayer] {
        var layers: [String: AdditiveLayer] = [:]
        for (index, block) in blocks.enumerated() {
            for (name, layer) in block.layers { layers[name.path(layer: index)] = layer }
        }
        return layers
    }

    /// Tensors that are learned besides those of the additive layers, by name.
    public var tensors: [String: [Float]] {
        var tensors = ["model.norm.weight": finalNorm.values]
        tensors["model.embed_tokens.weight"] = embedding?.values
        tensors["lm_head.weight"] = head?.values
        for (index, block) in blocks.enumerated() {
            let formed = block.withoutWeights
            for name in configuration.norms {
                guard let path = name.path(layer: index, in: configuration) else { continue }
                tensors[path] = formed[norm: name]
            }
            for name in block.names {
                tensors[name.path(layer: index) + ".bias"] = formed[bias: name]
            }
        }
        return tensors
    }

    /// A block as it stands: its norms, biases, and weights, which are formed at each call.
    public func block(_ index: Int) -> DecoderBlock { blocks[index].formed() }

    /// How many groups of weights have codes.
    public var groups: Int { blocks.reduce(0) { $0 + $1.groups } }

    /// Moves a block against its gradients, and returns how many of its groups have other codes now.
    mutating func step(
        block index: Int,
        _ gradients: BlockGradients,
        _ options: TuningOptions,
        rateFactor: Float
    ) -> Int {
        blocks[index].step(gradients, options, rateFactor: rateFactor)
    }

    /// Moves what surrounds the blocks.
    mutating func step(_ gradients: EndGradients, _ options: TuningOptions, rateFactor: Float) {
        guard options.updatesParameters else { return }
        steps += 1
        let step = ParameterStep(
            rate: options.learningRate * rateFactor,
            count: steps,
            optimizer: options.optimizer
        )
        finalNorm.step(gradients.finalNorm, step)
        if let gradient = gradients.embedding { embedding?.step(gradient.elements, step) }
        if let gradient = gradients.head { head?.step(gradient.elements, step) }
        formEnds()
    }

    /// All that a tuning needs to go on, or only what is learned.
    func state(valuesOnly: Bool) throws(StateError) -> TuningState {
        var (copy, collector) = (self, StateCollector(valuesOnly: valuesOnly))
        try copy.visit(&collector)
        return collector.state
    }

    /// Takes up a state.
    mutating func restore(_ state: TuningState, valuesOnly: Bool) throws(StateError) {
        var restorer = StateRestorer(state: state, valuesOnly: valuesOnly)
        try visit(&restorer)
        formEnds()
    }

    private mutating func visit(_ visitor: inout some StateVisitor) throws(StateError) {
        for index in blocks.indices { try blocks[index].visit(&visitor, "\(index).") }
        try finalNorm.visit(&visitor, "final_norm")
        try embedding?.visit(&visitor, "embedding")
        try head?.visit(&visitor, "head")
        try visitor.progress("steps", &steps)
    }

    private mutating func formEnds() {
        ends.finalNorm = finalNorm.values
        if let embedding { ends.embedding = .floats(ends.embedding.shaped(embedding.values)) }
        if let head { ends.untiedHead = ends.untiedHead.map { .floats($0.shaped(head.values)) } }
    }

    /// Rounds all that is learned to what half precision holds.
    mutating func roundToHalf() {
        for index in blocks.indices { blocks[index].roundToHalf() }
        finalNorm.roundToHalf()
        embedding?.roundToHalf()
        head?.roundToHalf()
        formEnds()
    }
}

extension DecoderBlock {
    /// The linears that are held as sums of codebook entries.
    fileprivate var additiveLayers: [LinearName: AdditiveLayer] {
        var layers: [LinearName: AdditiveLayer] = [:]
        for name in linearNames {
            if case .additive(let layer) = self[name] { layers[name] = layer }
        }
        return layers
    }
}
