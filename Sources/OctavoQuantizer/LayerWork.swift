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
            books * Double(options.clusteringPasses)
                * (codings * entryScore * entriesTried + groups * preparation(books: 1) + cells(1))
        case .round(let round):
            coding(width: 2 * round > options.rounds ? options.hypotheses : 1, inputs) + solution
        case .refinement:
            coding(
                width: options.refinementHypotheses,
                min(inputs, Double(options.refinedInputs))
            ) + product + solution
        case .sweep: sweep + solution
        case .rounding: sweep + 2 * product
        }
    }

    /// All stages, were none to end early.
    public var total: Double {
        func sum(_ count: Int, _ stage: (Int) -> LayerReport.Stage) -> Double {
            (0..<max(0, count)).reduce(0) { $0 + operations(stage($1 + 1)) }
        }
        return operations(.clustering) + sum(options.rounds, LayerReport.Stage.round)
            + sum(options.refinements, LayerReport.Stage.refinement)
            + sum(options.sweeps, LayerReport.Stage.sweep) + operations(.rounding)
    }

    /// The part of ``total`` that goes with the square of the inputs: products of weights with the Hessian, which
    /// a machine does at another rate than searches.
    public var products: Double {
        let outputsByInputs = outputs * inputs
        var sum = 0.0
        for round in 0..<max(0, options.rounds) {
            let isLate = 2 * (round + 1) > options.rounds
            sum += Double(isLate ? max(1, options.hypotheses) : 1) * outputsByInputs * inputs
            sum += solution
        }
        sum +=
            Double(max(0, options.refinements))
            * (Double(max(1, options.refinementHypotheses)) * outputsByInputs
                * min(inputs, Double(options.refinedInputs)) + product + solution)
        sum += Double(max(0, options.sweeps)) * (product + solution)
        return sum + 3 * product
    }

    /// The rest of ``total``: searches for codes, and what prepares them.
    public var searches: Double { total - products }
}

/// What quantizing an `[outputs, inputs]` layer is expected to take, as the number of floating-point
/// operations that large products in single precision do in the same time.
///
/// Divided by the rate of such products on one thread it gives processor seconds. For twelve layers of 576
/// and 1536 outputs in six schemes that was within a third of what was measured at quick effort; layers whose
/// stages end early, as they often do at maximal effort, take down to half of it.
public func estimatedWork(scheme: Scheme, outputs: Int, inputs: Int, effort: Effort) -> Double {
    let work = LayerWork(
        scheme: scheme,
        outputs: outputs,
        inputs: inputs,
        options: LayerQuantizerOptions(effort: effort)
    )
    return work.total / LayerWork.shareOfProducts(scheme)
}

extension LayerWork {
    /// The rate of the counted operations as a share of that of large products, as measured with AVX-512.
    ///
    /// Entries in cells come from further away.
    public static func shareOfProducts(_ scheme: Scheme) -> Double { hasCells(scheme) ? 0.2 : 0.45 }

    private var books: Double { Double(scheme.codebooks) }
    private var entries: Double { Double(scheme.entries) }
    private var size: Double { Double(scheme.groupSize) }
    private var groups: Double { inputs / size }
    /// How many groups of weights get codes.
    private var codings: Double { outputs * groups }
    /// Scoring an entry.
    private var entryScore: Double { 2 * size }
    /// A product of the weights with the Hessian.
    private var product: Double { 2 * outputs * inputs * inputs }

    /// How many cells a codebook has: as a search sorts it, about the root of its entries.
    private var cellCount: Double { Double(1 << ((scheme.bits + 1) / 2)) }
    private static func hasCells(_ scheme: Scheme) -> Bool { scheme.bits > 10 }
    private var hasCells: Bool { Self.hasCells(scheme) }
    private var hasProducts: Bool { scheme.codebooks == 2 && scheme.bits <= 9 }

    /// How many entries and centers of cells are scored where one code is sought.
    private var entriesTried: Double {
        hasCells ? cellCount + min(9, cellCount) * entries / cellCount : entries
    }

    /// Sorting the entries of codebooks into cells.
    private func cells(_ books: Double) -> Double {
        hasCells ? 4 * books * entries * cellCount * entryScore : 0
    }

    /// Preparing a search for a group's metric.
    private func preparation(books: Double) -> Double {
        let pulls = (books > 1 ? 4 : 2) * books * entries * size * size
        return pulls + (hasProducts && books == 2 ? 4 * entries * entries * size : 0)
    }

    /// Finding the codes of one group.
    private var search: Double {
        let beam = Double(options.beam)
        switch scheme.codebooks {
        case 1: return entriesTried * entryScore
        case 2 where hasProducts: return 2 * entries * entryScore + (1.2 * beam + 2) * entries * 2
        default: return (1 + (books - 1) * beam + books) * entriesTried * entryScore
        }
    }

    /// Coding all groups, with feedback among as many inputs at a time.
    private func coding(width: Int, _ inputs: Double) -> Double {
        let width = Double(max(1, width))
        let shares = (outputs * width / 2048).rounded(.up)
        return width * (codings * search + outputs * self.inputs * (inputs + 4 * size))
            + shares * groups * preparation(books: books) + cells(books)
    }

    /// A sweep without what follows it.
    private var sweep: Double {
        codings * search + product + groups * preparation(books: books) + cells(books)
    }

    /// Solving for codebooks and scales.
    private var solution: Double { Double(options.solverSteps + 1) * product }
}
