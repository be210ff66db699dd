/// What a task of a quantization does; phases follow one another in this order.
public enum ClusterPhase: String, CaseIterable, Sendable {
    /// The model writes the calibration text.
    case text
    /// A slice of the calibration text passes the original model, and the moments of its inputs are summed.
    case hessian
    /// Embedding and head are encoded.
    case embedding
    /// The linears of a block are quantized, from the moments of all slices.
    case block
    /// The result is put together and checked.
    case merge

    /// The phases whose tasks must be done before those of this one begin.
    public var needs: [ClusterPhase] {
        switch self {
        case .text: []
        case .hessian, .embedding: [.text]
        case .block: [.hessian]
        case .merge: [.text, .embedding, .block]
        }
    }

    /// What is being done, in a few words, as progress tells it.
    var stage: String {
        switch self {
        case .text: "writing text"
        case .hessian: "passing slices"
        case .embedding: "encoding embeddings"
        case .block: "quantizing blocks"
        case .merge: "merging"
        }
    }
}

/// A task: a phase, and which of its tasks.
///
/// It has a name, as in `hessian-3`, and a number among all tasks of a plan.
public struct ClusterTask: Hashable, Sendable, CustomStringConvertible {
    /// What it does.
    public let phase: ClusterPhase
    /// Which slice or block, from 0.
    public let index: Int

    /// Names a task.
    public init(_ phase: ClusterPhase, _ index: Int = 0) {
        self.phase = phase
        self.index = index
    }

    /// As in `block-12`; the phase alone where it has but one task.
    public var description: String { Self.isNumbered(phase) ? "\(phase)-\(index)" : "\(phase)" }

    /// Whether a phase has several tasks.
    static func isNumbered(_ phase: ClusterPhase) -> Bool { phase == .hessian || phase == .block }
}

extension ClusterPlan {
    /// How many tasks a phase has.
    public func count(of phase: ClusterPhase) -> Int {
        switch phase {
        case .text: request.text == .selfWritten ? 1 : 0
        case .hessian: slices
        case .embedding: request.embeddings == nil ? 0 : 1
        case .block: blocks.count
        case .merge: 1
        }
    }

    /// The tasks of a phase, in order.
    ///
    /// Those of blocks have the blocks' numbers; blocks without a linear to quantize have no task.
    public func tasks(of phase: ClusterPhase) -> [ClusterTask] {
        switch phase {
        case .block: blocks.map { ClusterTask(.block, $0) }
        default: (0..<count(of: phase)).map { ClusterTask(phase, $0) }
        }
    }

    /// All tasks: each comes behind those that it needs.
    public var tasks: [ClusterTask] { ClusterPhase.allCases.flatMap(tasks(of:)) }

    /// The tasks that must be done before a task can begin.
    public func needs(of task: ClusterTask) -> [ClusterTask] {
        task.phase.needs.flatMap(tasks(of:))
    }

    /// The task of a name, as in `hessian-3`, or of a number among all.
    ///
    /// - Throws: ``ClusterError/noSuchTask(_:phases:)``.
    public func task(_ text: String) throws(ClusterError) -> ClusterTask {
        let tasks = tasks
        if let number = Int(text), tasks.indices.contains(number) { return tasks[number] }
        if let task = tasks.first(where: { $0.description == text }) { return task }
        throw .noSuchTask(text, phases: phaseNames)
    }

    /// The tasks there are, as in `hessian-0 to hessian-7, block-0 to block-29, merge`.
    private var phaseNames: String {
        ClusterPhase.allCases.compactMap { phase in
            let tasks = tasks(of: phase)
            guard let first = tasks.first, let last = tasks.last else { return nil }
            return first == last ? "\(first)" : "\(first) to \(last)"
        }.joined(separator: ", ")
    }
}
