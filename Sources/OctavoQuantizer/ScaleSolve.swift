import OctavoNumerics

extension LayerState {
    /// Sets the scale of each output to what minimises its loss: with `ŵ` its weights,
    /// `ŵ H wᵀ / ŵ H ŵᵀ` times what it was.
    mutating func solveScales(_ problem: LayerProblem) {
        choice.gather(into: &scratch)
        let across = rowDots(scratch, problem.pulled)
        let beyond = rowDots(scratch, residual)
        for row in 0..<problem.outputs {
            let factor = Float(across[row] / (across[row] + beyond[row]))
            guard across[row] + beyond[row] > 0, factor.isFinite, factor != 0 else { continue }
            choice.scales[row] *= factor
            // residual = ŵ H - w H, where only the first part changes.
            for i in row * residual.columns..<(row + 1) * residual.columns {
                residual.elements[i] =
                    factor * residual.elements[i] + (factor - 1) * problem.pulled.elements[i]
            }
        }
    }
}
