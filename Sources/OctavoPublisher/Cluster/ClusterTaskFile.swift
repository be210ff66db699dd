import OctavoBase
import OctavoCheckpoint

/// A file that a task wrote, opened: it is whole and of this plan; whether its tensors are what they were is known for
/// those that are asked for.
struct ClusterTaskFile: Sendable {
    /// Its tensors.
    let tensors: Checkpoint
    /// What is to be known of what the task made.
    let facts: JSON
    /// What the task took.
    let effort: TaskEffort?
    private let digests: JSONObject
    private let task: ClusterTask
    private let name: String

    /// Opens a file, and checks whose it is and that its record is sealed.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - task: Whose it should be.
    ///   - name: What it is called in messages.
    ///   - plan: The plan that it should belong to.
    ///   - label: What the file should call its task.
    /// - Throws: ``TaskFileProblem``.
    init(
        _ path: String,
        as task: ClusterTask,
        named name: String,
        plan: String,
        label: String
    ) throws(TaskFileProblem) {
        func problem(_ kind: TaskFileProblem.Kind) -> TaskFileProblem {
            TaskFileProblem(task: task, file: name, kind: kind)
        }
        guard fileKind(path) == .file else { throw problem(.missing) }
        let metadata: [String: String]
        let checkpoint: Checkpoint
        do {
            metadata = try SafetensorsFile(MappedFile(path)).metadata
            checkpoint = try Checkpoint(path)
        } catch { throw problem(.unreadable("\(error)")) }
        let found = (
            metadata[TaskFileWriter.planKey] ?? "no plan", metadata[TaskFileWriter.taskKey]
        )
        guard found.0 == plan else {
            throw problem(.foreign(found: "plan \(found.0)", expected: "plan \(plan)"))
        }
        guard found.1 == label else {
            throw problem(.foreign(found: "task \(found.1 ?? "none")", expected: "task \(label)"))
        }
        guard let record = Self.bytes(TaskFileWriter.recordName, checkpoint),
            let seal = Self.bytes(TaskFileWriter.sealName, checkpoint),
            Digest(of: record).bytes == seal,
            let json = try? JSON(parsing: record), json["plan"]?.string == plan,
            json["task"]?.string == label, let digests = json["digests"]?.object
        else { throw problem(.unreadable("its record is not sealed")) }
        tensors = checkpoint
        facts = json["facts"] ?? .null
        effort = json["effort"].flatMap(TaskEffort.init)
        (self.digests, self.task, self.name) = (digests, task, name)
    }

    private static func bytes(_ name: String, _ checkpoint: Checkpoint) -> [UInt8]? {
        guard let tensor = checkpoint[name], tensor.byteCount <= 1 << 30 else { return nil }
        return try? tensor.withBytes { $0.array }
    }

    /// Says what is wrong with the file.
    func problem(_ kind: TaskFileProblem.Kind) -> TaskFileProblem {
        TaskFileProblem(task: task, file: name, kind: kind)
    }

    /// A tensor that is what it was when it was written.
    ///
    /// - Throws: ``TaskFileProblem``.
    func tensor(_ name: String) throws(TaskFileProblem) -> CheckpointTensor {
        guard let tensor = tensors[name] else { throw problem(.unreadable("it lacks \(name)")) }
        let digest = try? tensor.withBytes { Digest(of: $0) }
        guard let digest, digests[name]?.string == digest.hex else {
            throw problem(.damaged(tensor: name))
        }
        return tensor
    }

    /// Compares the digests of all tensors.
    ///
    /// - Throws: ``TaskFileProblem``.
    func checkAll() throws(TaskFileProblem) {
        for (name, _) in digests { _ = try tensor(name) }
    }
}
