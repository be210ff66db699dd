import ArgumentParser
import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoPublisher

struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Let a model continue a prompt.",
        discussion: """
            The prompt is taken as it is: no chat template is applied.

            Example:
              octavo generate ./folded --prompt "The sea is" --max-tokens 40 --temperature 0.7 --seed 1
            """
    )

    @Argument(help: "The model.")
    var model: String

    @Option(help: "What to continue.")
    var prompt: String

    @Option(help: "The most tokens to add; the model's context is a limit too.")
    var maxTokens = 64

    @Option(help: "0 always takes the likeliest token; 1 draws from the model's own distribution.")
    var temperature = 0.0

    @Option(help: "The seed of what is drawn.")
    var seed = 0

    @OptionGroup
    var threads: ThreadOptions
    @OptionGroup
    var result: OutputOptions

    func validate() throws {
        guard temperature >= 0, temperature.isFinite else {
            throw ValidationError("--temperature is \(temperature), expected 0 or more")
        }
        guard 1...1_000_000 ~= maxTokens, seed >= 0 else {
            throw ValidationError("--max-tokens must be 1 to 1000000 and --seed at least 0")
        }
    }

    func run() async throws {
        try await reporting(as: result) { printer in
            let subject = try await openModel(model, printer)
            let arguments = self
            let report = try await runBlocking { try arguments.generate(subject) }
            if result.json {
                result.show(report, text: "")
            } else {
                print("")
                printer.note(
                    "\(report["tokens"]?.integer ?? 0) tokens, \(decimal(report["tokens_per_second"]?.number ?? 0, digits: 1)) per second"
                )
            }
        }
    }

    private func generate(_ subject: OpenModel) throws -> JSON {
        setBLASThreads(threads.count)
        let tokenizer = try subject.tokenizer()
        let language = try subject.inferenceModel()
        var input = try tokenizer.encode(prompt, addSpecialTokens: true)
        // An empty prompt begins where every text begins.
        if input.isEmpty, let begin = language.configuration.beginToken { input = [begin] }
        let room = language.configuration.contextLength - input.count
        guard room > 0 else {
            throw GenerationError.promptTooLong(
                tokens: input.count,
                context: language.configuration.contextLength
            )
        }
        var bytes: [UInt8] = []
        var shown = 0
        if !result.json { write(Array(prompt.utf8)) }
        let began = ProcessTime().wall
        let tokens = try language.generate(
            after: input,
            limit: min(maxTokens, room),
            stop: Set(language.configuration.endTokens),
            sampler: Sampler(temperature: temperature, seed: UInt64(seed)),
            Execution(threads: threads.count)
        ) { token in
            // Vocabularies are padded to round sizes: such ids have no text.
            if !tokenizer.isSpecial(token) { bytes += (try? tokenizer.bytes(of: token)) ?? [] }
            // Characters come in pieces: only whole ones are shown.
            let whole = completeLength(bytes)
            if !result.json, whole > shown { write(Array(bytes[shown..<whole])) }
            shown = whole
            return true
        }
        let elapsed = ProcessTime().wall - began
        return .object([
            "prompt": .string(prompt), "text": .string(String(decoding: bytes, as: UTF8.self)),
            "tokens": .integer(tokens.count),
            "tokens_per_second": .number(elapsed > 0 ? Double(tokens.count) / elapsed : 0),
        ])
    }

    private func write(_ bytes: [UInt8]) {
        print(printable(String(decoding: bytes, as: UTF8.self)), terminator: "")
        flushOutput()
    }
}

/// Why a prompt cannot be continued.
enum GenerationError: Error, CustomStringConvertible {
    /// It leaves no room in the model's context.
    case promptTooLong(tokens: Int, context: Int)

    /// As a sentence.
    var description: String {
        switch self {
        case .promptTooLong(let tokens, let context):
            "the prompt has \(tokens) tokens, expected fewer than the model's context of \(context)"
        }
    }
}

/// The length of the text without a UTF-8 sequence that has only begun at its end.
private func completeLength(_ bytes: [UInt8]) -> Int {
    for back in 1...4 where back <= bytes.count {
        let byte = bytes[bytes.count - back]
        if byte & 0xC0 == 0x80 { continue }
        let width = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
        return width > back ? bytes.count - back : bytes.count
    }
    return bytes.count
}
