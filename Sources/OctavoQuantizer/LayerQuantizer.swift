import OctavoBase
public import OctavoModel
public import OctavoNumerics

/// Quantizes a layer: finds the codes, codebooks and scales that minimise the mean squared error of
/// its outputs, `tr((Ŵ − W) H (Ŵ − W)ᵀ)`.
///
/// Codebooks start from k-means. Rounds choose all codes with error feedback and solve for codebooks
/// and scales. From the best round on, refinements choose the codes of a few groups at a time anew,
/// and sweeps of coordinate descent those of one group, with the same solution after each, while that
/// gains anything. At the end codebooks and scales are rounded to half precision, one after the
/// other, each before what comes after it is chosen once more.
///
/// The result depends on the arguments, and on the processor by the order in which sums are
/// rounded. With several threads in the options BLAS has one for each call meanwhile, in the whole process; with one
/// it has as many as it had.
///
/// - Parameters:
///   - weight: `[outputs, inputs]`.
///   - metric: The Hessian of the inputs, made for the scheme's group size.
///   - scheme: The numbers of codebooks and entries.
///   - options: The effort and the seed.
///   - observer: Called as each stage ends, with the relative loss if the stage leaves one.
/// - Returns: The layer, whose codebooks and scales are exact in half precision, and its losses.
/// - Throws: ``QuantizationError``.
public func quantize(
    weight: Matrix,
    metric: InputMetric,
    scheme: Scheme,
    options: LayerQuantizerOptions = .init(),
    observer: @escaping StageObserver = { _, _ in }
) throws(QuantizationError) -> (layer: AdditiveLayer, report: LayerReport) {
    /// All of it, with threads of our own or those of BLAS.
    func solve() throws(QuantizationError) -> (AdditiveLayer, LayerReport) {
        let problem = try LayerProblem(
            weights: weight,
            metric: metric,
            scheme: scheme,
            options: options
        )
        var run = LayerRun(problem, observer)
        run.rounds()
        run.refine()
        return try run.finish()
    }
    return options.threads > 1 ? try withOneBLASThread(solve) : try solve()
}

/// What is told of each stage as it ends.
public typealias StageObserver = (LayerReport.Stage, _ relativeLoss: Double?) -> Void

/// The stages of a layer, one after the other, and the best choice so far.
private struct LayerRun {
    private let problem: LayerProblem
    private let observer: StageObserver
    private var state: LayerState
    private var best: (loss: Double, choice: LayerChoice)
    private var stages: [(stage: LayerReport.Stage, relativeLoss: Double)] = []

    init(_ problem: LayerProblem, _ observer: @escaping StageObserver) {
        self.problem = problem
        self.observer = observer
        var clustering = Clustering(problem)
        let start = clustering.start()
        state = LayerState(start, for: problem)
        best = (.infinity, start)
        observer(.clustering, nil)
    }

    mutating func rounds() {
        let rounds = max(1, problem.options.rounds)
        for round in 1...rounds {
            let isLate = 2 * round > rounds
            state.assignByFeedback(
                problem,
                hypotheses: isLate ? problem.options.hypotheses : 1
            )
            solve(.round(round))
        }
        state.choice = best.choice
        _ = state.refreshResidual(problem)
    }

    /// Goes on from the best choice, and never back.
    mutating func refine() {
        var generator = SeededGenerator(seed: problem.options.seed)
        for index in 0..<max(0, problem.options.refinements) {
            state.refine(problem, using: &generator)
            guard solve(.refinement(index + 1)) >= problem.options.leastGain else { break }
        }
        for index in 0..<max(0, problem.options.sweeps) {
            state.sweep(problem)
            guard solve(.sweep(index + 1)) >= problem.options.leastGain else { break }
        }
        state.choice = best.choice
    }

    /// Rounds what was chosen to half precision.
    mutating func finish() throws(QuantizationError) -> (AdditiveLayer, LayerReport) {
        let exponents = try state.round(problem)
        let loss = problem.relative(state.refreshResidual(problem))
        note(.rounding, loss)
        let layer = try problem.layer(state.choice, exponents)
        return (layer, LayerReport(relativeLoss: loss, stages: stages))
    }

    /// Solves for what is not coded; returns by which share this and the stage before it lowered the
    /// least loss.
    @discardableResult
    private mutating func solve(_ stage: LayerReport.Stage) -> Double {
        state.solveCodebooks(problem)
        state.solveScales(problem)
        let loss = problem.relative(state.loss(problem))
        note(stage, loss)
        let gain = 1 - loss / best.loss
        if loss < best.loss { best = (loss, state.choice) }
        return gain
    }

    private mutating func note(_ stage: LayerReport.Stage, _ loss: Double) {
        stages.append((stage, loss))
        observer(stage, loss)
    }
}
