import OctavoNumerics

/// Chooses the codes of rows of weights, group after group, each for what its weights become when they
/// make up for the errors of the groups before it.
///
/// The error of group `j` counts as `‖(E R)_j‖²`, so the best value is not the target's `t_j` but
/// `t_j + F_j R_jj⁻¹`, where `F` collects what earlier errors put into `E R`.
///
/// With more than one hypothesis each row keeps the best few codings of the groups so far, each with
/// its own `F` and its own loss, which is exact: an early choice that seemed second best may turn out
/// right. (The M-algorithm; Anderson and Mohan, "Sequential coding algorithms".) Wide enough to hold
/// all codings, it finds the best there is.
struct FeedbackCoder {
    let metric: FeedbackMetric
    let codebooks: Codebooks
    /// A search in these codebooks, under any metric.
    let search: CodeSearch
    /// How many hypotheses a row keeps.
    let hypotheses: Int
    /// How many continuations of a hypothesis are considered.
    let continuations: Int
    /// The threads that share the rows.
    let threads: Int

    init(
        metric: FeedbackMetric,
        codebooks: Codebooks,
        search: CodeSearch,
        hypotheses: Int,
        continuations: Int,
        threads: Int
    ) {
        self.metric = metric
        self.codebooks = codebooks
        self.search = search
        self.threads = max(1, threads)
        self.hypotheses = max(1, hypotheses)
        self.continuations = self.hypotheses == 1 ? 1 : max(1, continuations)
    }

    /// Codes rows.
    ///
    /// - Parameters:
    ///   - targets: What the codes should stand for: `[rows, inputs]`.
    ///   - scales: `[rows]`.
    /// - Returns: For each group the codes of all rows.
    func codes(for targets: Matrix, scales: [Float]) -> [[UInt16]] {
        // So many rows at a time that what is kept of them stays near the processor.
        let share = max(1, min(2048 / hypotheses, (targets.rows + threads - 1) / threads))
        let starts = Array(stride(from: 0, to: targets.rows, by: share))
        let found = parallelMapOnOneBLASThread(starts.count, threads: threads) { index in
            let rows = starts[index]..<min(starts[index] + share, targets.rows)
            var pass = FeedbackPass(self, targets, scales: scales, rows: rows)
            return pass.run()
        }
        var codes: [[UInt16]] = .init(repeating: [], count: metric.groups)
        for part in found {
            for (group, part) in part.enumerated() { codes[group] += part }
        }
        return codes
    }
}

/// Some rows on their way through the groups, each as often as it has hypotheses.
private struct FeedbackPass {
    private let coder: FeedbackCoder
    private let rows: Int
    private let scales: [Float]
    private let inverseScales: [Float]
    /// All of these are `[rows · hypotheses, inputs]`.
    private let targets: Matrix
    private var feedback: Matrix
    private var errors: Matrix
    private var hypotheses: HypothesisList
    private var search: CodeSearch

    init(_ coder: FeedbackCoder, _ targets: Matrix, scales: [Float], rows: Range<Int>) {
        let width = coder.hypotheses
        self.coder = coder
        self.rows = rows.count
        self.scales = rows.flatMap { [Float](repeating: scales[$0], count: width) }
        inverseScales = self.scales.map { $0 == 0 ? 0 : 1 / $0 }
        self.targets = targets.repeated(rows, times: width)
        feedback = Matrix(rows: rows.count * width, columns: targets.columns)
        errors = feedback
        hypotheses = HypothesisList(
            rows: rows.count,
            width: width,
            continuations: coder.continuations,
            codebooks: coder.codebooks.count
        )
        search = coder.search
    }

    mutating func run() -> [[UInt16]] {
        let metric = coder.metric
        for block in metric.blocks {
            let columns = metric.columns(block)
            for group in block { code(group, in: columns) }
            let rest = columns.upperBound..<metric.inputs
            hypotheses.follow(from: block.lowerBound, &feedback, columns: rest)
            multiply(
                errors,
                errors.block(columns: columns),
                metric.factor,
                Block(rows: columns, columns: rest),
                into: &feedback,
                feedback.block(columns: rest),
                alpha: -1,
                beta: 1
            )
        }
        return hypotheses.best()
    }

    /// Codes a group and puts its error into what follows within these columns.
    private mutating func code(_ group: Int, in columns: Range<Int>) {
        let metric = coder.metric
        let range = metric.range(group)
        let square = metric.conditionals.block(rows: range)
        // The aim, and the slope -2 aim R_jj R_jj' in units of the scale.
        var aim = Matrix(rows: targets.rows, columns: metric.groupSize)
        var slopes = aim
        let here = targets.block(columns: range)
        multiply(
            feedback,
            here,
            metric.inverses,
            metric.inverses.block(rows: range),
            into: &aim,
            aim.all
        )
        add(targets, here, times: 1, to: &aim, aim.all)
        multiply(aim, aim.all, metric.conditionals, square, into: &slopes, slopes.all, alpha: -2)
        let energies = coder.hypotheses > 1 ? rowDots(slopes, aim).map { Float($0 / -2) } : []
        slopes.scaleRows(by: inverseScales)
        search.setMetric(metric.conditionals, square)
        hypotheses.extend(search, slopes, energies: energies, scales: scales)

        let rest = range.upperBound..<columns.upperBound
        hypotheses.follow(from: group, &feedback, columns: rest)
        hypotheses.follow(from: group, &errors, columns: columns.lowerBound..<range.lowerBound)
        coder.codebooks.gather(
            hypotheses.codes,
            scales: scales,
            into: &errors,
            column: range.lowerBound
        )
        add(targets, here, times: -1, to: &errors, here)
        multiply(
            errors,
            here,
            metric.factor,
            Block(rows: range, columns: rest),
            into: &feedback,
            feedback.block(columns: rest),
            alpha: -1,
            beta: 1
        )
    }
}
