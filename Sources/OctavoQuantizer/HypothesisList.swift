import OctavoNumerics

/// The codings of the groups so far that each row keeps, best first, as links from each group's codes
/// to those of the group before it.
struct HypothesisList {
    private let rows: Int
    private let width: Int
    private let continuations: Int
    private let codebooks: Int
    /// `[rows, width]`; infinite for hypotheses that there are not yet.
    private var losses: [Float]
    /// For each group so far the codes, `[rows, width, codebooks]`, and which hypothesis of the group
    /// before it each continues, `[rows, width]`; the latter empty where there is only one.
    private var steps: [(codes: [UInt16], parents: [UInt32])] = []

    init(rows: Int, width: Int, continuations: Int, codebooks: Int) {
        self.rows = rows
        self.width = width
        self.continuations = continuations
        self.codebooks = codebooks
        losses = [Float](repeating: .infinity, count: rows * width)
        for row in 0..<rows { losses[row * width] = 0 }
    }

    /// The codes of the last group.
    var codes: [UInt16] { steps.last?.codes ?? [] }

    /// Continues all hypotheses by a group and keeps the best.
    ///
    /// - Parameters:
    ///   - search: What finds the group's codes.
    ///   - slopes: What it is to find: `[rows · width, size]`.
    ///   - energies: What each hypothesis's aim would lose without a code; unused for a width of 1.
    ///   - scales: `[rows · width]`.
    mutating func extend(
        _ search: CodeSearch,
        _ slopes: Matrix,
        energies: [Float],
        scales: [Float]
    ) {
        guard width > 1 else {
            var codes = [UInt16](repeating: 0, count: rows * codebooks)
            search.findCodes(slopes, keeping: false, into: &codes)
            steps.append((codes, []))
            return
        }
        let list = search.listCodes(slopes, limit: continuations)
        let merged = mergeHypotheses(
            list,
            width: width,
            bases: zip(losses, energies).map { $0 + $1 },
            factors: stride(from: 0, to: scales.count, by: width).map { scales[$0] * scales[$0] }
        )
        losses = merged.losses
        steps.append((merged.codes, merged.parents))
    }

    /// Gives each hypothesis what its ancestor before a group had in some columns of `[rows · width, …]`.
    func follow(from group: Int, _ values: inout Matrix, columns: Range<Int>) {
        guard width > 1, !columns.isEmpty else { return }
        var ancestors = steps[group].parents
        for step in steps[(group + 1)...] {
            ancestors = step.parents.indices.map { i in
                ancestors[i / width * width + Int(step.parents[i])]
            }
        }
        followParents(ancestors, width: width, &values, columns: columns)
    }

    /// Returns for each group the codes of each row's best hypothesis.
    func best() -> [[UInt16]] {
        guard width > 1 else { return steps.map(\.codes) }
        var result = steps.map { _ in [UInt16](repeating: 0, count: rows * codebooks) }
        for row in 0..<rows {
            var hypothesis = row * width
            for (group, step) in steps.enumerated().reversed() {
                for m in 0..<codebooks {
                    result[group][row * codebooks + m] = step.codes[hypothesis * codebooks + m]
                }
                hypothesis = row * width + Int(step.parents[hypothesis])
            }
        }
        return result
    }
}
