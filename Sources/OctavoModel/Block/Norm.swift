import OctavoNumerics

/// A norm with its weights.
struct Norm: Sendable {
    let kind: NormKind
    /// Added to the mean square.
    let epsilon: Float
    /// How many numbers of a row are normed together; divides the number of weights.
    let width: Int
    /// As checkpoints store them.
    var weight: [Float]

    /// What numbers are multiplied by in the end.
    private var factors: [Float] {
        kind.center == 0 ? weight : weight.map { kind.center + $0 }
    }

    /// Norms each row, or each of its parts.
    func callAsFunction(_ x: Matrix, _ execution: Execution) -> Matrix {
        rmsNorm(
            parts(x, execution),
            weight: factors,
            epsilon: epsilon,
            threads: execution.threads
        ).reshaped(columns: x.columns)
    }

    /// The adjoint.
    ///
    /// - Parameters:
    ///   - x: What was normed.
    ///   - gradient: That of the result.
    ///   - inputGradient: What the gradient of `x` is added to.
    ///   - execution: How the pass is carried out.
    /// - Returns: The gradient of the weights.
    func backward(
        _ x: Matrix,
        gradient: Matrix,
        addingTo inputGradient: inout Matrix,
        _ execution: Execution
    ) -> [Float] {
        var partGradient = Matrix(rows: x.elements.count / width, columns: width)
        let weightGradient = rmsNormBackward(
            parts(x, execution),
            weight: factors,
            epsilon: epsilon,
            gradient: gradient.reshaped(columns: width),
            addingTo: &partGradient,
            threads: execution.threads
        )
        if kind == .layer { partGradient.centerRows(threads: execution.threads) }
        add(partGradient.reshaped(columns: x.columns), times: 1, to: &inputGradient)
        return weightGradient
    }

    /// What is normed together, a row each.
    ///
    /// Layer normalization is RMSNorm of what has no mean.
    private func parts(_ x: Matrix, _ execution: Execution) -> Matrix {
        var parts = x.reshaped(columns: width)
        if kind == .layer { parts.centerRows(threads: execution.threads) }
        return parts
    }
}

extension ModelConfiguration {
    /// A norm of the family's kind over whole rows.
    func norm(_ weight: [Float], width: Int? = nil) -> Norm {
        Norm(
            kind: family.description.norm,
            epsilon: normEpsilon,
            width: width ?? weight.count,
            weight: weight
        )
    }
}

extension Matrix {
    /// The same elements in rows of another length.
    fileprivate func reshaped(columns: Int) -> Matrix {
        Matrix(rows: elements.count / columns, columns: columns, elements: elements)
    }
}
