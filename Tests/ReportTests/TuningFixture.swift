import OctavoBase
@testable import OctavoPublisher
import OctavoQuantizer
import Testing

/// Reports of tunings that never were.
enum TuningFixture: String, CaseIterable, CustomTestStringConvertible {
    /// A usual run, best shortly before its end.
    case usual
    /// Many steps, no codes.
    case long
    /// One step.
    case single
    /// No step, nothing known.
    case empty
    /// Losses that are no numbers, the best at the beginning.
    case diverged
    /// Names that try to be markup, and are long.
    case hostile

    var testDescription: String { rawValue }

    /// How many measurements there are.
    var evaluations: Int {
        switch self {
        case .usual, .hostile: 7
        case .long: 51
        case .single: 2
        case .empty: 0
        case .diverged: 3
        }
    }

    var report: TuningReport {
        switch self {
        case .usual: made(steps: 120, every: 20, best: 100, end: "finished", codes: true)
        case .long: made(steps: 5000, every: 100, best: 4000, end: "no gain", codes: false)
        case .single: made(steps: 1, every: 1, best: 1, end: "stopped", codes: true)
        case .empty: made(steps: 0, every: 0, best: 0, end: "finished", codes: false)
        case .diverged: diverged()
        case .hostile: hostile()
        }
    }

    private func made(
        steps: Int,
        every: Int,
        best: Int,
        end: String,
        codes: Bool
    ) -> TuningReport {
        var course = TuningCourse()
        for step in 0..<steps {
            let noise = Double((step * 37) % 11) / 200
            course.made.append(
                .init(
                    loss: 0.2 + 0.3 / (1 + Double(step) / 20) + noise,
                    tokens: 2048 - step % 3,
                    changedGroups: codes ? 1000 + 7 * (step % 50) : 0
                )
            )
        }
        if every > 0 {
            for step in stride(from: 0, through: steps, by: every) {
                let distance = Double(abs(step - best)) / Double(max(1, steps))
                course.evaluations.append(.init(step: step, loss: 0.2 + 0.1 * distance))
            }
        }
        let digest = Digest(of: "")
        var report = TuningReport(
            title: "SmolLM2-135M-Instruct-AQLM-2x8g8-mine",
            scheme: "2x8g8",
            TuningRecord(
                objective: self == .long ? .crossEntropy : .mixed,
                teacher: [],
                textKind: "chat",
                learnedTokens: 40_000,
                text: CalibrationRecord(
                    text: ["chat.jsonl"],
                    tokens: 131_072,
                    sequenceLength: 512,
                    digest: digest
                ),
                heldOut: [0, 20],
                settings: .null,
                steps: steps,
                bestStep: best,
                lossBefore: course.evaluations.first?.loss ?? .nan,
                lossAfter: 0.2,
                end: end
            )
        )
        report.add(
            course,
            seconds: (0..<steps).map { 4 + Double($0 % 5) / 10 },
            groups: codes ? 13_271_040 : 0
        )
        report.original = "SmolLM2-135M-Instruct"
        report.settings = [.init("Objective", "mixed"), .init("Seed", "0"), .init("Threads", "2")]
        report.command = ["octavo", "tune", "folded", "mine", "--calibration", "my chat.jsonl"]
        return report
    }

    private func diverged() -> TuningReport {
        var report = made(steps: 40, every: 20, best: 0, end: "diverged", codes: true)
        report.course.made[39].loss = .nan
        report.course.made[20].loss = .infinity
        report.course.evaluations[2].loss = .nan
        report.seconds = []
        return report
    }

    private func hostile() -> TuningReport {
        var report = made(steps: 120, every: 20, best: 100, end: "stopped", codes: true)
        let attack = ReportFixture.attack + String(repeating: "W", count: 120)
        report.title = attack
        report.scheme = attack
        report.original = attack
        report.tuning.text.text = [attack]
        report.settings = [.init(attack, attack)]
        report.warnings += [attack]
        report.command = ["octavo", attack]
        report.toolVersion = attack
        return report
    }
}
