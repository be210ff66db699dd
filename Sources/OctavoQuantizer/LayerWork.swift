public import OctavoModel

/// How many floating-point operations the stages of a layer take: a count of what products and
/// searches do, with a multiplication and an addition as two.
///
/// What only moves numbers is not counted, nor what is small beside the rest.
public struct LayerWork: Sendable {
    private let scheme: Scheme
    private let outputs: Double
    private let inputs: Double
    private let options: LayerQuantizerOptions

    /// The work on an `[outputs, inputs]` layer.
    public init(scheme: Scheme, outputs: Int, inputs: Int, options: LayerQuantizerOptions) {
        self.scheme = scheme
        self.outputs = Double(outputs)
        self.inputs = Double(inputs)
        self.options = options
    }

    /// Factoring the Hessian, once for all layers that share it.
    public var metric: Double { inputs * inputs * inputs / 3 }

    /// A stage, were it to take as many steps as it may.
    public func operations(_ stage: LayerReport.Stage) -> Double {
        switch stage {
        case .clustering:
            Double(scheme.codebooks * options.clusteringPasses) * codings * entryScore * entries
        case .round(let round):
            feedback(width: 2 * round > options.rounds ? options.hypotheses : 1, inputs) + solution
        case .refinement:
            feedback(width: options.refinementHypotheses, Double(options.refinedInputs)) + product
                + solution
        case .sweep: codings * search + product + solution
        case .rounding: codings * search + 3 * product
        }
    }

    /// All stages, were none to end early.
    public var total: Double {
        func sum(_ count: Int, _ stage: (Int) -> LayerReport.Stage) -> Double {
            (0..<count).reduce(0) { $0 + operations(stage($1 + 1)) }
        }
        return operations(.clustering) + sum(options.rounds, LayerReport.Stage.round)
            + sum(options.refinements, LayerReport.Stage.refinement)
            + sum(options.sweeps, LayerReport.Stage.sweep) + operations(.rounding)
    }

    private var entries: Double { Double(scheme.entries) }
    private var size: Double { Double(scheme.groupSize) }
    /// How many groups of weights get codes.
    private var codings: Double { outputs * inputs / size }
    /// Scoring an entry.
    private var entryScore: Double { 2 * size }
    /// A product of the weights with the Hessian.
    private var product: Double { 2 * outputs * inputs * inputs }

    /// Finding the codes of one group.
    private var search: Double {
        let (count, beam) = (Double(scheme.codebooks), Double(options.beam))
        switch scheme.codebooks {
        case 1: return entries * entryScore
        case 2: return 2 * entries * entryScore + (beam + 2) * entries * 2
        default: return (1 + (count - 1) * beam + count) * entries * entryScore
        }
    }

    /// Coding all groups, with feedback among as many inputs at a time.
    private func feedback(width: Int, _ inputs: Double) -> Double {
        Double(width) * (codings * search + outputs * self.inputs * (inputs + 4 * size))
    }

    /// Solving for codebooks and scales.
    private var solution: Double { Double(options.solverSteps + 1) * product }
}
