import ArgumentParser
import Dispatch
import Glibc
import OctavoBase
import OctavoPublisher

/// How Slurm is asked, for all verbs that submit.
struct SbatchOptions: ParsableArguments {
    @Option(help: "The most tasks of a phase that run at a time.")
    var arraySize: Int?

    // What it takes begins with dashes itself.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Further words for sbatch, as in \"--partition=long --time=24:00:00\".",
            valueName: "words"
        )
    )
    var sbatch = ""

    func validate() throws {
        if let arraySize, arraySize < 1 {
            throw ValidationError("--array-size is \(arraySize), expected 1 or more")
        }
        guard SlurmOptions.words(of: sbatch) != nil else {
            throw ValidationError("--sbatch \"\(sbatch)\": a quote is not closed")
        }
    }

    var options: SlurmOptions {
        var options = SlurmOptions()
        options.arraySize = arraySize
        options.words = SlurmOptions.words(of: sbatch) ?? []
        return options
    }

    /// Whether anything was said that is for Slurm alone.
    var isSet: Bool { arraySize != nil || !sbatch.isEmpty }
}

/// Who does the work.
struct EngineOptions: ParsableArguments {
    @Option(
        help:
            "Who does the work: local, this process; slurm, job arrays; tasks, whoever runs the tasks of a folder."
    )
    var engine = QuantizationEngine.local

    @OptionGroup
    var sbatch: SbatchOptions

    @Option(
        help: ArgumentHelp(
            "A directory on shared storage for the work directory NAME.job; by default beside the output.",
            valueName: "dir"
        )
    )
    var shared: String?

    @Flag(help: "With --engine slurm: print the scripts and what sbatch would be told; do nothing.")
    var dryRun = false

    func validate() throws {
        if engine != .slurm, sbatch.isSet || dryRun {
            throw ValidationError("--array-size, --sbatch and --dry-run are for --engine slurm")
        }
        if engine == .local, shared != nil {
            throw ValidationError("--shared is for --engine slurm and --engine tasks")
        }
    }

    /// The work directory for an output.
    func workDirectory(for output: String) -> String {
        joined(shared ?? parent(of: output), lastComponent(output) + ".job")
    }
}

extension Quantize {
    /// Divides the work into tasks, and lets Slurm do them if it is to.
    func divide(
        _ source: OpenModel,
        to place: String,
        _ request: QuantizationRequest,
        _ printer: ProgressPrinter
    ) async throws {
        let directory = engine.workDirectory(for: place)
        let options = engine.sbatch.options
        let (handler, isResumed) = (printer.handler, resume)
        if engine.dryRun {
            let script = try await runBlocking {
                try dryRun(
                    of: source,
                    to: place,
                    in: directory,
                    request,
                    options,
                    binary: ownBinary()
                )
            }
            return print(script, terminator: "")
        }
        let work = try await runBlocking {
            if isResumed {
                let work = try WorkDirectory(directory)
                try work.require(request, of: source, to: place)
                return work
            }
            return try planTasks(
                of: source,
                to: place,
                in: directory,
                request,
                progress: handler
            )
        }
        printer.finish()
        guard engine.engine == .slurm else {
            try work.prepareScripts(binary: ownBinary())
            return result.show(
                .object([
                    "work_directory": .string(work.path), "plan": .string(work.plan.id),
                    "tasks": .array(work.plan.tasks.map { .string("\($0)") }),
                ]),
                text: """
                    \(work.path): \(work.plan.tasks.count) tasks
                    make -C '\(work.path)' -j 4        runs them, four at a time; docs/clusters.md has other ways
                    octavo job status '\(work.path)'   tells how far they are
                    """
            )
        }
        try await submitAndFollow(work, options, printer)
        guard let record = try OpenModel(work.plan.output).record() else { return }
        try showResult(record, work.plan.output)
    }
}

/// Submits what is to be done, and waits for it.
func submitAndFollow(
    _ work: WorkDirectory,
    _ options: SlurmOptions,
    _ printer: ProgressPrinter
) async throws {
    let jobs = try await runBlocking {
        try work.submit(to: Slurm(), options, binary: ownBinary())
    }
    printer.note(
        jobs.isEmpty
            ? "nothing to submit in \(work.path)"
            : "submitted "
                + jobs.map { "\($0.phase) as job \($0.id)" }.joined(separator: ", ")
                + "; an interrupt detaches, `octavo job wait '\(work.path)'` picks up again"
    )
    try await followDetachably(work, printer)
}

/// Waits for the tasks of a folder; an interrupt ends the waiting and leaves them alone.
func followDetachably(_ work: WorkDirectory, _ printer: ProgressPrinter) async throws {
    signal(SIGINT, SIG_IGN)
    let interrupts = DispatchSource.makeSignalSource(signal: SIGINT)
    interrupts.setEventHandler {
        printer.note(
            "detached; the jobs go on: `octavo job wait '\(work.path)'` picks up again, "
                + "`octavo job cancel '\(work.path)'` ends them"
        )
        _exit(130)
    }
    interrupts.resume()
    defer {
        interrupts.cancel()
        signal(SIGINT, SIG_DFL)
    }
    let handler = printer.handler
    try await runBlocking {
        let hasJobs = try !work.jobs().isEmpty
        try work.follow(asking: hasJobs ? Slurm() : nil, progress: handler)
    }
    printer.finish()
}

/// The path of this program, as other machines know it if they share the storage that it lies on.
func ownBinary() throws -> String {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = unsafe readlink("/proc/self/exe", &buffer, Int(PATH_MAX))
    guard count > 0 else { throw FileError("read", "/proc/self/exe") }
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
