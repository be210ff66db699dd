import OctavoBase

/// How far the tasks of a plan are.
public struct ClusterStatus: Sendable {
    /// How far a phase is.
    public struct Phase: Sendable {
        /// What its tasks do.
        public let phase: ClusterPhase
        /// How many tasks it has.
        public let total: Int
        /// How many of them are done.
        public var done = 0
        /// How many are running, as far as the scheduler tells.
        public var running = 0
        /// How many wait, as far as the scheduler tells.
        public var waiting = 0
        /// The processor seconds of those that are done.
        public var cpuSeconds = 0.0
    }

    /// The phases that have tasks, in order.
    public let phases: [Phase]
    /// The tasks whose files are there and wrong.
    public let bad: [TaskFileProblem]
    /// The tasks that a scheduler gave up, with what it and they said last.
    public let failed: [(task: ClusterTask, reason: String)]
    /// The tasks that are not done.
    public let missing: [ClusterTask]
    /// What the scheduler said instead of an answer; nil if it answered, or was not asked.
    public let silence: String?
    /// Whether any task is on its way with the scheduler.
    public let isUnderWay: Bool
    /// Whether a task has ended well as far as the scheduler knows, and its file is not to be seen here.
    public let awaitsFiles: Bool

    /// Whether everything is done.
    public var isDone: Bool { missing.isEmpty }
}

extension WorkDirectory {
    /// How far the tasks are.
    ///
    /// - Parameters:
    ///   - slurm: Who knows of jobs; nil to look at files alone.
    ///   - isThorough: Whether all of every file is read and compared with its digests.
    /// - Returns: How far they are.
    /// - Throws: When the list of jobs is damaged.
    public func status(asking slurm: Slurm? = nil, isThorough: Bool = false) throws -> ClusterStatus
    {
        let jobs = try jobs()
        var states: [ClusterTask: Slurm.State] = [:]
        var silence: String?
        if let slurm, !jobs.isEmpty {
            do { states = try slurm.states(of: jobs) } catch let error as ClusterError {
                silence = "\(error)"
            }
        }
        var bad: [TaskFileProblem] = []
        var failed: [(task: ClusterTask, reason: String)] = []
        var missing: [ClusterTask] = []
        var (isUnderWay, awaitsFiles) = (false, false)
        // Storage that is shared may keep from us what is new until the folder is listed.
        _ = try directoryEntries(taskFolder)
        var phases: [ClusterStatus.Phase] = []
        let isMerged = isDone(ClusterTask(.merge))
        for phase in ClusterPhase.allCases where plan.count(of: phase) > 0 {
            var count = ClusterStatus.Phase(phase: phase, total: plan.count(of: phase))
            for task in plan.tasks(of: phase) {
                if let file = try? open(task),
                    !isThorough || problem(with: task, isThorough: true) == nil
                {
                    count.done += 1
                    count.cpuSeconds += file.effort?.cpuSeconds ?? 0
                    continue
                }
                // Parts of what is merged may have been removed.
                if isMerged {
                    count.done += 1
                    continue
                }
                missing.append(task)
                if let problem = problem(with: task, isThorough: isThorough),
                    problem.kind != .missing
                {
                    bad.append(problem)
                }
                guard let state = states[task] else { continue }
                if state.isOpen, !state.waitsInVain {
                    isUnderWay = true
                    if state.name == "PENDING" { count.waiting += 1 } else { count.running += 1 }
                } else if state.name != "COMPLETED" {
                    failed.append((task, reason(state, task)))
                } else {
                    awaitsFiles = true
                    failed.append(
                        (
                            task,
                            "it ended well, but its file is not here: is \(path) on storage that the nodes share?"
                        )
                    )
                }
            }
            phases.append(count)
        }
        return ClusterStatus(
            phases: phases,
            bad: bad,
            failed: failed,
            missing: missing,
            silence: silence,
            isUnderWay: isUnderWay,
            awaitsFiles: awaitsFiles
        )
    }

    /// How a task ended, and the last that its log says.
    private func reason(_ state: Slurm.State, _ task: ClusterTask) -> String {
        var words = state.name.lowercased()
        if !["", "None"].contains(state.reason) { words += " (\(state.reason))" }
        guard !state.waitsInVain, !state.name.hasPrefix("CANCELLED") else { return words }
        let log = joined(logs, "\(task).log")
        guard let bytes = try? readFile(log, limit: 1 << 24) else {
            return words
                + "; it left no log: is \(path) on storage that the nodes share?"
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        if let error = lines.last(where: { $0.hasPrefix("error: ") }) ?? lines.last {
            words += "; \(printable(String(error.prefix(400))))"
        }
        return words
    }
}
