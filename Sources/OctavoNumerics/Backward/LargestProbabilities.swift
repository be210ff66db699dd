import OctavoBase
import Glibc

/// The largest probabilities of each row of a distribution over a vocabulary; the rest of each row is known
/// by its sum alone.
public struct LargestProbabilities: Sendable, Equatable {
    /// How many a row has, at least 1.
    public let count: Int
    /// Where they are, `[rows, count]`: in each row different indices below the vocabulary.
    public var indices: [Int32]
    /// What they are, `[rows, count]`: each row sums to 1 at most.
    public var values: [Float]

    /// How many rows there are.
    public var rows: Int { values.count / count }

    /// Takes probabilities.
    public init(count: Int, indices: [Int32], values: [Float]) {
        precondition(count > 0 && indices.count == values.count && values.count % count == 0)
        self.count = count
        self.indices = indices
        self.values = values
    }

    /// The largest probabilities that logits stand for.
    ///
    /// - Parameters:
    ///   - logits: `[rows, vocabulary]`.
    ///   - count: How many of each row to keep; all if there are fewer.
    ///   - threads: The threads that share the rows.
    public init(ofLogits logits: Matrix, count: Int, threads: Int) {
        let count = min(max(1, count), logits.columns)
        let rows = parallelMap(logits.rows, threads: threads) { row in
            let start = row * logits.columns
            let row = logits.elements.span.extracting(start..<start + logits.columns)
            let shift = logSumExp(row, on: .best)
            let largest = largestIndices(row, count: count)
            return largest.map { index in
                (Int32(index), Float(exp(Double(row[index]) - shift)))
            }
        }
        self.init(
            count: count,
            indices: rows.flatMap { $0.map(\.0) },
            values: rows.flatMap { $0.map(\.1) }
        )
    }
}

/// The indices of the `count` largest numbers, largest first.
///
/// Most of a long row is below the smallest kept so far, and only compared.
private func largestIndices(_ row: Span<Float>, count: Int) -> [Int] {
    var kept = Array(0..<count).sorted { (row[$0], $1) > (row[$1], $0) }
    var least = row[kept[count - 1]]
    for index in count..<max(count, row.count) where row[index] > least {
        var place = count - 1
        while place > 0, row[kept[place - 1]] < row[index] {
            kept[place] = kept[place - 1]
            place -= 1
        }
        kept[place] = index
        least = row[kept[count - 1]]
    }
    return kept
}

/// Replaces a student's logits by `factor` times the gradient of KL(teacher ‖ student), row by row, where
/// all that the teacher gives less than its largest probabilities to counts as one outcome.
///
/// - Parameters:
///   - student: `[rows, vocabulary]`.
///   - teacher: As many rows.
///   - factor: What gradients are multiplied by.
///   - threads: The threads that share the rows.
///   - isa: The kernels to use.
/// - Returns: The divergence of each row, in nats: at most that over the whole vocabulary.
public func replaceByDivergenceGradient(
    _ student: inout Matrix,
    teacher: LargestProbabilities,
    times factor: Float,
    threads: Int,
    on isa: InstructionSet = .best
) -> [Double] {
    precondition(teacher.rows == student.rows && teacher.count <= student.columns)
    precondition(teacher.indices.allSatisfy { 0 <= $0 && $0 < student.columns })
    let vocabulary = student.columns
    return student.replaceRows(threads: threads) { row, logits in
        let range = row * teacher.count..<(row + 1) * teacher.count
        let shift = logSumExp(logits.span, on: isa)
        let (indices, goals) = (teacher.indices[range], teacher.values[range])
        let logarithms = indices.map { Double(logits[Int($0)]) - shift }
        let chances = logarithms.map { exp($0) }
        let goalRest = max(0, 1 - goals.reduce(0.0) { $0 + Double($1) })
        // Below this what is left of one is noise of rounding.
        let rest = max(1e-6, 1 - chances.reduce(0, +))
        var loss = 0.0
        for (goal, logarithm) in zip(goals, logarithms) where goal > 0 {
            loss += Double(goal) * (log(Double(goal)) - logarithm)
        }
        let hasRest = teacher.count < vocabulary
        let ratio = hasRest ? goalRest / rest : 1
        if hasRest, goalRest > 1e-6 { loss += goalRest * log(goalRest / rest) }
        logits.replaceBySoftmax(times: factor * Float(1 - ratio), on: isa)
        for (place, index) in indices.enumerated() {
            let goal = Double(goals[range.lowerBound + place])
            logits[Int(index)] = factor * Float(chances[place] - goal)
        }
        return loss
    }
}
