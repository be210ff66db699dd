import OctavoBase
import Glibc
public import OctavoNumerics

/// How well a model foretells a text.
public struct TextLoss: Sendable, Equatable {
    /// The sum of negative log likelihoods of the foretold tokens, in nats.
    public var total = 0.0
    /// How many tokens were foretold.
    public var count = 0

    /// Nothing foretold yet.
    public init() {}

    /// The mean negative log likelihood, in nats; NaN if nothing was foretold.
    public var mean: Double { total / Double(count) }
    /// The exponential of the mean.
    public var perplexity: Double { exp(mean) }

    /// Adds what another text gave.
    public static func += (a: inout TextLoss, b: TextLoss) {
        a.total += b.total
        a.count += b.count
    }
}

/// How far a student's distributions are from its teacher's.
public struct TeacherDistance: Sendable, Equatable {
    /// The sum of KL(teacher ‖ student) over tokens, in nats.
    public var total = 0.0
    /// How many tokens have the same likeliest successor.
    public var agreeing = 0
    /// How many tokens were compared.
    public var count = 0

    /// Nothing compared yet.
    public init() {}

    /// The mean divergence of a token, in nats; NaN if nothing was compared.
    public var meanDivergence: Double { total / Double(count) }
    /// The share of tokens with the same likeliest successor; NaN if nothing was compared.
    public var agreement: Double { Double(agreeing) / Double(count) }

    /// Adds what another text gave.
    public static func += (a: inout TeacherDistance, b: TeacherDistance) {
        a.total += b.total
        a.agreeing += b.agreeing
        a.count += b.count
    }
}

/// The likeliest successors of a token.
public struct TopLogits: Sendable, Equatable {
    /// The token's position in its sequence.
    public var position: Int
    /// Successors, the likeliest first; of equal ones the lower id first.
    public var ids: [Int]
    /// Their logits.
    public var values: [Float]
}

/// Returns how well the logits foretell targets: row `i` of `logits` stands before `targets[i]`, and rows
/// beyond the targets do not count.
public func textLoss(logits: Matrix, targets: some Collection<Int>, threads: Int) -> TextLoss {
    precondition(logits.rows >= targets.count)
    let targets = Array(targets)
    let losses = parallelMap(targets.count, threads: threads) { row in
        logSumExp(logits.span(row: row)) - Double(logits[row, targets[row]])
    }
    var loss = TextLoss()
    for value in losses { loss.total += value }
    loss.count = losses.count
    return loss
}

/// Returns how far a student's logits are from a teacher's, row by row.
public func teacherDistance(teacher: Matrix, student: Matrix, threads: Int) -> TeacherDistance {
    precondition(teacher.rows == student.rows && teacher.columns == student.columns)
    let rows = parallelMap(teacher.rows, threads: threads) { row in
        let (t, s) = (teacher.span(row: row), student.span(row: row))
        return (divergence(teacher: t, student: s), indexOfLargest(t) == indexOfLargest(s))
    }
    var distance = TeacherDistance()
    for (divergence, agrees) in rows {
        distance.total += divergence
        distance.agreeing += agrees ? 1 : 0
    }
    distance.count = rows.count
    return distance
}

/// Returns the `count` largest logits of each of the given rows.
public func topLogits(_ logits: Matrix, rows: some Sequence<Int>, count: Int) -> [TopLogits] {
    rows.map { row in
        let values = (0..<logits.columns).map { (id: $0, value: logits[row, $0]) }
        let top = values.sorted { $0.value != $1.value ? $0.value > $1.value : $0.id < $1.id }
            .prefix(count)
        return TopLogits(position: row, ids: top.map(\.id), values: top.map(\.value))
    }
}

extension Matrix {
    /// The elements of a row.
    @_lifetime(borrow self)
    func span(row: Int) -> Span<Float> {
        elements.span.extracting(row * columns..<(row + 1) * columns)
    }
}
