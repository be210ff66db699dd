import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer

extension TaskContext {
    /// Puts the result together from what all tasks made.
    func merge() throws {
        let parts = try plan.tasks.filter { $0.phase != .merge }.map { ($0, try work.open($0)) }
        try checkAll(parts)
        let sequences = try work.calibration()
        guard try !isThere(parts, sequences) else { return try end() }
        try source.checkSideFiles()
        let quantized = Set(
            plan.blocks.flatMap { block in
                quantizedLinears(of: block).map { $0.path(layer: block) + ".weight" }
            }
        )
        try source.checkTensors(besides: quantized)
        let checked = try CheckedQuantization(
            of: source.model,
            to: plan.output,
            request,
            sources: plan.sources
        )
        let journal = try FolderJournal(
            for: plan.output,
            identity: .object(["plan": .string(plan.id)]),
            resume: FolderJournal.isThere(for: plan.output),
            scheme: request.scheme,
            configuration: configuration
        )
        for (task, file) in parts {
            switch task.phase {
            case .block: try take(file, block: task.index, into: journal)
            case .embedding: try takeEmbeddings(file, into: journal.files)
            case .text, .hessian, .merge: break
            }
        }
        let times = stageTimes(parts)
        let embeddings = try encodedEmbeddings(
            of: source.model,
            checked,
            request,
            sequences,
            journal.files,
            times,
            progress
        )
        var history = QuantizationProgress.History()
        history.rareExperts = parts.filter { $0.0.phase == .block }
            .flatMap { $1.facts.array ?? [] }.compactMap(ExpertUse.init)
        _ = try finish(
            source.model,
            checked,
            request,
            journal,
            sequences,
            embeddings,
            times,
            { history },
            progress
        )
        try end()
    }

    /// Clears away what processes that were killed left, and says that all is done: in this order, since nothing is
    /// looked at any more once that is said.
    private func end() throws {
        try removeLeftovers()
        try mark()
    }

    /// Compares the digests of what goes into the result; moments went into blocks and are not read again.
    private func checkAll(_ parts: [(ClusterTask, ClusterTaskFile)]) throws {
        var problems: [TaskFileProblem] = []
        let read = parts.filter { $0.0.phase != .hessian }
        for (index, (_, file)) in read.enumerated() {
            progress(Progress("checking tasks", index + 1, of: read.count))
            do throws(TaskFileProblem) { try file.checkAll() } catch { problems.append(error) }
        }
        guard problems.isEmpty else { throw ClusterError.notDone(for: "\(task)", problems) }
        let processors = Dictionary(grouping: parts.compactMap { $0.1.effort }, by: \.processor)
        guard processors.count > 1 else { return }
        let list = processors.keys.sorted().map { name in
            let hosts = Set(processors[name]?.map(\.host) ?? []).sorted().prefix(4)
            return "\(name) (\(hosts.joined(separator: ", ")))"
        }
        progress(
            Progress(
                "checking tasks",
                read.count,
                of: read.count,
                note:
                    "tasks ran on different processors: the result is as good, but a run on one kind would "
                    + "give other last bits: " + list.joined(separator: "; ")
            )
        )
    }

    /// Whether the output is there already, made of these parts: by a task that ended between giving it its name and
    /// telling so.
    private func isThere(_ parts: [(ClusterTask, ClusterTaskFile)], _ sequences: [[Int]]) throws
        -> Bool
    {
        guard fileKind(plan.output) != nil, let record = try? OpenModel(plan.output).record(),
            record.sources == plan.sources,
            // Kernels are those of the machine that merged.
            record.solver.text(.sorted)
                == quantizer.settings(request.effort)
                .adding("kernels", record.solver["kernels"] ?? .null).text(.sorted),
            record.calibration.digest == digest(ofTokens: sequences)
        else { return false }
        let losses = try parts.filter { $0.0.phase == .block }.flatMap { task, file in
            try quantizedLinears(of: task.index).map {
                let path = $0.path(layer: task.index)
                let loss = try file.tensor(path + ".relative_loss").floats().first ?? .nan
                return LayerRecord(name: path, relativeLoss: loss)
            }
        }
        return record.layers == losses
    }

    /// Tells that the work is done.
    private func mark() throws { try keep([:], facts: .object(["output": .string(plan.output)])) }

    private func take(_ file: ClusterTaskFile, block: Int, into journal: FolderJournal) throws {
        for name in quantizedLinears(of: block) {
            let (outputs, inputs) = name.shape(in: configuration)
            let linear = try QuantizedLinear(
                in: file.tensors,
                prefix: name.path(layer: block) + ".",
                scheme: request.scheme,
                outputs: outputs,
                inputs: inputs
            )
            try journal.keep(linear, name, block: block)
        }
    }

    private func takeEmbeddings(_ file: ClusterTaskFile, into journal: JournalFiles) throws {
        if case .additive(let scheme)? = request.embeddings {
            for name in EmbeddingQuantization.names where file.tensors[name + ".codes"] != nil {
                try journal.keep(
                    QuantizedLinear(
                        in: file.tensors,
                        prefix: name + ".",
                        scheme: scheme,
                        outputs: configuration.vocabularySize,
                        inputs: configuration.hiddenSize
                    ),
                    named: name
                )
            }
        }
        guard let measures = EmbeddingMeasures(try file.tensor("measures").floats()) else {
            throw file.problem(.unreadable("its measures are not what they should be"))
        }
        try journal.keep(measures)
    }

    /// What the tasks of each phase took together, for the report.
    private func stageTimes(_ parts: [(ClusterTask, ClusterTaskFile)]) -> StageTimes {
        let times = StageTimes()
        for phase in ClusterPhase.allCases {
            let efforts = parts.filter { $0.0.phase == phase }.compactMap { $0.1.effort }
            guard !efforts.isEmpty else { continue }
            times.add(
                phase.stage + ", by tasks",
                seconds: efforts.reduce(0) { $0 + $1.seconds },
                cpuSeconds: efforts.reduce(0) { $0 + $1.cpuSeconds }
            )
        }
        return times
    }

    /// Removes what tasks left behind that were killed.
    private func removeLeftovers() throws {
        for name in try directoryEntries(work.taskFolder)
        where name.hasSuffix(".tmp") || name.hasSuffix(".partial") {
            try removeAll(joined(work.taskFolder, name))
        }
    }
}
