public import OctavoNumerics

/// What a block computes on the way, a row for each token.
enum Activation: Hashable, Sendable {
    /// What linears take.
    case input(InputSite)
    /// What a linear makes, where it is normed before it is added to the stream.
    case output(LinearName)
    /// Before they are normed, where they are.
    case projectedQueries
    /// Likewise.
    case projectedKeys
    /// Rotated.
    case queries
    /// Rotated.
    case keys
    case values
    /// The residual between attention and the feed-forward part.
    case middle
    /// Before it is gated.
    case gate
    case up
}

/// A pass through a block with all that its backward pass needs, of about ``width(_:)`` floats a token.
public struct BlockTrace: Sendable {
    /// The sequences.
    public let layout: BatchLayout
    /// The residual stream before the block, `[tokens, hidden]`.
    public let input: Matrix
    /// The residual stream after it.
    public let output: Matrix
    private let activations: [Activation: Matrix]

    /// About how many floats a trace has for a token, besides its input, which is the output of the block before:
    /// `4 · hidden + 2 · queryWidth + 2 · keyValueWidth + 3 · intermediate`, and what goes into norms of queries, keys
    /// and outputs where there are any.
    public static func width(_ configuration: ModelConfiguration) -> Int {
        let (hidden, norms) = (configuration.hiddenSize, configuration.norms)
        let heads = 2 * configuration.queryWidth + 2 * configuration.keyValueWidth
        return 4 * hidden + heads + 3 * configuration.intermediateSize
            + (norms.contains(.queries) ? configuration.queryWidth : 0)
            + (norms.contains(.keys) ? configuration.keyValueWidth : 0)
            + [NormName.attentionOutput, .feedForwardOutput].count { norms.contains($0) } * hidden
    }

    /// Runs a block.
    ///
    /// - Parameters:
    ///   - block: The block.
    ///   - input: The residual stream before it, `[tokens, hidden]`.
    ///   - layout: The sequences.
    ///   - rotary: Tables that cover the lengths of the sequences.
    ///   - execution: How the pass is carried out.
    public init(
        _ block: DecoderBlock,
        input: Matrix,
        layout: BatchLayout,
        rotary: RotaryTables,
        _ execution: Execution
    ) {
        var output = input
        var activations: [Activation: Matrix] = [:]
        block.forward(&output, layout: layout, rotary: rotary, execution) { activations[$0] = $1 }
        self.layout = layout
        self.input = input
        self.output = output
        self.activations = activations
    }

    /// Of how many of a model's blocks traces fit into so many bytes.
    public static func count(
        fittingInto bytes: Int,
        tokens: Int,
        _ configuration: ModelConfiguration
    ) -> Int {
        max(0, min(configuration.layerCount, bytes / max(1, 4 * tokens * width(configuration))))
    }

    subscript(activation: Activation) -> Matrix {
        guard let matrix = activations[activation] else {
            preconditionFailure("a trace has all activations")
        }
        return matrix
    }
}
