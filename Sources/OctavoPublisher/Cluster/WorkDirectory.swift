import Foundation
import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer

/// A folder on storage that all machines share, with a plan and what its tasks have done.
///
/// ```
/// plan.json                      what is to be done, and of what
/// calibration.safetensors        the calibration text, where it comes from files
/// tasks/hessian-0.safetensors    what each task made, sealed
/// logs/                          what tasks of a scheduler said
/// Makefile  slurm/  jobs.json    how to run the tasks, and the jobs that were submitted
/// ```
public struct WorkDirectory: Sendable {
    /// Where it is.
    public let path: String
    /// What is to be done.
    public let plan: ClusterPlan

    /// The folder of logs.
    var logs: String { joined(path, "logs") }
    /// The folder of what tasks made.
    var taskFolder: String { joined(path, "tasks") }
    private var calibrationFile: String { joined(path, "calibration.safetensors") }

    /// The file that a task writes, below the folder.
    func fileName(_ task: ClusterTask) -> String { "tasks/\(task).safetensors" }
    /// The file that a task writes.
    func file(_ task: ClusterTask) -> String { joined(path, fileName(task)) }
    /// Where a task keeps what it has done so far.
    func partial(_ task: ClusterTask) -> String {
        joined(taskFolder, "\(task).\(plan.id.prefix(8)).partial")
    }

    /// Opens a folder.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - expected: The plan's name, or nil for whichever is there.
    /// - Throws: ``ClusterError``, or what the file system says.
    public init(_ path: String, plan expected: String? = nil) throws {
        let file = joined(path, ClusterPlan.fileName)
        guard fileKind(file) == .file else {
            throw ClusterError.noPlan(path, host: hostName())
        }
        self.path = absolute(path)
        plan = try ClusterPlan(parsing: readFile(file), path: file)
        if let expected, plan.id != expected {
            throw ClusterError.otherPlan(
                path,
                host: hostName(),
                found: plan.id,
                expected: expected
            )
        }
    }

    /// Makes a folder; nothing may be in its place.
    ///
    /// - Throws: ``ClusterError/exists(_:)``, or what the file system says.
    init(making path: String, _ plan: ClusterPlan, calibration: [[Int]]?) throws {
        if let kind = fileKind(path) {
            guard kind == .directory, try directoryEntries(path).isEmpty else {
                throw ClusterError.exists(path)
            }
        }
        self.path = absolute(path)
        self.plan = plan
        for folder in [path, taskFolder, logs] { try makeDirectory(folder) }
        if let calibration {
            _ = try TaskFileWriter.write(
                storedSequences(calibration),
                to: calibrationFile,
                plan: plan.id,
                task: "calibration"
            )
        }
        // With this the folder is one of ours: last of all.
        try AtomicFile.write(plan.text, to: joined(path, ClusterPlan.fileName))
    }

    /// Describes a folder that is not there.
    init(sketching path: String, _ plan: ClusterPlan) {
        self.path = absolute(path)
        self.plan = plan
    }

    /// Compares what is asked for with what the folder was made for.
    ///
    /// - Throws: ``ResumeError/differs(argument:began:now:)``.
    public func require(_ request: QuantizationRequest, of model: OpenModel, to output: String)
        throws
    {
        var now = request.json.object ?? JSONObject()
        now["model"] = .string(absolute(model.path))
        now["output"] = .string(absolute(output))
        var began = plan.request.json.object ?? JSONObject()
        began["model"] = .string(plan.model)
        began["output"] = .string(plan.output)
        for (argument, value) in now where began[argument] != value {
            throw ResumeError.differs(
                argument: argument,
                began: began[argument]?.text(.compact) ?? "unset",
                now: value.text(.compact)
            )
        }
    }

    /// The calibration text.
    ///
    /// - Throws: ``TaskFileProblem`` where the task's file is not what it was, ``ClusterError/badPlan(_:_:)`` where the
    ///   plan's own is not.
    func calibration() throws -> [[Int]] {
        let task = ClusterTask(.text)
        guard plan.count(of: .text) == 0 else { return try sequences(in: open(task)) }
        do {
            return try sequences(
                in: ClusterTaskFile(
                    calibrationFile,
                    as: task,
                    named: lastComponent(calibrationFile),
                    plan: plan.id,
                    label: "calibration"
                )
            )
        } catch let problem as TaskFileProblem {
            // No task would write it again.
            throw ClusterError.badPlan(path, "\(problem)")
        }
    }

    private func sequences(in file: ClusterTaskFile) throws -> [[Int]] {
        try file.checkAll()
        guard let sequences = try calibrationSequences(in: file.tensors) else {
            throw file.problem(.unreadable("lengths and tokens contradict each other"))
        }
        return sequences
    }

    /// The file that a task wrote, checked but for the digests of its tensors.
    ///
    /// - Throws: ``TaskFileProblem``.
    func open(_ task: ClusterTask) throws(TaskFileProblem) -> ClusterTaskFile {
        try ClusterTaskFile(
            file(task),
            as: task,
            named: fileName(task),
            plan: plan.id,
            label: "\(task)"
        )
    }

    /// What is wrong with a task's file.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - isThorough: Whether the digests of tensors are compared, for which all of the file is read.
    /// - Returns: Nil if the task is done.
    public func problem(with task: ClusterTask, isThorough: Bool = false) -> TaskFileProblem? {
        do throws(TaskFileProblem) {
            let file = try open(task)
            if isThorough { try file.checkAll() }
            return nil
        } catch { return error }
    }

    /// Whether a task is done.
    public func isDone(_ task: ClusterTask) -> Bool { problem(with: task) == nil }
}

/// The name of this machine.
func hostName() -> String { ProcessInfo.processInfo.hostName }

/// A path from the root.
func absolute(_ path: String) -> String {
    let whole =
        path.hasPrefix("/") ? path : joined(FileManager.default.currentDirectoryPath, path)
    return "/" + pathParts(whole).filter { $0 != "." }.joined(separator: "/")
}
