import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Job: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run, follow and end the tasks of a quantization that many processes share.",
        discussion: """
            `octavo quantize --engine slurm` or `--engine tasks` makes a work directory. Its tasks are run by \
            anything that can start processes, on any machine that shares the directory, the model and the output's \
            folder. What a task makes appears whole or not at all; one that is run twice changes nothing.

            Examples:
              octavo job run ./folded.job --task hessian-3
              octavo job status ./folded.job
              octavo job wait ./folded.job
              make -C ./folded.job -j 4
            """,
        subcommands: [
            JobRun.self, JobSubmit.self, JobStatus.self, JobWait.self, JobCancel.self,
            JobMerge.self,
        ]
    )
}

/// The work directory of a verb.
struct WorkDirectoryArgument: ParsableArguments {
    @Argument(help: "The work directory.")
    var workdir: String

    /// Opens it.
    func open(plan: String? = nil) throws -> WorkDirectory {
        try WorkDirectory(workdir, plan: plan)
    }
}

struct JobRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Do a task, or all that are not done.",
        discussion: """
            A task has a name, as in hessian-3, block-12 or merge, and a number among all tasks of the plan. One that \
            is done already ends at once; one that needs others says which of them are missing.

            Examples:
              octavo job run ./folded.job --task hessian-3
              octavo job run ./folded.job --task "block-$JOB_COMPLETION_INDEX"
              octavo job run ./folded.job
            """
    )

    @OptionGroup
    var directory: WorkDirectoryArgument

    @Option(help: "The task, by name or number; all that are not done if not given.")
    var task: String?

    @Option(
        help: ArgumentHelp(
            "The name of the plan that the task is of: another one in the directory is refused.",
            valueName: "id"
        )
    )
    var plan: String?

    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let work = try directory.open(plan: plan)
            let tasks = try task.map { [try work.plan.task($0)] } ?? work.plan.tasks
            let handler = printer.handler
            var outcomes: [TaskOutcome] = []
            for task in tasks {
                outcomes.append(
                    try await runBlocking { try work.run(task, progress: handler) }
                )
            }
            printer.finish()
            result.show(
                .object(["tasks": .array(outcomes.map(\.json))]),
                text: outcomes.map(\.line).joined(separator: "\n")
            )
        }
    }
}

extension TaskOutcome {
    fileprivate var line: String {
        guard !wasDone else { return "\(task) was done already" }
        guard let effort else { return "\(task) is done" }
        return "\(task) is done, in \(decimal(effort.cpuSeconds, digits: 1)) CPU seconds"
    }

    fileprivate var json: JSON {
        .object([
            "task": .string("\(task)"), "was_done": .bool(wasDone),
            "cpu_seconds": (effort?.cpuSeconds).map(JSON.number),
            "seconds": (effort?.seconds).map(JSON.number),
            "host": (effort?.host).map(JSON.string),
        ])
    }
}

struct JobMerge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Put the result together when all other tasks are done.",
        discussion: """
            The same as the task merge. Files of tasks that are missing, truncated or foreign are refused by name.

            Example:
              octavo job merge ./folded.job
            """
    )

    @OptionGroup
    var directory: WorkDirectoryArgument
    @OptionGroup
    var result: OutputOptions

    func run() async throws {
        try await reporting(as: result) { printer in
            let work = try directory.open()
            let handler = printer.handler
            _ = try await runBlocking { try work.run(ClusterTask(.merge), progress: handler) }
            printer.finish()
            try showResult(of: work, result)
        }
    }
}

/// Shows what came of merged work.
func showResult(of work: WorkDirectory, _ result: OutputOptions) throws {
    let model = try OpenModel(work.plan.output)
    guard let record = try model.record() else { return }
    result.show(
        .object([
            "output": .string(work.plan.output), "sizes": model.sizes.json,
            "layers": record.json["layers"],
        ]),
        text: quantizationSummary(record, model.sizes, work.plan.output)
    )
}
