import OctavoBase

/// Slurm, by its own programs.
public struct Slurm: Sendable {
    private let runner: CommandRunner

    /// Calls programs by a runner.
    public init(_ runner: CommandRunner = .system) { self.runner = runner }

    /// The state of a task of a job.
    public struct State: Sendable, Equatable {
        /// As Slurm calls it: `PENDING`, `RUNNING`, `FAILED`.
        public var name: String
        /// Why it waits, or how it ended.
        public var reason: String

        /// Whether it is yet to end.
        public var isOpen: Bool {
            [
                "PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "SUSPENDED", "REQUEUED",
                "STOPPED",
                "RESIZING", "REQUEUE_HOLD", "REQUEUE_FED", "SIGNALING", "STAGE_OUT", "SPECIAL_EXIT",
            ].contains(name)
        }
        /// Whether it will never run: what it waits for has failed.
        public var waitsInVain: Bool { reason.contains("DependencyNeverSatisfied") }
    }

    /// Runs a program of Slurm's.
    ///
    /// - Throws: ``ClusterError/scheduler(program:_:)`` if there is none or it fails.
    func call(_ words: [String]) throws -> String {
        let answer = try runner.run(words)
        let program = words.first ?? ""
        guard answer.status != 127 else {
            throw ClusterError.scheduler(program: program, "there is no such program on PATH")
        }
        guard answer.status == 0 else {
            let said = answer.errors.split(separator: "\n").suffix(2).joined(separator: "; ")
            throw ClusterError.scheduler(
                program: program,
                said.isEmpty ? "it ended with status \(answer.status)" : said
            )
        }
        return answer.output
    }

    /// Submits a job; returns its number.
    func submit(_ words: [String]) throws -> Int {
        let answer = try call(words)
        // `--parsable` prints the number, and the cluster behind a semicolon.
        let number = answer.split(whereSeparator: { $0 == ";" || $0 == "\n" }).first.flatMap {
            Int($0)
        }
        guard let number else {
            throw ClusterError.scheduler(program: "sbatch", "it answered \"\(answer.prefix(80))\"")
        }
        return number
    }

    /// Cancels jobs, and all their tasks.
    func cancel(_ jobs: [SubmittedJob]) throws {
        _ = try call(["scancel"] + jobs.map { "\($0.id)" })
    }

    /// The states of all tasks that Slurm still knows of.
    ///
    /// - Throws: ``ClusterError/scheduler(program:_:)`` if Slurm does not answer.
    func states(of jobs: [SubmittedJob]) throws -> [ClusterTask: State] {
        guard !jobs.isEmpty else { return [:] }
        let ids = jobs.map { "\($0.id)" }.joined(separator: ",")
        var rows: [(job: String, state: State)] = []
        do {
            let answer = try call([
                "squeue", "--noheader", "--array", "--states=all", "--jobs=\(ids)",
                "--format=%i|%T|%r",
            ])
            rows = Self.rows(answer)
        } catch let error as ClusterError {
            // Of jobs that ended long ago it knows nothing.
            guard "\(error)".contains("Invalid job id") else { throw error }
        }
        // Where accounts are kept, they know what the queue has forgotten.
        if let answer = try? call([
            "sacct", "--noheader", "--parsable2", "--allocations", "--jobs=\(ids)",
            "--format=JobID,State,ExitCode",
        ]) {
            let known = Set(rows.map(\.job))
            rows += Self.rows(answer).filter { !known.contains($0.job) }
        }
        var states: [ClusterTask: State] = [:]
        for (job, state) in rows {
            let parts = job.split(separator: "_", maxSplits: 1)
            guard let id = parts.first.flatMap({ Int($0) }),
                let found = jobs.first(where: { $0.id == id })
            else { continue }
            let index = parts.count > 1 ? Int(parts[1]) : found.tasks.first
            guard let index else { continue }
            states[ClusterTask(found.phase, index)] = state
        }
        return states
    }

    /// Lines of a job's number, its state, and a reason, with bars between them.
    private static func rows(_ text: String) -> [(job: String, state: State)] {
        text.split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count >= 3 else { return nil }
            // As in `CANCELLED by 1000`.
            let name = parts[1].split(separator: " ").first.map(String.init) ?? ""
            return (String(parts[0]), State(name: name, reason: String(parts[2])))
        }
    }
}
