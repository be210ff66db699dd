public import OctavoNumerics

/// One block of the decoder: attention and a feed-forward part, each normed on the way as its family has
/// it and added to the residual stream.
///
/// A block stands alone: quantization loads one at a time and never holds the whole model.
public struct DecoderBlock: Sendable {
    /// The architecture that the block is part of.
    public let configuration: ModelConfiguration
    /// How the block attends.
    public let attention: LayerAttention
    private(set) var norms: [NormName: Norm] = [:]
    /// The linears that the block has, in the order in which data reaches them.
    public let linearNames: [LinearName]
    private var linears: [LinearName: Linear] = [:]
    /// Nil where every token passes the same feed-forward part.
    let router: Router?

    /// Loads a block.
    ///
    /// - Throws: ``WeightError``, or what the source throws.
    public init(
        configuration: ModelConfiguration,
        layer: Int,
        from source: some WeightSource
    ) throws {
        self.configuration = configuration
        attention = configuration.layers[layer]
        for name in configuration.norms {
            guard let path = name.path(layer: layer, in: configuration) else { continue }
            norms[name] = configuration.norm(
                try source.numbers(path, shape: name.shape(in: configuration)),
                width: name.width(in: configuration)
            )
        }
        linearNames = configuration.linears(inLayer: layer)
        for name in linearNames {
            let (outputs, inputs) = name.shape(in: configuration)
            linears[name] = try source.linear(
                name.path(layer: layer),
                outputs: outputs,
                inputs: inputs,
                hasBias: name.hasBias(in: configuration)
            )
        }
        router = try configuration.experts(inLayer: layer).map { experts in
            let weight = try source.matrix(
                experts.routerPath(layer: layer) + ".weight",
                rows: experts.count,
                columns: configuration.hiddenSize
            )
            return Router(weight: weight, experts: experts)
        }
    }

    /// How many experts the block has; nil if every token passes the same feed-forward part.
    public var expertCount: Int? { router?.experts.count }

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

    /// The weights of a norm as checkpoints store them, nil if there is none; a new value must be as
    /// long as the old one.
    public subscript(norm name: NormName) -> [Float]? {
        get { norms[name]?.weight }
        set {
            precondition(newValue?.count == norms[name]?.weight.count)
            if let newValue { norms[name]?.weight = newValue }
        }
    }

    /// A linear with its bias.
    subscript(linear name: LinearName) -> Linear {
        guard let linear = linears[name] else {
            preconditionFailure("a block has the linears of its family")
        }
        return linear
    }

    /// What several linears make of one input.
    func outputs(_ names: [LinearName], of x: Matrix, _ execution: Execution) -> [Matrix] {
        Linear.products(names.map { self[linear: $0] }, x, execution)
    }

    /// How the scores of queries and keys are formed.
    var rule: AttentionRule {
        AttentionRule(
            headDimension: configuration.headDimension,
            scale: configuration.attentionScale,
            cap: configuration.attentionCap,
            window: attention.window
        )
    }

    /// Runs the block on whole sequences.
    ///
    /// - Parameters:
    ///   - hidden: The residual stream, `[tokens, hidden]`, replaced by that after the block.
    ///   - layout: The sequences; each attends to itself alone, and its positions begin at 0.
    ///   - rotary: Tables that cover the lengths of the sequences.
    ///   - execution: How the pass is carried out.
    public func forward(
        _ hidden: inout Matrix,
        layout: BatchLayout,
        rotary: RotaryTables,
        _ execution: Execution
    ) {
        forward(&hidden, layout: layout, rotary: rotary, execution) { _, _ in }
    }

    /// The same, with all that the backward pass needs recorded on the way.
    func forward(
        _ hidden: inout Matrix,
        layout: BatchLayout,
        rotary: RotaryTables,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        let x = attentionInput(hidden, execution)
        record(.input(.attentionInput), x)
        let attended = attended(x, layout: layout, rotary: rotary, execution, record: record)
        finish(&hidden, x, attended, execution, record: record)
    }

    /// Runs the block on sequences that continue what a cache holds, and appends to the cache.
    func forward(
        _ hidden: inout Matrix,
        rotary: RotaryTables,
        extending cache: inout AttentionCache,
        at placement: CachePlacement,
        _ execution: Execution
    ) {
        let x = attentionInput(hidden, execution)
        let projected = projected(x, at: placement.places, rotary: rotary, execution) { _, _ in }
        cache.store(
            keys: projected.keys,
            values: projected.values,
            at: placement.spans,
            threads: execution.threads
        )
        let attended = cache.attend(
            projected.queries,
            at: placement.spans,
            rule: rule,
            threads: execution.threads
        )
        finish(&hidden, x, attended, execution) { _, _ in }
    }

    /// What follows attention, given what attention took.
    private func finish(
        _ hidden: inout Matrix,
        _ x: Matrix,
        _ attended: Matrix,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        record(.input(.attentionOutput), attended)
        add(.outputProjection, of: attended, to: &hidden, execution, record: record)
        record(.middle, hidden)
        let y = configuration.isParallel ? x : feedForwardInput(hidden, execution)
        record(.input(.feedForwardInput), y)
        guard router == nil else {
            return addExperts(of: y, to: &hidden, execution, record: record)
        }
        let gated = gated(y, execution, record: record)
        record(.input(.feedForwardOutput), gated)
        add(.downProjection, of: gated, to: &hidden, execution, record: record)
    }
}
