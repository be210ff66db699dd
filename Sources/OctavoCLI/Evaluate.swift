import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Measure a model by running it: perplexity, tasks, samples, speed; beside its original.",
        discussion: """
            Windows of a text do not overlap and no special tokens are added, so that the figures can be \
            compared with others made the same way. A task is a JSONL file of multiple-choice questions, as in \
            {"query": "2 + 2 =", "choices": ["3", "4"], "gold": 1}; docs/evaluation.md tells the format, the \
            protocols, and how standard errors are formed. With --tokens and --logits the logits of one sequence \
            are written as float32 `logits [tokens, vocabulary]`, for anyone who wants to compare. What --json \
            prints is what `octavo card --evaluation` takes.

            Examples:
              octavo evaluate ./folded --text wiki.txt --sequence-length 512 --windows 60 --teacher ./model
              octavo evaluate ./folded --teacher ./model --text wiki.txt --text c4.txt --task arc.jsonl \\
                --samples --speed --json > measured.json
              octavo evaluate ./folded --prompt "The sea is" --max-tokens 20
              octavo evaluate ./folded --tokens ids.json --logits logits.safetensors
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Option(help: "A UTF-8 text file to foretell; may be repeated.")
    var text: [String] = []

    @Option(help: "A JSON array of token ids: one sequence.")
    var tokens: String?

    @Option(help: "A JSONL file of multiple-choice questions; may be repeated.")
    var task: [String] = []

    @Flag(help: "Continue five prompts, always by the likeliest token.")
    var samples = false

    @Option(help: "A prompt to continue in place of those five; may be repeated.")
    var prompt: [String] = []

    @Option(help: "The most tokens to add to each prompt; by default 48.")
    var maxTokens: Int?

    @Flag(help: "Time reading and writing, and measure the memory that they take.")
    var speed = false

    @Option(help: "The original model to compare with on texts and tasks.")
    var teacher: String?

    @Option(help: "Tokens in a window of --text; by default 2048.")
    var sequenceLength: Int?

    @Option(help: "The most windows of each --text; by default the whole text.")
    var windows: Int?

    @Option(help: "Where to write the logits of --tokens.")
    var logits: String?

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    private var isSampling: Bool { samples || !prompt.isEmpty }

    func validate() throws {
        let runs = !text.isEmpty || !task.isEmpty || isSampling || speed
        guard runs != (tokens != nil) else {
            throw ValidationError(
                runs
                    ? "--tokens is one sequence by itself: give it without --text, --task, --samples and --speed"
                    : "give --text, --task, --samples, --speed or --tokens"
            )
        }
        if logits != nil, tokens == nil { throw ValidationError("--logits needs --tokens") }
        if text.isEmpty, windows != nil || sequenceLength != nil {
            throw ValidationError("--windows and --sequence-length go with --text")
        }
        if teacher != nil, tokens == nil, text.isEmpty, task.isEmpty {
            throw ValidationError("--teacher goes with --text, --task or --tokens")
        }
        if let sequenceLength, sequenceLength < 2 {
            throw ValidationError("--sequence-length is \(sequenceLength), expected at least 2")
        }
        if let windows, windows < 1 {
            throw ValidationError("--windows is \(windows), expected at least 1")
        }
        if let maxTokens {
            guard isSampling else {
                throw ValidationError("--max-tokens goes with --samples or --prompt")
            }
            guard 1...100_000 ~= maxTokens else {
                throw ValidationError("--max-tokens is \(maxTokens), expected 1 to 100000")
            }
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let subject = try await openModel(model, printer)
            let original: OpenModel? =
                if let teacher { try await openModel(teacher, printer) } else { nil }
            let (arguments, handler) = (self, printer.handler)
            let measured = try await runBlocking {
                if let tokens = arguments.tokens {
                    return try arguments.measure(tokens, subject, original, handler)
                }
                return try OctavoPublisher.measure(
                    subject,
                    original: original,
                    arguments.request,
                    progress: handler
                )
            }
            printer.finish()
            guard let measured else {
                return result.show(.object(["logits": logits.map(JSON.string)]), text: logits ?? "")
            }
            result.show(measurementsJSON(measured), text: measurementsText(measured))
        }
    }

    private var request: MeasurementRequest {
        var request = MeasurementRequest(
            texts: text,
            windows: windows,
            tasks: task,
            prompts: prompt.isEmpty ? (samples ? GeneratedSample.defaultPrompts : []) : prompt,
            measuresSpeed: speed,
            threads: threads.count
        )
        if let sequenceLength { request.windowLength = sequenceLength }
        if let maxTokens { request.maxTokens = maxTokens }
        return request
    }

    /// Measures one sequence; nil where only logits were asked for and one token foretells nothing.
    private func measure(
        _ tokens: String,
        _ subject: OpenModel,
        _ original: OpenModel?,
        _ progress: @escaping ProgressHandler
    ) throws -> ArtifactMeasurements? {
        let language = try subject.inferenceModel(threads: threads.count)
        let ids = try tokenIDs(inFile: tokens)
        if let logits {
            try writeLogits(of: language, for: ids, to: logits, threads: threads.count)
            if ids.count < 2 { return nil }
        }
        let report = try evaluate(
            language,
            on: [ids],
            named: lastComponent(tokens),
            teacher: original?.inferenceModel(threads: threads.count),
            threads: threads.count,
            progress: progress
        )
        return ArtifactMeasurements(
            evaluations: [report],
            machine: .current(threads: threads.count)
        )
    }
}
