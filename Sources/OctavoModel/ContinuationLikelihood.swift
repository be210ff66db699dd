import OctavoNumerics

/// A text whose last tokens are to be judged by those before them.
public struct Continuation: Sendable, Hashable {
    /// All tokens: at least one before the continuation, at least one of it.
    public let tokens: [Int]
    /// How many of them come before the continuation.
    public let contextCount: Int

    /// Joins a context and what continues it.
    ///
    /// - Parameters:
    ///   - context: At least one token.
    ///   - continuation: At least one token.
    public init(context: [Int], continuation: [Int]) {
        precondition(!context.isEmpty && !continuation.isEmpty)
        tokens = context + continuation
        contextCount = context.count
    }

    /// The tokens that a model reads to foretell the continuation: all but the last.
    var input: ArraySlice<Int> { tokens.dropLast() }
    /// The tokens to be foretold.
    var targets: ArraySlice<Int> { tokens[contextCount...] }
}

/// How likely a model holds a continuation.
public struct ContinuationLikelihood: Sendable, Equatable {
    /// The sum of the log likelihoods of its tokens, in nats.
    public var logarithm: Double
    /// Whether each of its tokens is the likeliest one at its place.
    public var isGreedy: Bool
}

extension LanguageModel {
    /// Returns how likely each continuation is behind its context.
    ///
    /// Texts that are the same up to their last token, as answers of one token are, are read once; several
    /// texts go through the model at a time.
    ///
    /// - Parameters:
    ///   - continuations: What to judge.
    ///   - tokensAtOnce: About how many tokens go through the model together; a longer text goes alone.
    ///   - execution: How the passes are carried out.
    ///   - progress: Called with the number of continuations that are done.
    /// - Returns: One result for each continuation, in their order.
    /// - Throws: ``TokenError``, or what `progress` throws.
    public func likelihoods(
        of continuations: [Continuation],
        tokensAtOnce: Int = 1024,
        _ execution: Execution = Execution(),
        progress: (Int) throws -> Void = { _ in }
    ) throws -> [ContinuationLikelihood] {
        var places: [ArraySlice<Int>: [Int]] = [:]
        var inputs: [ArraySlice<Int>] = []
        for (index, continuation) in continuations.enumerated() {
            try ends.check(continuation.targets)
            if places[continuation.input] == nil { inputs.append(continuation.input) }
            places[continuation.input, default: []].append(index)
        }
        var results = [ContinuationLikelihood](
            repeating: ContinuationLikelihood(logarithm: 0, isGreedy: true),
            count: continuations.count
        )
        var done = 0
        var rest = inputs[...]
        while !rest.isEmpty {
            var batch: [ArraySlice<Int>] = []
            var count = 0
            while let next = rest.first, batch.isEmpty || count + next.count <= tokensAtOnce {
                batch.append(next)
                count += next.count
                rest.removeFirst()
            }
            let hidden = try hidden(
                for: Array(batch.joined()),
                layout: BatchLayout(lengths: batch.map(\.count)),
                execution
            )
            var first = 0
            for input in batch {
                for index in places[input] ?? [] {
                    let continuation = continuations[index]
                    let start = first + continuation.contextCount - 1
                    results[index] = likelihood(
                        hidden.rows(start..<first + input.count),
                        targets: continuation.targets,
                        execution
                    )
                    done += 1
                }
                first += input.count
            }
            try progress(done)
        }
        return results
    }

    /// Judges targets by the rows of the residual stream that stand before them.
    private func likelihood(
        _ rows: Matrix,
        targets: ArraySlice<Int>,
        _ execution: Execution
    ) -> ContinuationLikelihood {
        var result = ContinuationLikelihood(logarithm: 0, isGreedy: true)
        let targets = Array(targets)
        ends.forEachLogits(rows, execution) { range, logits in
            for (row, index) in range.enumerated() {
                let scores = logits.span(row: row)
                result.logarithm += Double(logits[row, targets[index]]) - logSumExp(scores)
                if indexOfLargest(scores) != targets[index] { result.isGreedy = false }
            }
        }
        return result
    }
}
