import OctavoQuantizer
import Synchronization

/// Turns what a tuner says into progress.
final class TuningProgress: Sendable {
    private let best: Mutex<TuningCourse.Evaluation?>
    private let steps: Int
    private let groups: Int
    private let handler: ProgressHandler

    init(_ tuner: ModelTuner, _ groups: Int, _ handler: @escaping ProgressHandler) {
        best = Mutex(nil)
        steps = tuner.options.steps
        self.groups = groups
        self.handler = handler
    }

    func report(_ event: TuningEvent) {
        switch event {
        case .step(let step, let loss, let tokens, let changed):
            var detail = "loss \(decimal(loss, digits: 4)) of \(tokens) tokens"
            if changed > 0 { detail += ", \(shareText(changed, of: groups)) of groups recoded" }
            let held = best.withLock { $0 }
            if let held { detail += ", held out \(decimal(held.loss, digits: 4)) at best" }
            handler(Progress("tuning", step, of: steps, detail: detail))
        case .evaluation(let evaluation):
            best.withLock { best in
                if let known = best, known.loss <= evaluation.loss { return }
                best = evaluation
            }
            let loss = decimal(evaluation.loss, digits: 4)
            handler(
                Progress("measuring", evaluation.step, of: steps, detail: "held-out loss \(loss)")
            )
        }
    }
}

/// A share in per cent, for shares that may be small.
private func shareText(_ part: Int, of whole: Int) -> String {
    decimal(100 * Double(part) / Double(max(1, whole)), digits: 3) + " %"
}
