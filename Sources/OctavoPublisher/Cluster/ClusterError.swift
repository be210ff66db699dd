/// Why work that is divided into tasks cannot begin or go on.
public enum ClusterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The folder has no plan, or is not there at all.
    case noPlan(String, host: String)
    /// The folder's plan is another than the one that the task was started for.
    case otherPlan(String, host: String, found: String, expected: String)
    /// The plan is damaged.
    case badPlan(String, String)
    /// Another binary made the plan.
    case otherBinary(found: String, expected: String, host: String)
    /// A file of the original is missing or has another length or content than when the work was planned.
    case sourceChanged(file: String, found: String, expected: String)
    /// There is no such task.
    case noSuchTask(String, phases: String)
    /// Tasks that must be done before are not.
    case notDone(for: String, [TaskFileProblem])
    /// The calibration text has been cut into another number of slices than planned.
    case slices(found: Int, expected: Int)
    /// The work directory is there already.
    case exists(String)
    /// The targets need one block after the other.
    case targets(String)
    /// A path cannot stand in a script.
    case path(String)
    /// Whoever schedules cannot be called.
    case scheduler(program: String, String)
    /// Jobs have ended without having done their tasks.
    case ended(directory: String, [String])

    /// As a sentence.
    public var description: String {
        switch self {
        case .noPlan(let path, let host):
            "there is no plan in \(path) on \(host)"
        case .otherPlan(let path, let host, let found, let expected):
            "\(path) on \(host) holds the plan \(found), expected \(expected): not the folder that the tasks were "
                + "submitted from"
        case .badPlan(let path, let reason): "\(path) is damaged: \(reason)"
        case .otherBinary(let found, let expected, let host):
            "the octavo on \(host) is \(found), the plan was made by \(expected)"
        case .sourceChanged(let file, let found, let expected):
            "\(file) has changed since the work was planned: \(found), expected \(expected)"
        case .noSuchTask(let text, let phases): "there is no task \"\(text)\", only \(phases)"
        case .notDone(let task, let problems):
            "\(task) needs \(problems.count == 1 ? "a task" : "\(problems.count) tasks") that "
                + "\(problems.count == 1 ? "is" : "are") not done: "
                + problems.prefix(8).map(\.description).joined(separator: "; ")
                + (problems.count > 8 ? "; and \(problems.count - 8) more" : "")
        case .slices(let found, let expected):
            "the calibration text makes \(found) slices, expected \(expected)"
        case .exists(let path): "\(path) exists already"
        case .targets(let targets):
            "with targets \"\(targets)\" each block is fitted to what became of those before it; expected targets "
                + "\"independent\" to quantize blocks side by side"
        case .path(let path):
            "the path \(path) has characters that no script can be trusted with; expected none of line ends and "
                + "other controls"
        case .scheduler(let program, let reason): "\(program): \(reason)"
        case .ended(let directory, let lines):
            "the jobs of \(directory) have ended, and not all tasks are done: "
                + lines.prefix(8).joined(separator: "; ")
                + (lines.count > 8 ? "; and \(lines.count - 8) more" : "")
        }
    }

    /// The tasks that must be run again, where that is what is wrong.
    public var tasksToRun: [ClusterTask] {
        if case .notDone(_, let problems) = self { return problems.map(\.task) }
        return []
    }
}

/// What is wrong with the file that a task should have written.
public struct TaskFileProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// What it is.
    public enum Kind: Sendable, Equatable {
        /// There is no such file.
        case missing
        /// It ends too early, or is not what it seems; with the reason.
        case unreadable(String)
        /// It belongs to another plan or another task.
        case foreign(found: String, expected: String)
        /// A tensor in it has another digest than its record says.
        case damaged(tensor: String)
    }

    /// The task.
    public let task: ClusterTask
    /// Its file, below the work directory.
    public let file: String
    /// What is wrong with it.
    public let kind: Kind

    /// As a clause.
    public var description: String {
        switch kind {
        case .missing: "\(file) is missing"
        case .unreadable(let reason): "\(file) is truncated or damaged (\(reason))"
        case .foreign(let found, let expected):
            "\(file) is foreign (of \(found), expected \(expected))"
        case .damaged(let tensor): "\(file) is damaged (tensor \(tensor) has another digest)"
        }
    }
}
