/// How a tuning has gone so far.
public struct TuningCourse: Sendable, Equatable {
    /// A measurement on the held-out sequences.
    public struct Evaluation: Sendable, Equatable {
        /// After how many steps.
        public var step: Int
        /// The mean loss of a token.
        public var loss: Double

        /// A measurement.
        public init(step: Int, loss: Double) {
            self.step = step
            self.loss = loss
        }
    }

    /// A step that was made.
    public struct Step: Sendable, Equatable {
        /// The mean loss of a token of its own sequences, before it.
        public var loss: Double
        /// How many tokens its sequences have.
        public var tokens: Int
        /// How many groups have other codes since.
        public var changedGroups: Int

        /// A step.
        public init(loss: Double, tokens: Int, changedGroups: Int) {
            self.loss = loss
            self.tokens = tokens
            self.changedGroups = changedGroups
        }
    }

    /// The steps, in order.
    public var made: [Step] = []
    /// The measurements, the first before any step.
    public var evaluations: [Evaluation] = []

    /// A course that has not begun.
    public init() {}

    /// How many steps were made.
    public var steps: Int { made.count }

    /// The loss of each step on its own sequences, before it.
    public var training: [Double] { made.map(\.loss) }

    /// The measurement before any step.
    public var first: Evaluation? { evaluations.first }

    /// The measurement of the least loss, the first of several.
    public var best: Evaluation? { evaluations.min { $0.loss < $1.loss } }

    /// Why there are no more steps to make, if so.
    func end(_ options: TuningOptions) -> TuningEnd? {
        guard let first, let best, let last = evaluations.last else { return nil }
        if !(last.loss < 2 * first.loss) || made.last?.loss.isFinite == false { return .diverged }
        if evaluations.count(where: { $0.step > best.step }) >= options.patience { return .noGain }
        return steps >= options.steps ? .finished : nil
    }
}

/// Why a tuning ended.
public enum TuningEnd: String, Sendable {
    /// All steps were made.
    case finished
    /// The held-out loss got no better.
    case noGain = "no gain"
    /// Numbers were no longer finite, or the held-out loss grew to twice what it was.
    case diverged
    /// The caller asked for it.
    case stopped
}

/// What a tuning tells as it goes.
public enum TuningEvent: Sendable {
    /// A step was made, the last of these.
    case step(TuningCourse)
    /// The held-out loss was measured, or a journal gave back a course.
    case evaluation(TuningCourse)
}

/// Keeps a tuning between runs.
public protocol TuningJournal {
    /// What an earlier run kept last: how it went, all it needs to go on, and the best parameters.
    func kept() throws -> (course: TuningCourse, state: TuningState, best: TuningState)?

    /// Keeps the state after a measurement; `best` is nil unless it is another than before.
    func keep(_ course: TuningCourse, state: TuningState, best: TuningState?) throws
}
