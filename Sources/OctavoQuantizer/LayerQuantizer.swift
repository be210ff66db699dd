public import OctavoModel
public import OctavoNumerics

/// Quantizes a layer: finds the codes, codebooks and scales that minimise the mean squared error of
/// its outputs, `tr((Ŵ − W) H (Ŵ − W)ᵀ)`.
///
/// Codebooks start from k-means. Then rounds choose all codes with error feedback and solve for
/// codebooks and scales; sweeps of coordinate descent, with the same solution after each, go on
/// from the best round until they gain little. At the end codebooks and scales are rounded to half
/// precision, one after the other, each before what comes after it is chosen once more.
///
/// The result depends on the arguments, and on the processor by the order in which sums are
/// rounded; it runs on the calling thread alone but for what BLAS does.
///
/// - Parameters:
///   - weight: `[outputs, inputs]`.
///   - metric: The Hessian of the inputs, made for the scheme's group size.
///   - scheme: The numbers of codebooks and entries.
///   - options: The effort and the seed.
/// - Returns: The layer, whose codebooks and scales are exact in half precision, and its losses.
/// - Throws: ``QuantizationError``.
public func quantize(
    weight: Matrix,
    metric: InputMetric,
    scheme: Scheme,
    options: LayerQuantizerOptions = .init()
) throws(QuantizationError) -> (layer: AdditiveLayer, report: LayerReport) {
    let problem = try LayerProblem(
        weights: weight,
        metric: metric,
        scheme: scheme,
        options: options
    )
    var clustering = Clustering(problem)
    var state = LayerState(clustering.start(), for: problem)
    var stages: [(stage: LayerReport.Stage, relativeLoss: Double)] = []
    /// Solves for what is not coded and notes the loss.
    func finish(_ stage: LayerReport.Stage) -> Double {
        state.solveCodebooks(problem)
        state.solveScales(problem)
        let loss = problem.relative(state.loss(problem))
        stages.append((stage, loss))
        return loss
    }

    var best = (loss: Double.infinity, choice: state.choice)
    for round in 1...max(1, options.rounds) {
        state.assignByFeedback(problem)
        let loss = finish(.round(round))
        if loss < best.loss { best = (loss, state.choice) }
    }
    state.choice = best.choice
    _ = state.refreshResidual(problem)
    for sweep in 1...max(1, options.sweeps) where options.sweeps > 0 {
        state.sweep(problem)
        let loss = finish(.sweep(sweep))
        let gain = 1 - loss / best.loss
        if loss < best.loss { best = (loss, state.choice) }
        guard gain >= options.leastGain else { break }
    }

    state.choice = best.choice
    let exponents = try state.round(problem)
    let loss = problem.relative(state.refreshResidual(problem))
    stages.append((.rounding, loss))
    let report = LayerReport(relativeLoss: loss, stages: stages)
    return (try problem.layer(state.choice, exponents), report)
}
