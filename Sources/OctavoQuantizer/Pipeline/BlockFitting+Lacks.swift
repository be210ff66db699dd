import OctavoModel
import OctavoNumerics

/// What linears are to make up for, and how much each token counts.
extension BlockFitting {
    /// Lets each token count by how small it is in the stream: what comes after is behind norms, which
    /// divide errors by the length of what they are in.
    ///
    /// Without this the few tokens whose activations are thousands of times larger than all others', often
    /// the first of each sequence, would be all that counts.
    func weigh(_ input: inout Matrix, _ lack: inout Matrix?, by goal: Matrix) {
        let factors = tokenFactors(of: goal, threads: execution.threads)
        input = input.scalingRows(by: factors, threads: execution.threads)
        lack = lack?.scalingRows(by: factors, threads: execution.threads)
    }

    /// What a linear's output should be, without its bias, for the stream to become the goal.
    func wanted(from hidden: Matrix, to goal: Matrix, _ name: LinearName) -> Matrix {
        var wanted = difference(goal, hidden)
        let scale = quantizer.configuration.residualScale
        if scale != 1 { wanted.scale(by: 1 / scale) }
        if let bias = original[bias: name] {
            add(bias.map { -$0 }, toRowsOf: &wanted, threads: execution.threads)
        }
        return wanted
    }

    /// What is there less than there should be.
    func difference(_ goal: Matrix, _ there: Matrix) -> Matrix {
        OctavoNumerics.difference(goal, there, threads: execution.threads)
    }
}

/// What each token's inputs are multiplied by to count by how small the token is in a stream: the inverse of the root
/// of its mean square.
func tokenFactors(of goal: Matrix, threads: Int = 1) -> [Float] {
    rowDots(goal, goal, threads: threads).map { square in
        // What is not finite must stay so, and be told.
        guard square.isFinite else { return .nan }
        return square > 0 ? Float((Double(goal.columns) / square).squareRoot()) : 0
    }
}
