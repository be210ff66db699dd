import OctavoBase
import OctavoQuantizer
import Synchronization

/// How long each step of a tuning took, on the clock: kept with its course, since one run may go on where
/// another was interrupted.
final class TuningClock: Sendable {
    private let steps = Mutex<[Double]>([])

    /// The seconds of each step.
    var seconds: [Double] {
        get { steps.withLock { $0 } }
        set { steps.withLock { $0 = newValue } }
    }

    /// Notes a step.
    func add(_ seconds: Double) { steps.withLock { $0.append(seconds) } }
}

/// Turns what a tuner says into progress, and takes the time of its steps.
final class TuningProgress: Sendable {
    private struct State {
        /// When what is being done now began.
        var since = ProcessTime().wall
        /// Seconds and tokens of the last steps of this run.
        var recent: [(seconds: Double, tokens: Int)] = []
    }

    private let state = Mutex(State())
    private let clock: TuningClock
    private let steps: Int
    private let groups: Int
    /// The time that the whole may take, and when it began.
    private let limit: (seconds: Double, since: Double)?
    private let handler: ProgressHandler

    init(
        _ tuner: ModelTuner,
        groups: Int,
        _ clock: TuningClock,
        limit: (seconds: Double, since: Double)?,
        _ handler: @escaping ProgressHandler
    ) {
        steps = tuner.options.steps
        self.groups = groups
        self.clock = clock
        self.limit = limit
        self.handler = handler
    }

    func report(_ event: TuningEvent) {
        let now = ProcessTime().wall
        switch event {
        case .step(let course):
            guard let step = course.made.last else { return }
            let rate = state.withLock { state in
                let seconds = now - state.since
                state.since = now
                clock.add(seconds)
                state.recent = state.recent.suffix(7) + [(seconds, step.tokens)]
                return Double(state.recent.reduce(0) { $0 + $1.tokens })
                    / max(1e-9, state.recent.reduce(0) { $0 + $1.seconds })
            }
            var told = Progress.TuningState(step: course.steps, loss: step.loss)
            (told.tokens, told.changedGroups) = (step.tokens, step.changedGroups)
            told.tokensPerSecond = rate
            tell(told, course, at: now)
        case .evaluation(let course):
            let isFirst = state.withLock { state in
                state.since = now
                return state.recent.isEmpty
            }
            var told = Progress.TuningState(step: course.steps, loss: nil)
            told.isRestored = isFirst && course.steps > 0
            tell(told, course, at: now)
        }
    }

    private func tell(_ state: Progress.TuningState, _ course: TuningCourse, at now: Double) {
        var state = state
        state.groups = groups
        state.heldOutLoss = course.evaluations.last?.loss
        state.best = course.best.map { ($0.step, $0.loss) }
        // Whichever of its ends comes first.
        let passed = limit.map { (now - $0.since) / $0.seconds } ?? 0
        handler(
            Progress(
                "tuning",
                course.steps,
                of: steps,
                detail: state.text,
                work: max(Double(course.steps) / Double(max(1, steps)), passed),
                tuning: state
            )
        )
    }
}
