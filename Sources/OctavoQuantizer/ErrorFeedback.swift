import OctavoNumerics

extension LayerState {
    /// Chooses all codes anew with error feedback.
    ///
    /// - Parameters:
    ///   - problem: The layer.
    ///   - hypotheses: How many codings of the groups so far a row keeps.
    mutating func assignByFeedback(_ problem: LayerProblem, hypotheses: Int) {
        let options = problem.options
        let coder = FeedbackCoder(
            metric: problem.metric.feedback,
            codebooks: choice.codebooks,
            search: CodeSearch(choice.codebooks, beam: options.beam),
            hypotheses: hypotheses,
            continuations: options.continuations,
            threads: options.threads
        )
        choice.codes = coder.codes(for: problem.weights, scales: choice.scales)
        _ = refreshResidual(problem)
    }
}
