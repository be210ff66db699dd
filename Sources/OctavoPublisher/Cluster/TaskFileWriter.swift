import OctavoBase
import OctavoCheckpoint

/// Writes what a task made: tensors, and behind them a record with their digests and a seal on the record.
///
/// A safetensors file like any other, whose header says which plan and which task it belongs to. It has its name only
/// when it is whole and synced. The record comes last because it tells of what is only known then.
struct TaskFileWriter: ~Copyable {
    /// The tensors in the order in which their bytes must be given.
    let plans: [TensorPlan]
    private var writer: SafetensorsWriter
    private let plan: String
    private let task: String
    private let capacity: Int

    /// Names that sort behind any other: the tensors of bytes come last, and of these the last names.
    static let recordName = "~record"
    static let sealName = "~seal"
    static let planKey = "octavo.plan"
    static let taskKey = "octavo.task"

    /// Starts a file.
    ///
    /// - Parameters:
    ///   - path: The name it will have.
    ///   - plan: The plan it belongs to.
    ///   - task: The task it belongs to.
    ///   - tensors: What it will hold; none in types narrower than 16 bits.
    ///   - facts: The most bytes that facts take in JSON.
    /// - Throws: ``SafetensorsWriteError``.
    init(_ path: String, plan: String, task: String, tensors: [TensorPlan], facts: Int = 0) throws {
        capacity =
            4096 + facts + tensors.reduce(0) { $0 + 6 * $1.name.utf8.count + 80 }
        let record = [
            TensorPlan(name: Self.recordName, dtype: .u8, shape: [capacity]),
            TensorPlan(name: Self.sealName, dtype: .u8, shape: [32]),
        ]
        writer = try SafetensorsWriter(
            path,
            tensors: tensors + record.compactMap(\.self),
            metadata: [Self.planKey: plan, Self.taskKey: task]
        )
        plans = writer.plans.dropLast(2)
        (self.plan, self.task) = (plan, task)
    }

    /// Appends bytes to the tensor at hand.
    mutating func write(_ bytes: [UInt8]) throws { try writer.write(bytes) }

    /// Seals the file and gives it its name.
    ///
    /// - Parameters:
    ///   - facts: What else is to be known of what the task made.
    ///   - effort: What the task took; nil if that is of no interest.
    /// - Throws: ``SafetensorsWriteError``.
    consuming func finish(facts: JSON = .null, effort: TaskEffort? = nil) throws {
        var digests = JSONObject()
        for tensor in writer.written { digests[tensor.plan.name] = .string(tensor.digest.hex) }
        var record = Array(
            JSON.object([
                "plan": .string(plan), "task": .string(task), "facts": facts,
                "effort": effort?.json, "digests": .object(digests),
            ]).text(.compact).utf8
        )
        precondition(record.count <= capacity, "a record fits what was planned for it")
        record += [UInt8](repeating: UInt8(ascii: " "), count: capacity - record.count)
        try writer.write(record)
        try writer.write(Digest(of: record).bytes)
        _ = try writer.finish()
    }

    /// Writes all tensors of a task that has them in memory.
    static func write(
        _ tensors: [String: StoredValues],
        to path: String,
        plan: String,
        task: String,
        facts: JSON = .null,
        effort: TaskEffort? = nil
    ) throws {
        let plans = tensors.compactMap { TensorPlan(name: $0, dtype: $1.dtype, shape: $1.shape) }
        var writer = try TaskFileWriter(
            path,
            plan: plan,
            task: task,
            tensors: plans,
            facts: facts.text(.compact).utf8.count
        )
        for plan in writer.plans {
            if let bytes = tensors[plan.name]?.bytes { try writer.write(bytes) }
        }
        try writer.finish(facts: facts, effort: effort)
    }
}
