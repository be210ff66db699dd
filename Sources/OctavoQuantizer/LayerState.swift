import OctavoModel
import OctavoNumerics

/// What is chosen for a layer: codes, codebooks and scales.
struct LayerChoice {
    /// For each group, in the metric's order: `[outputs, codebooks]`.
    var codes: [[UInt16]]
    var codebooks: Codebooks
    /// `[outputs]`.
    var scales: [Float]

    /// Writes the weights that these choices stand for.
    func gather(into weights: inout Matrix) {
        for group in codes.indices {
            codebooks.gather(
                codes[group],
                scales: scales,
                into: &weights,
                column: group * codebooks.size
            )
        }
    }
}

/// A layer on the way: the choices so far and what follows from them.
///
/// Each stage is an extension in a file of its own.
struct LayerState {
    var choice: LayerChoice
    /// `(Ŵ − W) H`: half the gradient of the loss by the weights.
    ///
    /// `[outputs, inputs]`, with `Ŵ` the weights that the choices stand for.
    var residual: Matrix
    /// Two matrices like the residual, for intermediate results.
    var scratch: Matrix
    var spare: Matrix

    init(_ choice: LayerChoice, for problem: LayerProblem) {
        self.init(
            choice,
            residual: Matrix(rows: problem.outputs, columns: problem.metric.inputs)
        )
    }

    init(_ choice: LayerChoice, residual: Matrix) {
        self.choice = choice
        self.residual = residual
        scratch = Matrix(rows: residual.rows, columns: residual.columns)
        spare = scratch
    }

    /// Computes the residual from scratch and returns the loss.
    mutating func refreshResidual(_ problem: LayerProblem) -> Double {
        choice.gather(into: &scratch)
        add(problem.weights, times: -1, to: &scratch)
        multiply(
            scratch,
            problem.metric.hessian,
            into: &residual,
            sharedBy: problem.options.threads
        )
        return dot(scratch, residual)
    }

    /// Returns the loss `tr((Ŵ − W) H (Ŵ − W)ᵀ)`, by the residual as it stands.
    mutating func loss(_ problem: LayerProblem) -> Double {
        choice.gather(into: &scratch)
        add(problem.weights, times: -1, to: &scratch)
        return dot(scratch, residual)
    }

    /// For each output the inverse of its scale; zero where that is zero, which makes all codes
    /// equally good.
    var inverseScales: [Float] { choice.scales.map { $0 == 0 ? 0 : 1 / $0 } }
}
