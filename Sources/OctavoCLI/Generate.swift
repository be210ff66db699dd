import ArgumentParser
import OctavoBase
import OctavoPublisher

struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model continue a prompt, or answer a message.",
        discussion: """
            --prompt and --prompt-file are continued as they are. --message and --chat are written with the \
            model's chat template, and the model answers. What it says goes to standard output while it is \
            made; an interrupt ends it (exit status 130).

            Examples:
              octavo generate ./folded --prompt "The sea is" --max-tokens 40 --temperature 0.7 --seed 1
              octavo generate ./folded --message "What is an octavo?" --system "Be brief." --max-tokens 200
              octavo generate ./folded --chat messages.json --temperature 0.8 --top-p 0.95 --json
              octavo generate ./folded --prompt "1. Tea" --stop 4. --repetition-penalty 1.1
            """
    )

    @Argument(help: "The model.")
    var model: String

    @OptionGroup(title: "What to continue")
    var prompt: PromptOptions

    @Option(help: "The most tokens to add; the model's context is a limit too.")
    var maxTokens = 64

    @Option(help: "A text that ends the answer and is no part of it; may be given several times.")
    var stop: [String] = []

    @OptionGroup(title: "How tokens are drawn")
    var sampling: SamplingOptions

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard 1...1_000_000 ~= maxTokens else {
            throw ValidationError("--max-tokens must be 1 to 1000000")
        }
        do { _ = try request() } catch let error as GenerationError {
            throw ValidationError("--stop: \(error)")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let text = try prompt.text()
            let messages = try text == nil ? prompt.messages() : []
            let subject = try await openModel(model, printer)
            let arguments = self
            let answer = try await runBlocking {
                try arguments.generate(subject, text, messages)
            }
            if result.json {
                result.show(arguments.report(answer, prompt: text), text: "")
            } else {
                print("")
                flushOutput()
                printer.note(statistics(answer))
            }
            if answer.finish == .cancelled { throw ExitCode(130) }
        }
    }

    private func request() throws -> GenerationRequest {
        try GenerationRequest(
            limit: maxTokens,
            rule: sampling.rule(),
            seed: UInt64(max(0, sampling.seed)),
            stops: stop
        )
    }

    private func generate(
        _ subject: OpenModel,
        _ prompt: String?,
        _ messages: [JSON]
    ) throws -> GeneratedText {
        let generator = try TextGenerator(subject, threads: threads.count)
        let tokens = try prompt.map(generator.tokens) ?? generator.tokens(of: messages)
        _ = try generator.room(behind: tokens)
        let interrupt = InterruptFlag()
        if !result.json, let prompt { write(prompt) }
        return try generator.generate(
            after: tokens,
            request(),
            isCancelled: { interrupt.isRaised },
            onText: { if !result.json { write($0) } }
        )
    }

    private func write(_ text: String) {
        print(printable(text), terminator: "")
        flushOutput()
    }

    private func statistics(_ answer: GeneratedText) -> String {
        func rate(_ value: Double?) -> String {
            value.map { ", \(decimal($0, digits: 1)) per second" } ?? ""
        }
        let ending = answer.finish == .cancelled ? "; interrupted" : ""
        return "\(answer.promptTokens) tokens of prompt\(rate(answer.promptRate)); "
            + "\(answer.tokens.count) tokens\(rate(answer.rate))\(ending)"
    }

    private func report(_ answer: GeneratedText, prompt: String?) -> JSON {
        .object([
            "prompt": prompt.map(JSON.string), "text": .string(answer.text),
            "finish_reason": .string(answer.finish.rawValue),
            "usage": answer.usage, "tokens": .integer(answer.tokens.count),
            "prompt_tokens_per_second": answer.promptRate.map(JSON.number) ?? .null,
            "tokens_per_second": answer.rate.map(JSON.number) ?? .null,
        ])
    }
}
