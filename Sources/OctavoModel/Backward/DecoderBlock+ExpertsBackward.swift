import OctavoNumerics

/// The way back through a block's experts.
extension DecoderBlock {
    /// Goes back through experts and router, which run once more for what is inside them.
    ///
    /// - Parameters:
    ///   - router: The block's.
    ///   - y: What the feed-forward part takes, `[tokens, hidden]`.
    ///   - gradient: That of the sum of what experts make, `[tokens, hidden]`.
    ///   - execution: How the pass is carried out.
    ///   - visit: Called with each linear that tokens pass, what it takes of them, and the gradient of
    ///     what it makes of them.
    /// - Returns: The gradients of `y` and of the router's weights.
    func expertsBackward(
        _ router: Router,
        _ y: Matrix,
        gradient: Matrix,
        _ execution: Execution,
        visit: (LinearName, Matrix, Matrix) -> Void
    ) -> (input: Matrix, router: Matrix) {
        let routes = router.routes(y)
        var input = Matrix(rows: y.rows, columns: y.columns)
        var weightGradients = Matrix(rows: y.rows, columns: routes.count)
        for (expert, tokens) in routes.enumerated() where !tokens.rows.isEmpty {
            let x = y.gathered(rows: tokens.rows)
            let names = [LinearName.Role.gate, .up, .down].map { expertLinear($0, expert) }
            var (gate, up) = (
                self[linear: names[0]](x, execution), self[linear: names[1]](x, execution)
            )
            var gated = gate
            configuration.gate.multiply(gate: &gated, by: up, threads: execution.threads)
            var output = gradient.gathered(rows: tokens.rows)
            let slopes = rowDots(output, self[linear: names[2]](gated, execution))
            for (row, slope) in zip(tokens.rows, slopes) {
                weightGradients[row, expert] = Float(slope)
            }
            output.scaleRows(by: tokens.weights)
            visit(names[2], gated, output)
            configuration.gate.backward(
                gate: &gate,
                up: &up,
                gradient: execution.product(output, self[names[2]].weight),
                threads: execution.threads
            )
            visit(names[1], x, up)
            visit(names[0], x, gate)
            var part = execution.product(gate, self[names[0]].weight)
            execution.add(productOf: up, self[names[1]].weight, to: &part)
            input.add(part, toRows: tokens.rows)
        }
        let scores = router.backward(y, routes, weightGradients)
        multiply(scores, router.weight, into: &input, beta: 1)
        return (input, product(scores, transposed: true, y))
    }
}

extension Router {
    /// The gradient of the scores, given that of the weights of the experts that tokens pass.
    ///
    /// Weights that are made to sum up to one are a softmax over the chosen scores alone.
    fileprivate func backward(
        _ y: Matrix,
        _ routes: [ExpertTokens],
        _ gradient: Matrix
    ) -> Matrix {
        var scores = gradient
        var weights = Matrix(rows: y.rows, columns: experts.count)
        for (expert, tokens) in routes.enumerated() {
            for (row, weight) in zip(tokens.rows, tokens.weights) { weights[row, expert] = weight }
        }
        let shares = experts.normalizesWeights ? weights : shares(y)
        for (row, mean) in rowDots(weights, gradient).enumerated() {
            for expert in 0..<experts.count {
                scores[row, expert] = shares[row, expert] * (gradient[row, expert] - Float(mean))
            }
        }
        return scores
    }
}
