import OctavoBase
public import OctavoNumerics

/// A sum over tokens of what their logits cost, and its gradient.
public struct TokenLoss: Sendable {
    /// Replaces the logits of some rows, all in order, by the gradient of the loss, and returns
    /// the loss of these rows.
    let replace: @Sendable (Range<Int>, inout Matrix, _ threads: Int) -> Double
    /// The rows that cost something, ascending, which `replace` counts from 0; nil for all.
    private(set) var rows: [Int]?

    init(_ replace: @escaping @Sendable (Range<Int>, inout Matrix, _ threads: Int) -> Double) {
        self.replace = replace
    }

    /// The same of some rows only; others cost nothing, and no logits are formed for them.
    ///
    /// - Parameter rows: Their places among all rows, ascending; what the loss was made of has one row for
    ///   each.
    /// - Returns: The loss.
    public func at(rows: [Int]) -> TokenLoss {
        var loss = self
        loss.rows = rows
        return loss
    }

    /// Two losses of the same rows added.
    public static func sum(_ first: TokenLoss, _ second: TokenLoss) -> TokenLoss {
        TokenLoss { rows, logits, threads in
            var others = logits
            let value = first.replace(rows, &logits, threads)
            let more = second.replace(rows, &others, threads)
            add(others, to: &logits, threads: threads)
            return value + more
        }
    }

    /// KL(teacher ‖ student) of each token, in nats.
    ///
    /// - Parameters:
    ///   - weight: What each token's loss is multiplied by: one over their number makes a mean.
    ///   - teacher: Returns the teacher's logits of some rows, `[rows, vocabulary]`.
    /// - Returns: The loss.
    public static func divergence(
        weight: Float = 1,
        teacher: @escaping @Sendable (Range<Int>) -> Matrix
    ) -> TokenLoss {
        TokenLoss { rows, logits, threads in
            let losses = replaceByDivergenceGradient(
                &logits,
                teacher: teacher(rows),
                times: weight,
                threads: threads
            )
            return losses.reduce(0, +) * Double(weight)
        }
    }

    /// KL(teacher ‖ student) of each token, in nats, as far as the teacher's largest probabilities tell.
    ///
    /// - Parameters:
    ///   - weight: What each token's loss is multiplied by: one over their number makes a mean.
    ///   - teacher: Returns the teacher's largest probabilities of some rows.
    /// - Returns: The loss.
    public static func divergence(
        weight: Float = 1,
        largest teacher: @escaping @Sendable (Range<Int>) -> LargestProbabilities
    ) -> TokenLoss {
        TokenLoss { rows, logits, threads in
            let losses = replaceByDivergenceGradient(
                &logits,
                teacher: teacher(rows),
                times: weight,
                threads: threads
            )
            return losses.reduce(0, +) * Double(weight)
        }
    }

    /// The negative log likelihood of each token's successor, in nats; the last token of a
    /// sequence has none and costs nothing.
    ///
    /// - Parameters:
    ///   - tokens: All sequences of the layout, one after the other.
    ///   - layout: The sequences.
    ///   - weight: What each token's loss is multiplied by.
    /// - Returns: The loss.
    public static func successors(
        of tokens: [Int],
        layout: BatchLayout,
        weight: Float = 1
    ) -> TokenLoss {
        precondition(tokens.count == layout.tokenCount)
        var targets = tokens.dropFirst().map(Optional.some) + [nil]
        var end = 0
        for length in layout.lengths {
            end += length
            targets[end - 1] = nil
        }
        return likelihood(of: targets, weight: weight)
    }

    /// The negative log likelihood of a target for each row, in nats; a row without one costs nothing.
    ///
    /// - Parameters:
    ///   - targets: Tokens of the vocabulary.
    ///   - weight: What each row's loss is multiplied by.
    /// - Returns: The loss.
    public static func likelihood(of targets: [Int?], weight: Float = 1) -> TokenLoss {
        TokenLoss { rows, logits, threads in
            let losses = replaceByLikelihoodGradient(
                &logits,
                targets: Array(targets[rows]),
                times: weight,
                threads: threads
            )
            return losses.reduce(0, +) * Double(weight)
        }
    }

    /// The negative log likelihood of a successor drawn for each token from the model's own
    /// distribution, in nats.
    ///
    /// The mean over draws of the square of its gradient is the diagonal of the Fisher information,
    /// what a change of a parameter costs in KL to second order. (Martens, "New insights and
    /// perspectives on the natural gradient method".)
    ///
    /// - Parameters:
    ///   - seed: The same seed draws the same successors.
    ///   - firstStream: Each row draws from a stream of its own, the first from this one.
    /// - Returns: The loss.
    public static func drawn(seed: UInt64, firstStream: UInt64 = 0) -> TokenLoss {
        TokenLoss { rows, logits, threads in
            let source = logits
            let targets = parallelMap(rows.count, threads: threads) { row in
                var sampler = Sampler(
                    temperature: 1,
                    seed: seed,
                    stream: firstStream + UInt64(rows.lowerBound + row)
                )
                return sampler.next(source, row: row)
            }
            let losses = replaceByLikelihoodGradient(
                &logits,
                targets: targets,
                times: 1,
                threads: threads
            )
            return losses.reduce(0, +)
        }
    }
}
