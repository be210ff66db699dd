import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Evaluate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure a model's perplexity on a text, and its distance to a teacher.",
        discussion: """
            Windows do not overlap and no special tokens are added, so that the figures can be compared \
            with others made the same way. With --tokens and --logits the logits of one sequence are \
            written as float32 `logits [tokens, vocabulary]`, for anyone who wants to compare.

            Examples:
              octavo evaluate ./folded --text wiki.txt --sequence-length 512 --windows 60 --teacher ./model
              octavo evaluate ./folded --tokens ids.json --logits logits.safetensors
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Option(help: "A UTF-8 text file.")
    var text: String?

    @Option(help: "A JSON array of token ids: one sequence.")
    var tokens: String?

    @Option(help: "The original model to compare with.")
    var teacher: String?

    @Option(help: "Tokens in a window of --text; by default 2048.")
    var sequenceLength: Int?

    @Option(help: "The most windows of --text; by default the whole text.")
    var windows: Int?

    @Option(help: "Where to write the logits of --tokens.")
    var logits: String?

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard (text == nil) != (tokens == nil) else {
            throw ValidationError("give either --text or --tokens")
        }
        if logits != nil, tokens == nil { throw ValidationError("--logits needs --tokens") }
        if tokens != nil, windows != nil || sequenceLength != nil {
            throw ValidationError(
                "--tokens is one sequence: --windows and --sequence-length go with --text"
            )
        }
        if let sequenceLength, sequenceLength < 2 {
            throw ValidationError("--sequence-length is \(sequenceLength), expected at least 2")
        }
        if let windows, windows < 1 {
            throw ValidationError("--windows is \(windows), expected at least 1")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let subject = try await openModel(model, printer)
            let original: OpenModel? =
                if let teacher { try await openModel(teacher, printer) } else { nil }
            let (arguments, handler) = (self, printer.handler)
            let report = try await runBlocking {
                try arguments.measure(subject, original, handler)
            }
            printer.finish()
            guard let report else {
                return result.show(.object(["logits": logits.map(JSON.string)]), text: logits ?? "")
            }
            result.show(report.json, text: evaluationText(report))
        }
    }

    /// Measures; nil where only logits were asked for and one token foretells nothing.
    private func measure(
        _ subject: OpenModel,
        _ original: OpenModel?,
        _ progress: @escaping ProgressHandler
    ) throws -> EvaluationReport? {
        let language = try subject.languageModel()
        var windows: [[Int]] = []
        var name = ""
        if let tokens {
            let ids = try tokenIDs(inFile: tokens)
            windows = [ids]
            name = lastComponent(tokens)
            if let logits {
                try writeLogits(of: language, for: ids, to: logits, threads: threads.count)
                if ids.count < 2 { return nil }
            }
        } else if let text {
            windows = try OctavoPublisher.windows(
                ofFile: text,
                length: sequenceLength ?? 2048,
                limit: self.windows,
                tokenizer: subject
            )
            name = lastComponent(text)
        }
        return try evaluate(
            language,
            on: windows,
            named: name,
            teacher: original?.languageModel(),
            threads: threads.count,
            progress: progress
        )
    }
}
