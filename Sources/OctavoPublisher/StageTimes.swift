import OctavoBase
import Synchronization

/// Adds up the time that each stage of a run takes.
final class StageTimes: Sendable {
    private struct State {
        var stages: [QuantizationReport.Stage] = []
        var current: (name: String, since: ProcessTime)?
    }

    private let state = Mutex(State())

    /// Begins a stage, which ends the one before it; a stage may come more than once.
    func begin(_ name: String) { turn(to: name) }

    /// Adds a stage that others did.
    func add(_ name: String, seconds: Double, cpuSeconds: Double) {
        state.withLock {
            $0.stages.append(
                QuantizationReport.Stage(name: name, seconds: seconds, cpuSeconds: cpuSeconds)
            )
        }
    }

    /// Ends the last stage and returns all, in the order in which they first began.
    func end() -> [QuantizationReport.Stage] {
        turn(to: nil)
        return state.withLock { $0.stages }
    }

    private func turn(to name: String?) {
        let now = ProcessTime()
        state.withLock { state in
            if let (name, since) = state.current {
                let (wall, cpu) = (now.wall - since.wall, now.cpu - since.cpu)
                if let index = state.stages.firstIndex(where: { $0.name == name }) {
                    state.stages[index].seconds = (state.stages[index].seconds ?? 0) + wall
                    state.stages[index].cpuSeconds = (state.stages[index].cpuSeconds ?? 0) + cpu
                } else {
                    let stage = QuantizationReport.Stage(name: name, seconds: wall, cpuSeconds: cpu)
                    state.stages.append(stage)
                }
            }
            state.current = name.map { ($0, now) }
        }
    }
}
