import OctavoBase
import OctavoNumerics

extension LayerState {
    /// Chooses the codes of a few groups at a time anew, with error feedback among them and all others
    /// held, until every group has had its turn.
    ///
    /// Where one group alone cannot improve any more, several together still can. Which groups come
    /// together is drawn anew for each refinement. With `Δ` the change of a row's weights in the groups `S`,
    /// its loss changes by `Δ H_SS Δᵀ + 2 Δ · residual_S`; a row takes what it was offered only where that is
    /// negative, so the loss never rises.
    mutating func refine(_ problem: LayerProblem, using generator: inout SeededGenerator) {
        let order = Array(0..<problem.groups).shuffled(using: &generator)
        let search = CodeSearch(choice.codebooks, beam: problem.options.beam)
        let count = max(2, problem.options.refinedInputs / problem.metric.groupSize)
        inShares(problem.options.threads) { share in
            for start in stride(from: 0, to: order.count, by: count) {
                let groups = order[start..<min(start + count, order.count)].sorted()
                share.recode(groups, problem, search)
            }
        }
    }

    private mutating func recode(
        _ groups: [Int],
        _ problem: LayerProblem,
        _ search: CodeSearch
    ) {
        // What rounding left without a factor stays as it is.
        guard let window = try? Window(groups, problem.metric) else { return }
        let options = problem.options
        let coder = FeedbackCoder(
            metric: window.feedback,
            codebooks: choice.codebooks,
            search: search,
            hypotheses: options.refinementHypotheses,
            continuations: options.continuations,
            threads: 1
        )
        let slopes = residual.gathered(columns: window.columns)
        var old = Matrix(rows: residual.rows, columns: window.columns.count)
        gather(groups.map { choice.codes[$0] }, into: &old)
        // The loss of these groups is least at old - residual H_SS⁻¹.
        var targets = old
        multiply(slopes, window.inverse, into: &targets, alpha: -1, beta: 1)
        let codes = coder.codes(for: targets, scales: choice.scales)

        var change = old
        gather(codes, into: &change)
        add(old, times: -1, to: &change)
        let squares = rowDots(change, product(change, window.hessian))
        let lines = rowDots(change, slopes)
        let isBetter = zip(squares, lines).map { $0 + 2 * $1 < 0 }
        change.scaleRows(by: isBetter.map { $0 ? 1 : 0 })
        let width = choice.codebooks.count
        for (place, group) in groups.enumerated() {
            for row in isBetter.indices where isBetter[row] {
                for m in row * width..<(row + 1) * width {
                    choice.codes[group][m] = codes[place][m]
                }
            }
        }
        multiply(change, window.rows, into: &residual, beta: 1)
    }

    /// Writes the weights of some groups' codes, side by side.
    private func gather(_ codes: [[UInt16]], into weights: inout Matrix) {
        for (place, codes) in codes.enumerated() {
            choice.codebooks.gather(
                codes,
                scales: choice.scales,
                into: &weights,
                column: place * choice.codebooks.size
            )
        }
    }
}

/// The part of a layer's metric that concerns some of its groups.
private struct Window {
    /// The inputs of the groups.
    let columns: [Int]
    /// Their rows of the Hessian: `[columns, inputs]`.
    let rows: Matrix
    /// `H_SS`, the square of these rows that belongs to the same columns.
    let hessian: Matrix
    /// Its inverse, with the damping.
    let inverse: Matrix
    let feedback: FeedbackMetric

    /// What is added to the diagonal before it is factored, as a share of the mean of the whole one's.
    private static let damping = 1e-3

    init(_ groups: [Int], _ metric: InputMetric) throws(NotPositiveDefiniteError) {
        columns = groups.flatMap { metric.range($0) }
        rows = metric.hessian.gathered(rows: columns)
        hessian = rows.gathered(columns: columns)
        feedback = try FeedbackMetric(
            hessian: hessian,
            groupSize: metric.groupSize,
            damping: Self.damping
        )
        var inverse = hessian.elements.map(Double.init)
        for i in stride(from: 0, to: inverse.count, by: columns.count + 1) {
            inverse[i] += Self.damping
        }
        try invertPositiveDefinite(&inverse, size: columns.count)
        self.inverse = Matrix(
            rows: columns.count,
            columns: columns.count,
            elements: inverse.map { Float($0) }
        )
    }
}
