import OctavoNumerics

extension LayerState {
    /// Chooses all codes anew, group after group, each for what its weights become when they make
    /// up for the errors of the groups before it.
    ///
    /// The error of group `j` counts as `‖(E R)_j‖²`, so the best value is not `W_j` but
    /// `W_j + F_j R_jj⁻¹`, where `F` collects what earlier errors put into `E R`.
    mutating func assignByFeedback(_ problem: LayerProblem) {
        let metric = problem.metric
        let inverseScales = inverseScales
        var search = CodeSearch(choice.codebooks, beam: problem.options.beam)
        var target = Matrix(rows: problem.outputs, columns: metric.groupSize)
        var slopes = target
        scratch = Matrix(rows: problem.outputs, columns: metric.inputs)  // F
        for block in problem.groupBlocks {
            let columns = problem.columns(block)
            for group in block {
                let range = metric.range(group)
                // The target, and the slope -2 target R_jj R_jj' in units of the scale.
                multiply(
                    scratch,
                    scratch.block(columns: range),
                    metric.inverses,
                    metric.inverses.block(rows: range),
                    into: &target,
                    target.all
                )
                add(
                    problem.weights,
                    problem.weights.block(columns: range),
                    times: 1,
                    to: &target,
                    target.all
                )
                multiply(
                    target,
                    target.all,
                    metric.conditionals,
                    metric.conditionals.block(rows: range),
                    into: &slopes,
                    slopes.all,
                    alpha: -2
                )
                slopes.scaleRows(by: inverseScales)
                search.setMetric(metric.conditionals, metric.conditionals.block(rows: range))
                search.findCodes(slopes, keeping: false, into: &choice.codes[group])
                // The error, and what it puts into the rest of the block.
                choice.codebooks.gather(
                    choice.codes[group],
                    scales: choice.scales,
                    into: &spare,
                    column: range.lowerBound
                )
                let here = spare.block(columns: range)
                add(problem.weights, here, times: -1, to: &spare, here)
                let rest = range.upperBound..<columns.upperBound
                multiply(
                    spare,
                    here,
                    metric.factor,
                    Block(rows: range, columns: rest),
                    into: &scratch,
                    scratch.block(columns: rest),
                    alpha: -1,
                    beta: 1
                )
            }
            let rest = columns.upperBound..<metric.inputs
            multiply(
                spare,
                spare.block(columns: columns),
                metric.factor,
                Block(rows: columns, columns: rest),
                into: &scratch,
                scratch.block(columns: rest),
                alpha: -1,
                beta: 1
            )
        }
        multiply(spare, metric.hessian, into: &residual)
    }
}
