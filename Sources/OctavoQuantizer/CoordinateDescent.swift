import OctavoNumerics

extension LayerState {
    /// Chooses the codes of each group anew with all others held, once for every group.
    ///
    /// A change `δ` of group `j` changes the loss by `δ H_jj δᵀ + 2 δ · residual_j` and the residual by
    /// `δ H_j`, so the loss never rises.
    mutating func sweep(_ problem: LayerProblem) {
        inShares(problem.options.threads) { $0.sweepRows(problem) }
    }

    private mutating func sweepRows(_ problem: LayerProblem) {
        let metric = problem.metric
        let inverseScales = inverseScales
        var search = CodeSearch(choice.codebooks, beam: problem.options.beam)
        var old = Matrix(rows: residual.rows, columns: metric.groupSize)
        var slopes = old
        for block in metric.feedback.blocks {
            let columns = metric.feedback.columns(block)
            for group in block {
                let range = metric.range(group)
                let square = metric.diagonals.block(rows: range)
                // The slope 2 (residual - old H_jj), in units of the scale.
                choice.codebooks.gather(choice.codes[group], scales: choice.scales, into: &old)
                multiply(
                    old,
                    old.all,
                    metric.diagonals,
                    square,
                    into: &slopes,
                    slopes.all,
                    alpha: -2
                )
                let here = residual.block(columns: range)
                add(residual, here, times: 2, to: &slopes, slopes.all)
                slopes.scaleRows(by: inverseScales)
                search.setMetric(metric.diagonals, square)
                search.findCodes(slopes, keeping: true, into: &choice.codes[group])
                // The change, and what it does to the residual within the block.
                choice.codebooks.gather(
                    choice.codes[group],
                    scales: choice.scales,
                    into: &spare,
                    column: range.lowerBound
                )
                add(old, old.all, times: -1, to: &spare, here)
                multiply(
                    spare,
                    here,
                    metric.hessian,
                    Block(rows: range, columns: columns),
                    into: &residual,
                    residual.block(columns: columns),
                    beta: 1
                )
            }
            for rest in [0..<columns.lowerBound, columns.upperBound..<metric.inputs] {
                multiply(
                    spare,
                    spare.block(columns: columns),
                    metric.hessian,
                    Block(rows: columns, columns: rest),
                    into: &residual,
                    residual.block(columns: rest),
                    beta: 1
                )
            }
        }
    }
}
