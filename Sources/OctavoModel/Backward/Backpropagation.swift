public import OctavoNumerics

/// Gradients of a whole model, a block at a time.
///
/// The pass forward keeps the input of every block, `layers · tokens · hidden` floats; the pass back
/// runs each block once more for the rest, but for those whose traces are kept, as there is room for.
/// Blocks are asked for one at a time, from the first to the last and then from the last to the first,
/// so that no more than one need be in memory.
public struct Backpropagation {
    let ends: ModelEnds
    let tokens: [Int]
    let layout: BatchLayout
    let loss: TokenLoss
    let execution: Execution
    /// Whose weights' gradients are wanted; nil for all.
    var weights: Set<LinearName>? = []
    /// Of how many blocks, the last ones, the trace is kept.
    var traces = 0

    /// Prepares the passes.
    ///
    /// - Parameters:
    ///   - ends: What surrounds the blocks.
    ///   - tokens: All sequences of the layout, one after the other.
    ///   - layout: The sequences.
    ///   - loss: What the logits cost.
    ///   - execution: How the passes are carried out.
    ///   - weights: The linears whose weights' gradients are wanted; nil for all.
    ///   - traces: Of how many blocks, the last ones, the trace is kept from one pass to the other, which saves
    ///     a third pass through them; the result is the same.
    public init(
        ends: ModelEnds,
        tokens: [Int],
        layout: BatchLayout,
        loss: TokenLoss,
        execution: Execution,
        weights: Set<LinearName>? = [],
        traces: Int = 0
    ) {
        self.ends = ends
        self.tokens = tokens
        self.layout = layout
        self.loss = loss
        self.execution = execution
        self.weights = weights
        self.traces = traces
    }

    /// Runs both passes.
    ///
    /// - Parameters:
    ///   - gradients: What the gradients of the ends are added to, or nil.
    ///   - block: Returns a block.
    ///   - visit: Called with the gradients of the outputs of linears.
    ///   - finish: Called with the gradients of a block's parameters, the last block first.
    /// - Returns: The loss.
    /// - Throws: ``TokenError`` if a token is not in the vocabulary, or what `block` throws.
    public func run(
        addingTo gradients: inout EndGradients?,
        block: (Int) throws -> DecoderBlock,
        visit: ((Int, LinearName, Matrix) -> Void)? = nil,
        finish: (Int, BlockGradients) -> Void = { _, _ in }
    ) throws -> Double {
        precondition(layout.tokenCount == tokens.count)
        let rotary = ends.configuration.rotaryTables(lengths: layout.lengths)
        var hidden = try ends.embed(tokens)
        var inputs: [Matrix] = []
        var kept: [BlockTrace] = []
        func pass(_ input: Matrix, through block: DecoderBlock) -> BlockTrace {
            BlockTrace(block, input: input, layout: layout, rotary: rotary, execution)
        }
        for index in 0..<ends.configuration.layerCount {
            guard index < ends.configuration.layerCount - traces else {
                kept.append(pass(hidden, through: try block(index)))
                hidden = kept[kept.count - 1].output
                continue
            }
            inputs.append(hidden)
            try block(index).forward(&hidden, layout: layout, rotary: rotary, execution)
        }
        let loss = ends.backward(&hidden, loss: loss, execution, addingTo: &gradients)
        for index in (0..<ends.configuration.layerCount).reversed() {
            let block = try block(index)
            let trace = kept.popLast() ?? pass(inputs.removeLast(), through: block)
            let blockGradients = block.backward(
                &hidden,
                through: trace,
                rotary: rotary,
                execution,
                weights: weights,
                visit: visit.map { visit in { visit(index, $0, $1) } }
            )
            finish(index, blockGradients)
        }
        gradients?.add(
            embedded: hidden,
            tokens: tokens,
            scale: ends.configuration.embeddingScale
        )
        return loss
    }
}

/// The gradients of all of a model's parameters.
public struct ModelGradients: Sendable {
    /// Those of embedding, final norm and head.
    public internal(set) var ends: EndGradients
    /// Those of the blocks, in order.
    public internal(set) var blocks: [BlockGradients]
}

extension LanguageModel {
    /// Returns a loss and its gradients by all parameters.
    ///
    /// - Parameters:
    ///   - loss: What the logits cost.
    ///   - tokens: All sequences of the layout, one after the other.
    ///   - layout: The sequences.
    ///   - traces: As in ``Backpropagation``.
    ///   - execution: How the passes are carried out.
    /// - Returns: The loss and the gradients.
    /// - Throws: ``TokenError`` if a token is not in the vocabulary.
    public func gradients(
        of loss: TokenLoss,
        tokens: [Int],
        layout: BatchLayout,
        traces: Int = 0,
        _ execution: Execution = Execution()
    ) throws -> (loss: Double, gradients: ModelGradients) {
        var endGradients: EndGradients? = EndGradients(ends)
        var blockGradients = [BlockGradients](repeating: BlockGradients(), count: blocks.count)
        let value = try Backpropagation(
            ends: ends,
            tokens: tokens,
            layout: layout,
            loss: loss,
            execution: execution,
            weights: nil,
            traces: traces
        ).run(addingTo: &endGradients, block: { blocks[$0] }, finish: { blockGradients[$0] = $1 })
        let ends = endGradients ?? EndGradients(ends)
        return (value, ModelGradients(ends: ends, blocks: blockGradients))
    }
}

/// Computes the gradients of a loss by the outputs of all linears of a model, holding one block of
/// weights at a time: each is loaded twice.
///
/// Memory grows with the number of tokens, so long texts are given some sequences at a time.
///
/// - Parameters:
///   - source: The weights.
///   - ends: What surrounds the blocks.
///   - loss: What the logits cost, ``TokenLoss/drawn(seed:firstStream:)`` for the Fisher information.
///   - tokens: All sequences of the layout, one after the other.
///   - layout: The sequences.
///   - execution: How the passes are carried out.
///   - visit: Called once for each linear with the index of its block, its name and the gradient of
///     its output, `[tokens, outputs]`, the last linear of the last block first.
/// - Returns: The loss.
/// - Throws: ``TokenError`` if a token is not in the vocabulary, ``WeightError``, or what the source
///   throws.
@discardableResult
public func forEachOutputGradient(
    source: some WeightSource,
    ends: ModelEnds,
    loss: TokenLoss,
    tokens: [Int],
    layout: BatchLayout,
    _ execution: Execution,
    visit: @escaping (Int, LinearName, Matrix) -> Void
) throws -> Double {
    var none: EndGradients?
    return try Backpropagation(
        ends: ends,
        tokens: tokens,
        layout: layout,
        loss: loss,
        execution: execution
    ).run(
        addingTo: &none,
        block: { index in
            try DecoderBlock(configuration: ends.configuration, layer: index, from: source)
        },
        visit: visit
    )
}
