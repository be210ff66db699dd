import OctavoNumerics

extension LayerState {
    /// Moves the codebooks towards the least loss with codes and scales held.
    ///
    /// The loss is a quadratic function of the entries. A few steps of conjugate gradients,
    /// preconditioned by what each entry does alone, come close to its minimum; steps beyond that
    /// only gather rounding errors, so they stop at a thousandth of the first residual.
    mutating func solveCodebooks(_ problem: LayerProblem) {
        let blocks = entryBlocks(problem)
        var gradient = descent(problem)
        var direction = choice
        direction.codebooks.vectors = blocks.solve(gradient)
        var progress = dot(gradient, direction.codebooks.vectors)
        let enough = 1e-3 * progress
        for _ in 0..<problem.options.solverSteps {
            direction.gather(into: &scratch)
            multiply(
                scratch,
                problem.metric.hessian,
                into: &spare,
                sharedBy: problem.options.threads
            )
            let curvature = dot(scratch, spare)
            guard curvature > 0, progress > enough, progress.isFinite else { return }
            let step = Float(progress / curvature)
            add(direction.codebooks.vectors, times: step, to: &choice.codebooks.vectors)
            add(spare, times: step, to: &residual)
            gradient = descent(problem)
            let conditioned = blocks.solve(gradient)
            let next = dot(gradient, conditioned)
            var turned = conditioned
            add(direction.codebooks.vectors, times: Float(next / progress), to: &turned)
            direction.codebooks.vectors = turned
            progress = next
        }
    }

    /// The direction of steepest descent: for each entry the residuals of the groups that use it.
    private func descent(_ problem: LayerProblem) -> Matrix {
        var sums = Codebooks(
            count: choice.codebooks.count,
            entries: choice.codebooks.entries,
            size: choice.codebooks.size
        )
        let scales = choice.scales.map { -$0 }
        for group in choice.codes.indices {
            sums.scatter(
                choice.codes[group],
                scales: scales,
                residual,
                column: group * choice.codebooks.size
            )
        }
        return sums.vectors
    }

    private func entryBlocks(_ problem: LayerProblem) -> EntryBlocks {
        let weights = choice.scales.map { $0 * $0 }
        return EntryBlocks(
            groups: choice.codes.count,
            usage: { choice.codebooks.usage(choice.codes[$0], weights: weights) },
            metrics: problem.metric.diagonals,
            ridge: 1e-4
        )
    }
}
