import OctavoNumerics

/// A Hessian factored so that groups of inputs can be coded one after the other, each for what it makes
/// of the groups before it.
///
/// The factor `R` is upper triangular with `R Rᵀ = H + damping`. The error of a row of weights is then
/// `‖E R‖² = Σ_j ‖(E R)_j‖²`, and term `j` depends on the errors up to group `j` alone.
/// (Frantar et al., "GPTQ"; Chee et al., "QuIP".)
struct FeedbackMetric {
    /// How many inputs make a group.
    let groupSize: Int
    /// `R`: `[inputs, inputs]`, zero below the diagonal.
    let factor: Matrix
    /// `R_jj⁻¹` of each group, one below the other: `[inputs, groupSize]`.
    let inverses: Matrix
    /// `R_jj R_jjᵀ` of each group, one below the other: how an error in it counts when the groups
    /// after it make up for it as well as they can.
    let conditionals: Matrix

    /// Factors a Hessian with `damping` added to its diagonal.
    init(
        hessian: Matrix,
        groupSize: Int,
        damping: Double
    ) throws(NotPositiveDefiniteError) {
        self.groupSize = groupSize
        factor = try Self.factor(hessian, damping: damping)
        let inputs = hessian.columns
        var inverses = Matrix(rows: inputs, columns: groupSize)
        var conditionals = inverses
        for start in stride(from: 0, to: inputs, by: groupSize) {
            let group = start..<start + groupSize
            let block = Block(rows: group, columns: group)
            let narrow = inverses.block(rows: group)
            multiply(factor, block, factor, block, transposed: true, into: &conditionals, narrow)
            Self.invertUpper(factor, start, into: &inverses)
        }
        self.inverses = inverses
        self.conditionals = conditionals
    }

    /// The number of inputs.
    var inputs: Int { factor.columns }

    /// The number of groups.
    var groups: Int { inputs / groupSize }

    /// The inputs of the group at a place: rows of what is one group below the other.
    func range(_ group: Int) -> Range<Int> { group * groupSize..<(group + 1) * groupSize }

    /// Blocks of consecutive groups of about 128 inputs: what a change within a group does beyond its
    /// block is put off and done with one large product.
    var blocks: [Range<Int>] {
        let width = max(1, 128 / groupSize)
        return stride(from: 0, to: groups, by: width).map { $0..<min($0 + width, groups) }
    }

    /// The inputs of consecutive groups.
    func columns(_ groups: Range<Int>) -> Range<Int> {
        groups.lowerBound * groupSize..<groups.upperBound * groupSize
    }

    /// Returns the upper triangular `R` with `R Rᵀ = hessian + damping`.
    private static func factor(
        _ hessian: Matrix,
        damping: Double
    ) throws(NotPositiveDefiniteError) -> Matrix {
        // Cholesky goes from the first row on and gives a lower triangle. On the matrix turned
        // round, and turned back, it gives the upper one.
        let size = hessian.rows
        let last = size * size - 1
        var turned = [Double](repeating: 0, count: size * size)
        for i in turned.indices { turned[i] = Double(hessian.elements[last - i]) }
        for i in stride(from: 0, through: last, by: size + 1) { turned[i] += damping }
        try factorCholesky(&turned, size: size)
        var factor = Matrix(rows: size, columns: size)
        for row in 0..<size {
            for column in row..<size {
                let at = row * size + column
                factor.elements[at] = Float(turned[last - at])
            }
        }
        return factor
    }

    /// Writes the inverse of the triangle of `factor` that starts at an input to the rows of
    /// `inverses` that belong to it.
    private static func invertUpper(_ factor: Matrix, _ start: Int, into inverses: inout Matrix) {
        let size = inverses.columns
        for column in 0..<size {
            for row in stride(from: column, through: 0, by: -1) {
                var value: Float = row == column ? 1 : 0
                for k in row + 1..<max(row + 1, column + 1) {
                    value -= factor[start + row, start + k] * inverses[start + k, column]
                }
                inverses[start + row, column] = value / factor[start + row, start + row]
            }
        }
    }
}
