import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// What became of a task.
public struct TaskOutcome: Sendable {
    /// The task.
    public let task: ClusterTask
    /// Whether it had been done before.
    public let wasDone: Bool
    /// What it took; nil if that was not recorded.
    public let effort: TaskEffort?
}

extension WorkDirectory {
    /// Does a task, unless it is done.
    ///
    /// Whenever the process ends, the task's file is there whole or not at all; whoever does the task again, or beside
    /// another, makes the same bytes.
    ///
    /// - Parameters:
    ///   - task: The task.
    ///   - progress: Told how far it has come.
    /// - Returns: What became of it.
    /// - Throws: ``ClusterError``, and whatever ends a single run.
    public func run(_ task: ClusterTask, progress: @escaping ProgressHandler = { _ in }) throws
        -> TaskOutcome
    {
        let start = ProcessTime()
        let binary = try BinaryIdentity.current()
        guard binary == plan.binary else {
            throw ClusterError.otherBinary(
                found: binary.description,
                expected: plan.binary.description,
                host: hostName()
            )
        }
        if let done = try? open(task) { return outcome(task, wasDone: true, done) }
        // What is merged needs no parts any more.
        if task.phase != .merge, let merged = try? open(ClusterTask(.merge)) {
            return outcome(task, wasDone: true, merged)
        }
        let problems = plan.needs(of: task).compactMap { problem(with: $0) }
        guard problems.isEmpty else {
            throw ClusterError.notDone(for: "\(task)", problems)
        }
        do {
            let context = try TaskContext(self, task, start, progress)
            switch task.phase {
            case .text: try context.writeText()
            case .hessian: try context.passSlice()
            case .embedding: try context.encodeEmbeddings()
            case .block: try context.quantizeBlock()
            case .merge: try context.merge()
            }
        } catch {
            // Another process may have been faster, and have removed what both were working on.
            if let done = try? open(task) { return outcome(task, wasDone: true, done) }
            guard let problem = error as? TaskFileProblem else { throw error }
            throw ClusterError.notDone(for: "\(task)", [problem])
        }
        return outcome(task, wasDone: false, try open(task))
    }

    private func outcome(_ task: ClusterTask, wasDone: Bool, _ file: ClusterTaskFile) -> TaskOutcome
    {
        TaskOutcome(task: task, wasDone: wasDone, effort: file.effort)
    }
}

/// A task at work.
struct TaskContext {
    let work: WorkDirectory
    let task: ClusterTask
    let source: CheckedSource
    let configuration: ModelConfiguration
    let quantizer: ModelQuantizer
    /// When the work began.
    let start: ProcessTime
    let progress: ProgressHandler

    var plan: ClusterPlan { work.plan }
    var request: QuantizationRequest { plan.request }

    init(
        _ work: WorkDirectory,
        _ task: ClusterTask,
        _ start: ProcessTime,
        _ progress: @escaping ProgressHandler
    ) throws {
        (self.work, self.task, self.start, self.progress) = (work, task, start, progress)
        source = try CheckedSource(work.plan)
        let dense: Set<String>
        (configuration, dense) = try checkedConfiguration(of: source.model, work.plan.request)
        quantizer = OctavoPublisher.quantizer(configuration, work.plan.request, dense)
        setBLASThreads(work.plan.request.threads)
    }

    /// Lets the model write the calibration text.
    func writeText() throws {
        try source.checkTensors(besides: [])
        let sequences = try calibration(for: source.model, request, configuration, progress)
        _ = try slices(of: sequences)
        try keep(storedSequences(sequences))
    }

    /// Encodes embedding and head.
    func encodeEmbeddings() throws {
        guard let encoding = request.embeddings else { return }
        try source.checkTensors(besides: [])
        let folder = work.partial(task)
        try makeDirectory(folder)
        let journal = JournalFiles(
            path: folder,
            scheme: request.scheme,
            configuration: configuration
        )
        _ = try EmbeddingQuantization(
            model: source.model,
            configuration: configuration,
            encoding: encoding,
            options: quantizer.options,
            isCanonical: request.isCanonical,
            threads: request.threads,
            journal: journal,
            progress: progress
        ).run(work.calibration())
        var tensors: [String: StoredValues] = [:]
        if case .additive(let scheme) = encoding {
            for name in EmbeddingQuantization.names {
                let table = try journal.table(
                    name,
                    scheme,
                    outputs: configuration.vocabularySize,
                    inputs: configuration.hiddenSize
                )
                if let table { tensors.merge(table.tensors(name + ".")) { first, _ in first } }
            }
        }
        guard let measures = try journal.embeddingMeasures() else {
            throw ResumeError.damaged(folder)
        }
        tensors["measures"] = measures.stored
        try keep(tensors)
        try removeAll(folder)
    }

    /// The slices of the calibration text, of which there must be as many as planned.
    func slices(of sequences: [[Int]]) throws -> [Range<Int>] {
        let slices = quantizer.slices(of: sequences)
        guard slices.count == plan.slices else {
            throw ClusterError.slices(found: slices.count, expected: plan.slices)
        }
        return slices
    }

    /// Writes the task's file.
    func keep(_ tensors: [String: StoredValues], facts: JSON = .null) throws {
        try TaskFileWriter.write(
            tensors,
            to: work.file(task),
            plan: plan.id,
            task: "\(task)",
            facts: facts,
            effort: TaskEffort(since: start)
        )
    }
}
