import Foundation
import OctavoBase

extension WorkDirectory {
    /// Waits until all tasks are done, whoever does them.
    ///
    /// - Parameters:
    ///   - slurm: Who knows of jobs; nil to look at files alone, which then may be waited for without end.
    ///   - interval: The seconds between two looks.
    ///   - progress: Told how far the tasks are.
    /// - Throws: ``ClusterError/ended(directory:_:)`` once no job is left and not all is done.
    public func follow(
        asking slurm: Slurm?,
        every interval: Double = 2,
        progress: ProgressHandler
    ) throws {
        var idleSince: Double?
        var lastSilence: String?
        while true {
            let status = try status(asking: slurm)
            tell(status, progress)
            if status.isDone { return }
            if let silence = status.silence {
                if silence != lastSilence { note(silence + "; asking again", status, progress) }
            } else if slurm != nil {
                let now = ProcessTime().wall
                if status.isUnderWay { idleSince = nil } else { idleSince = idleSince ?? now }
                // A file may take a minute to be seen on another machine.
                let patience = status.awaitsFiles ? 90 : max(5, 2 * interval)
                if let idleSince, now - idleSince > patience {
                    throw ended(status)
                }
            }
            lastSilence = status.silence
            Thread.sleep(forTimeInterval: interval)
        }
    }

    private func ended(_ status: ClusterStatus) -> ClusterError {
        var lines = status.failed.map { "\($0.task) \($0.reason)" }
        lines += status.bad.map(\.description)
        let told = Set(status.failed.map(\.task) + status.bad.map(\.task))
        let rest = status.missing.filter { !told.contains($0) }
        if !rest.isEmpty { lines.append("not begun: " + names(rest)) }
        return .ended(directory: path, lines)
    }

    private func tell(_ status: ClusterStatus, _ progress: ProgressHandler) {
        guard let phase = status.phases.first(where: { $0.done < $0.total }) ?? status.phases.last
        else { return }
        var parts: [String] = []
        if phase.running > 0 { parts.append("\(phase.running) running") }
        if phase.waiting > 0 { parts.append("\(phase.waiting) waiting") }
        progress(
            Progress(
                phase.phase.stage,
                phase.done,
                of: phase.total,
                detail: parts.joined(separator: ", ")
            )
        )
    }

    private func note(_ text: String, _ status: ClusterStatus, _ progress: ProgressHandler) {
        guard let phase = status.phases.first(where: { $0.done < $0.total }) else { return }
        progress(Progress(phase.phase.stage, phase.done, of: phase.total, note: text))
    }
}

/// Names of tasks, as in `block-3 to block-7, merge`: runs of a phase as their ends.
func names(_ tasks: [ClusterTask]) -> String {
    ClusterPhase.allCases.flatMap { phase -> [String] in
        let indices = tasks.filter { $0.phase == phase }.map(\.index).sorted()
        var runs: [ClosedRange<Int>] = []
        for index in indices {
            if let last = runs.last, last.upperBound + 1 == index {
                runs[runs.count - 1] = last.lowerBound...index
            } else {
                runs.append(index...index)
            }
        }
        return runs.map { run in
            run.count == 1
                ? "\(ClusterTask(phase, run.lowerBound))"
                : "\(ClusterTask(phase, run.lowerBound)) to \(ClusterTask(phase, run.upperBound))"
        }
    }.joined(separator: ", ")
}
