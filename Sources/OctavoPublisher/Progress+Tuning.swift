import OctavoBase

extension Progress {
    /// How far a tuning is.
    public struct TuningState: Sendable {
        /// The step that was made last, from 1; 0 before the first.
        public var step: Int
        /// The mean loss of a token of its sequences before it; nil if what is told is a measurement.
        public var loss: Double?
        /// How many tokens its sequences have.
        public var tokens = 0
        /// How many groups have other codes since.
        public var changedGroups = 0
        /// How many groups there are.
        public var groups = 0
        /// The tokens a second of the last few steps, where that is known.
        public var tokensPerSecond: Double?
        /// The mean loss of a held-out token when it was measured last.
        public var heldOutLoss: Double?
        /// The least of these, and after how many steps it was measured.
        public var best: (step: Int, loss: Double)?
        /// Whether an earlier run did what is told.
        public var isRestored = false

        /// Describes a state.
        public init(step: Int, loss: Double?) {
            self.step = step
            self.loss = loss
        }

        /// As a clause for people.
        var text: String {
            var parts: [String] = []
            if let loss { parts.append("loss \(decimal(loss, digits: 4))") }
            if let heldOutLoss {
                var text = "held out \(decimal(heldOutLoss, digits: 4))"
                if let best, best.loss < heldOutLoss {
                    text += " (best \(decimal(best.loss, digits: 4)) at step \(best.step))"
                }
                parts.append(text)
            }
            if changedGroups > 0 {
                let share = 100 * Double(changedGroups) / Double(max(1, groups))
                parts.append("\(decimal(share, digits: 3)) % of groups recoded")
            }
            if let tokensPerSecond {
                parts.append("\(decimal(tokensPerSecond, digits: 0)) tokens/s")
            }
            return parts.joined(separator: "  ")
        }

        /// As an event for programs: `step`, or `evaluation` where no step was made.
        func event(_ stage: String, work: JSON, _ secondsLeft: JSON?) -> JSON {
            /// A number that is one: JSON has no others.
            func finite(_ value: Double?) -> JSON? {
                value.flatMap { $0.isFinite ? .number($0) : nil }
            }
            let best: JSON? = best.map { best in
                .object(["step": .integer(best.step), "loss": finite(best.loss)])
            }
            guard loss != nil else {
                return .object([
                    "event": "evaluation", "stage": .string(stage), "step": .integer(step),
                    "held_out_loss": finite(heldOutLoss), "best": best,
                    "restored": .bool(isRestored), "work": work, "eta_seconds": secondsLeft,
                ])
            }
            return .object([
                "event": "step", "stage": .string(stage), "step": .integer(step),
                "loss": finite(loss), "held_out_loss": finite(heldOutLoss), "best": best,
                "tokens": .integer(tokens), "changed_groups": .integer(changedGroups),
                "groups": .integer(groups),
                "tokens_per_second": tokensPerSecond.map { .number(($0 * 10).rounded() / 10) },
                "work": work, "eta_seconds": secondsLeft,
            ])
        }
    }
}
