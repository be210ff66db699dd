import OctavoBase

extension WorkDirectory {
    private var jobFile: String { joined(path, "jobs.json") }

    /// The jobs that were submitted, the last ones last.
    ///
    /// - Throws: ``ClusterError/badPlan(_:_:)`` if their list is damaged.
    public func jobs() throws -> [SubmittedJob] {
        guard fileKind(jobFile) == .file else { return [] }
        let json: JSON
        do { json = try JSON(parsing: readFile(jobFile)) } catch {
            throw ClusterError.badPlan(jobFile, "\(error)")
        }
        guard let list = json["jobs"]?.array else {
            throw ClusterError.badPlan(jobFile, "it has no member \"jobs\"")
        }
        return try list.map { job in
            guard let phase = job["phase"]?.string.flatMap(ClusterPhase.init),
                let id = job["id"]?.integer, let tasks = job["tasks"]?.array?.map(\.integer),
                !tasks.contains(nil)
            else { throw ClusterError.badPlan(jobFile, "a job is not what it should be") }
            return SubmittedJob(phase: phase, id: id, tasks: tasks.compactMap(\.self))
        }
    }

    private func keep(_ jobs: [SubmittedJob]) throws {
        let list = jobs.map { job in
            JSON.object([
                "phase": .string(job.phase.rawValue), "id": .integer(job.id),
                "tasks": .array(job.tasks.map(JSON.integer)),
            ])
        }
        try AtomicFile.write(JSON.object(["jobs": .array(list)]).text(.pretty), to: jobFile)
    }

    /// Submits all tasks that are not done and not on their way, as job arrays that wait for one another.
    ///
    /// - Parameters:
    ///   - slurm: Whom to submit to.
    ///   - options: How.
    ///   - binary: The program that runs the tasks, by a path that all machines know.
    /// - Returns: The new jobs; none if everything is done or on its way.
    /// - Throws: ``ClusterError/scheduler(program:_:)``; jobs that were submitted before are cancelled then.
    public func submit(to slurm: Slurm, _ options: SlurmOptions, binary: String) throws
        -> [SubmittedJob]
    {
        try prepareScripts(binary: binary)
        let before = try jobs()
        let states = try slurm.states(of: before)
        let isOpen = { (task: ClusterTask) in
            states[task].map { $0.isOpen && !$0.waitsInVain } ?? false
        }
        let pending = plan.tasks.filter { !isDone($0) && !isOpen($0) }
        guard !pending.isEmpty else { return [] }
        var submitted: [SubmittedJob] = []
        func dependency(_ phase: ClusterPhase) -> String? {
            // On what was submitted now, and on what is still on its way from before.
            var ids = submitted.filter { $0.phase == phase }.map(\.id)
            ids += before.filter { job in
                job.phase == phase && job.tasks.contains { isOpen(ClusterTask(phase, $0)) }
            }.map(\.id)
            return ids.isEmpty ? nil : ids.map(String.init).joined(separator: ":")
        }
        do {
            for phase in ClusterPhase.allCases {
                let tasks = pending.filter { $0.phase == phase }
                for (_, words) in submissions(
                    of: tasks,
                    options,
                    memory: try memory(),
                    dependency: dependency
                ) {
                    let id = try slurm.submit(words)
                    submitted.append(
                        SubmittedJob(phase: phase, id: id, tasks: tasks.map(\.index))
                    )
                    try keep(before + submitted)
                }
            }
        } catch {
            try? slurm.cancel(submitted)
            throw error
        }
        return submitted
    }

    /// The most bytes that a task of each phase takes.
    func memory() throws -> [ClusterPhase: Int] {
        let model = try OpenModel(plan.model)
        let (configuration, dense) = try checkedConfiguration(of: model, plan.request)
        return taskMemory(quantizer(configuration, plan.request, dense), plan.request)
    }

    /// The calls of `sbatch` that submitting all tasks would make, and the scripts; nothing is submitted.
    public func dryRun(_ options: SlurmOptions, binary: String) throws -> String {
        try dryRun(options, binary: binary, memory: memory())
    }

    /// Cancels all jobs that are not done; what tasks have done stays.
    ///
    /// - Returns: The jobs that were cancelled.
    public func cancel(on slurm: Slurm) throws -> [SubmittedJob] {
        let jobs = try jobs()
        let states = try slurm.states(of: jobs)
        let open = jobs.filter { job in
            job.tasks.contains { states[ClusterTask(job.phase, $0)]?.isOpen ?? false }
        }
        if !open.isEmpty { try slurm.cancel(open) }
        return open
    }
}
