import ArgumentParser
import OctavoBase
import OctavoPublisher

struct JobSubmit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Give Slurm the tasks that are not done, and follow them.",
        discussion: """
            What is done or on its way already is left alone, so that after a failure this goes on.

            Examples:
              octavo job submit ./folded.job --array-size 16 --sbatch "--partition=long"
              octavo job submit ./folded.job --detach
            """
    )

    @OptionGroup
    var directory: WorkDirectoryArgument
    @OptionGroup
    var sbatch: SbatchOptions

    @Flag(help: "Do not wait for the tasks.")
    var detach = false

    @Flag(help: "Print the scripts and what sbatch would be told; do nothing.")
    var dryRun = false

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let work = try directory.open()
            let options = sbatch.options
            if dryRun {
                return print(
                    try work.dryRun(options, binary: ownBinary()),
                    terminator: ""
                )
            }
            guard detach else {
                try await submitAndFollow(work, options, printer)
                return try showResult(of: work, result)
            }
            let jobs = try await runBlocking {
                try work.submit(to: Slurm(), options, binary: ownBinary())
            }
            printer.finish()
            result.show(
                .object(["jobs": .array(jobs.map(\.json))]),
                text: jobs.isEmpty
                    ? "nothing to submit"
                    : jobs.map { "\($0.phase): job \($0.id), \($0.tasks.count) tasks" }
                        .joined(separator: "\n")
            )
        }
    }
}

extension SubmittedJob {
    fileprivate var json: JSON {
        .object([
            "phase": .string(phase.rawValue), "id": .integer(id),
            "tasks": .array(tasks.map(JSON.integer)),
        ])
    }
}

struct JobWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until all tasks are done.",
        discussion: """
            An interrupt ends the waiting and leaves the tasks alone.

            Example:
              octavo job wait ./folded.job
            """
    )

    @OptionGroup
    var directory: WorkDirectoryArgument
    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let work = try directory.open()
            try await followDetachably(work, printer)
            try showResult(of: work, result)
        }
    }
}

struct JobCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Cancel the jobs of a work directory; what is done is kept.",
        discussion: """
            Example:
              octavo job cancel ./folded.job
            """
    )

    @OptionGroup
    var directory: WorkDirectoryArgument
    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let work = try directory.open()
            let jobs = try await runBlocking { try work.cancel(on: Slurm()) }
            printer.finish()
            result.show(
                .object(["cancelled": .array(jobs.map { .integer($0.id) })]),
                text: jobs.isEmpty
                    ? "no job is waiting or running"
                    : "cancelled " + jobs.map { "job \($0.id)" }.joined(separator: ", ")
                        + "; `octavo job submit` goes on"
            )
        }
    }
}

struct JobStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell how far the tasks of a work directory are.",
        discussion: """
            Ends with 1 if a file of a task is truncated or foreign, or the scheduler gave a task up.

            Examples:
              octavo job status ./folded.job
              octavo job status ./folded.job --check --json
            """
    )

    @OptionGroup
    var directory: WorkDirectoryArgument

    @Flag(help: "Read all files of tasks and compare them with their digests.")
    var check = false

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let work = try directory.open()
            let isThorough = check
            let status = try await runBlocking {
                try work.status(asking: Slurm(), isThorough: isThorough)
            }
            printer.finish()
            result.show(status.json, text: status.text)
            if !status.bad.isEmpty || !status.failed.isEmpty { throw ExitCode.failure }
        }
    }
}

extension ClusterStatus {
    fileprivate var text: String {
        var table = TextTable(["phase", "tasks", "done", "running", "waiting", "CPU s"])
        for phase in phases {
            table.add(
                phase.phase.rawValue,
                "\(phase.total)",
                "\(phase.done)",
                "\(phase.running)",
                "\(phase.waiting)",
                decimal(phase.cpuSeconds, digits: 1)
            )
        }
        var lines = [table.text]
        lines += bad.map { "bad: \($0)" }
        lines += failed.map { "failed: \($0.task) \($0.reason)" }
        if let silence { lines.append("the scheduler does not answer: \(silence)") }
        if isDone { lines.append("all tasks are done") }
        return lines.joined(separator: "\n")
    }

    fileprivate var json: JSON {
        .object([
            "done": .bool(isDone), "under_way": .bool(isUnderWay),
            "phases": .array(
                phases.map {
                    .object([
                        "phase": .string($0.phase.rawValue), "tasks": .integer($0.total),
                        "done": .integer($0.done), "running": .integer($0.running),
                        "waiting": .integer($0.waiting), "cpu_seconds": .number($0.cpuSeconds),
                    ])
                }
            ),
            "missing": .array(missing.map { .string("\($0)") }),
            "bad": .array(
                bad.map {
                    .object(["task": .string("\($0.task)"), "problem": .string("\($0)")])
                }
            ),
            "failed": .array(
                failed.map {
                    .object(["task": .string("\($0.task)"), "reason": .string($0.reason)])
                }
            ),
            "scheduler_silent": silence.map(JSON.string),
        ])
    }
}
