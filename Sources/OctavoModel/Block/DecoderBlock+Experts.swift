import Glibc
public import OctavoNumerics

/// What decides which experts a token passes.
struct Router: Sendable {
    /// `[experts, hidden]`.
    let weight: Matrix
    let experts: Experts

    /// Sends each token to the experts whose scores are the highest.
    ///
    /// - Parameter y: What the feed-forward part takes, `[tokens, hidden]`.
    /// - Returns: For each expert the tokens that pass it, with the softmax of their scores.
    func routes(_ y: Matrix) -> [ExpertTokens] {
        let shares = shares(y)
        var routes = [ExpertTokens](repeating: ExpertTokens(), count: experts.count)
        for row in 0..<y.rows {
            let start = row * experts.count
            let range = start..<start + experts.count
            let chosen = range.sorted { shares.elements[$0] > shares.elements[$1] }
                .prefix(experts.activeCount)
            let sum = chosen.reduce(0) { $0 + shares.elements[$1] }
            for place in chosen {
                let share = shares.elements[place]
                routes[place - start].rows.append(row)
                routes[place - start].weights.append(
                    experts.normalizesWeights ? share / sum : share
                )
            }
        }
        return routes
    }

    /// The softmax of every token's scores, `[tokens, experts]`.
    func shares(_ y: Matrix) -> Matrix {
        var shares = product(y, transposed: false, weight, transposed: true)
        for row in 0..<y.rows {
            softmax(&shares.elements[row * experts.count..<(row + 1) * experts.count])
        }
        return shares
    }

    private func softmax(_ scores: inout ArraySlice<Float>) {
        let largest = scores.max() ?? 0
        var sum: Float = 0
        for index in scores.indices {
            scores[index] = exp(scores[index] - largest)
            sum += scores[index]
        }
        for index in scores.indices { scores[index] /= sum }
    }
}

/// The tokens that pass an expert.
public struct ExpertTokens: Sendable, Equatable {
    /// Their rows, ascending.
    public var rows: [Int] = []
    /// For each what the expert's output is multiplied by.
    public var weights: [Float] = []

    /// No tokens, or those given.
    public init(rows: [Int] = [], weights: [Float] = []) {
        precondition(rows.count == weights.count)
        self.rows = rows
        self.weights = weights
    }
}

extension DecoderBlock {
    /// Sends each token to experts.
    ///
    /// - Parameter y: What the feed-forward part takes, `[tokens, hidden]`.
    /// - Returns: For each expert its tokens; none for a block without experts.
    public func routes(_ y: Matrix) -> [ExpertTokens] { router?.routes(y) ?? [] }

    /// The input of an expert's down projection.
    ///
    /// - Parameters:
    ///   - y: Rows of what the feed-forward part takes.
    ///   - expert: Which expert; the block has experts.
    ///   - execution: How the pass is carried out.
    /// - Returns: `[rows of y, intermediate]`.
    public func gated(_ y: Matrix, expert: Int, _ execution: Execution) -> Matrix {
        var parts = outputs(
            [expertLinear(.gate, expert), expertLinear(.up, expert)],
            of: y,
            execution
        )
        let up = parts.removeLast()
        configuration.gate.multiply(gate: &parts[0], by: up, threads: execution.threads)
        return parts[0]
    }

    /// Adds to the stream what experts make of their tokens.
    ///
    /// - Parameters:
    ///   - y: What the feed-forward part takes, `[tokens, hidden]`.
    ///   - hidden: The residual stream.
    ///   - execution: How the pass is carried out.
    public func addExperts(of y: Matrix, to hidden: inout Matrix, _ execution: Execution) {
        addExperts(of: y, to: &hidden, execution) { _, _ in }
    }

    /// The same, with the output recorded where it is normed before it is added.
    func addExperts(
        of y: Matrix,
        to hidden: inout Matrix,
        _ execution: Execution,
        record: (Activation, Matrix) -> Void
    ) {
        var output = Matrix(rows: y.rows, columns: configuration.hiddenSize)
        for (expert, tokens) in routes(y).enumerated() where !tokens.rows.isEmpty {
            let gated = gated(y.gathered(rows: tokens.rows), expert: expert, execution)
            var part = self[linear: expertLinear(.down, expert)](gated, execution)
            part.scaleRows(by: tokens.weights)
            output.add(part, toRows: tokens.rows)
        }
        add(output, from: .downProjection, to: &hidden, execution, record: record)
    }

    /// The name of a linear of an expert.
    func expertLinear(_ role: LinearName.Role, _ expert: Int) -> LinearName {
        guard let experts = router?.experts else {
            preconditionFailure("only blocks with experts are asked for theirs")
        }
        return experts.name(role, ofExpert: expert)
    }
}
