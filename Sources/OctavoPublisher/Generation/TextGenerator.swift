public import OctavoBase
public import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import Synchronization

/// Continues texts and conversations with a model that is in memory.
///
/// Its work blocks: it belongs on a thread of its own. Several threads may ask at a time, but each pass takes all the
/// threads that the generator has.
public final class TextGenerator: Sendable {
    /// The most tokens of a prompt and what is added to it.
    public let context: Int
    /// Turns text into tokens.
    public let tokenizer: Tokenizer

    private let language: LanguageModel
    private let path: String
    /// How conversations are written; or why they cannot be.
    private let format: Result<ChatFormat?, ChatTemplateError>
    private let endTokens: Set<Int>
    private let threads: Int
    /// The keys and values of the last text, if they are kept.
    private let kept = Mutex<DecodingState?>(nil)
    private let keepsState: Bool

    /// Reads a model into memory.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - context: The most tokens of a text, at most as many as the model was made for; nil for those.
    ///   - threads: The threads that take part.
    ///   - keepsState: Whether the keys and values of the last text are kept for texts that begin alike; they
    ///     take memory for the whole context from the first text on.
    /// - Throws: `GenerationError.context`, or what cannot be read.
    public init(
        _ model: OpenModel,
        context: Int? = nil,
        threads: Int,
        keepsState: Bool = false
    ) throws {
        let configuration = try model.configuration()
        let context = context ?? configuration.contextLength
        guard context > 0, context <= configuration.contextLength else {
            throw GenerationError.context(found: context, most: configuration.contextLength)
        }
        (self.context, self.threads, self.keepsState) = (context, threads, keepsState)
        path = model.path
        tokenizer = try model.tokenizer()
        do {
            format = .success(try ChatFormat(model, tokenizer))
        } catch let error as ChatTemplateError { format = .failure(error) }
        var ends = Set(configuration.endTokens + model.generationEndTokens())
        if let end = tokenizer.eosID { ends.insert(end) }
        if let end = try? format.get()?.endOfTurn(tokenizer) { ends.insert(end) }
        endTokens = ends
        setBLASThreads(threads)
        language = try model.inferenceModel(threads: threads)
    }

    /// How many ids the model's vocabulary has.
    public var vocabularySize: Int { language.configuration.vocabularySize }

    /// About the bytes that keys and values of so many tokens take, as halves.
    public func stateBytes(tokens: Int) -> Int {
        tokens * 2 * language.configuration.keyValueWidth * language.configuration.layerCount * 2
    }

    /// The tokens of a text that is continued as it is.
    ///
    /// - Throws: `GenerationError.emptyPrompt`, or `TokenizerError`.
    public func tokens(of prompt: String) throws -> [Int] {
        let tokens = try encode(prompt, addSpecialTokens: true)
        guard tokens.isEmpty else { return tokens }
        // An empty prompt begins where every text begins.
        guard let begin = language.configuration.beginToken else {
            throw GenerationError.emptyPrompt
        }
        return [begin]
    }

    /// The tokens of a conversation, up to where the assistant's answer begins.
    ///
    /// - Parameter messages: As ``chatMessages(_:name:)`` gives them.
    /// - Returns: At least one token.
    /// - Throws: `GenerationError.noChatTemplate` or `.template`; `TokenizerError`.
    public func tokens(of messages: [JSON]) throws -> [Int] {
        let written: String?
        do throws(ChatTemplateError) {
            written = try format.get()?.render(messages, asksForAnswer: true)
        } catch { throw GenerationError.template(error) }
        guard let written else { throw GenerationError.noChatTemplate(path) }
        let tokens = try encode(written, addSpecialTokens: false)
        guard !tokens.isEmpty else { throw GenerationError.emptyPrompt }
        return tokens
    }

    private func encode(_ text: String, addSpecialTokens: Bool) throws -> [Int] {
        do {
            return try tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
        } catch TokenizerError.slowPattern { throw GenerationError.slowText }
    }

    /// How many tokens can follow a prompt.
    ///
    /// - Throws: `GenerationError.promptTooLong` if none can; `.emptyPrompt`.
    public func room(behind prompt: [Int]) throws(GenerationError) -> Int {
        guard !prompt.isEmpty else { throw .emptyPrompt }
        guard prompt.count < context else {
            throw .promptTooLong(tokens: prompt.count, context: context)
        }
        return context - prompt.count
    }

    /// Continues a prompt.
    ///
    /// - Parameters:
    ///   - prompt: Its tokens.
    ///   - request: How it is continued.
    ///   - isCancelled: Asked before each pass; true ends the text.
    ///   - onText: Called with each piece of whole characters, as soon as it is sure to belong to the text.
    /// - Returns: The text, and how it came about.
    /// - Throws: ``room(behind:)``'s errors; `TokenError`, `SamplingError`; what `onText` throws.
    public func generate(
        after prompt: [Int],
        _ request: GenerationRequest,
        isCancelled: () -> Bool = { false },
        onText: (String) throws -> Void = { _ in }
    ) throws -> GeneratedText {
        let limit = min(try room(behind: prompt), request.limit ?? .max)
        var state = takeState(
            capacity: keepsState ? context : prompt.count + max(0, limit),
            anew: !request.mayReuse
        )
        var result = GeneratedText(promptTokens: prompt.count)
        let shared = request.mayReuse ? zip(state.texts[0], prompt).prefix { $0 == $1 }.count : 0
        // The last token of the prompt goes through the model in any case: its logits are needed.
        language.rewind(&state, to: [min(shared, prompt.count - 1)])
        result.reusedTokens = state.texts[0].count
        var text = Continuation(
            cutter: TextCutter(stops: request.stops),
            sampler: Sampler(request.rule, seed: request.seed),
            tokens: prompt
        )
        try advance(
            &text,
            &state,
            &result,
            limit: limit,
            isCancelled: isCancelled,
            onText: onText
        )
        if !text.cutter.isStopped {
            let rest = text.cutter.finish()
            if !rest.isEmpty {
                result.text += rest
                try onText(rest)
            }
        }
        if keepsState { kept.withLock { $0 = state } }
        return result
    }

    /// The state of the last text, or a new one; whoever takes it has it alone.
    ///
    /// One of an earlier text may hold numbers otherwise, where that text had some that halves do not hold.
    private func takeState(capacity: Int, anew: Bool) -> DecodingState {
        kept.withLock { kept in
            defer { kept = nil }
            return (anew ? nil : kept)
                ?? DecodingState(
                    configuration: language.configuration,
                    sequences: 1,
                    capacity: capacity
                )
        }
    }

    /// A text that is being continued.
    private struct Continuation {
        var cutter: TextCutter
        var sampler: Sampler
        /// The prompt's and those that were added.
        var tokens: [Int]
    }

    private func advance(
        _ text: inout Continuation,
        _ state: inout DecodingState,
        _ result: inout GeneratedText,
        limit: Int,
        isCancelled: () -> Bool,
        onText: (String) throws -> Void
    ) throws {
        let execution = Execution(threads: threads)
        let began = ProcessTime().wall
        var logits = Matrix(rows: 0, columns: 0)
        // In pieces, so that it can be cancelled, and activations stay small.
        while state.texts[0].count < text.tokens.count {
            guard !isCancelled() else {
                result.finish = .cancelled
                return
            }
            let piece = text.tokens[state.texts[0].count...].prefix(Self.promptPiece)
            logits = try language.extend(&state, with: [Array(piece)], execution)
        }
        let continued = ProcessTime().wall
        result.promptSeconds = continued - began
        defer { result.seconds = ProcessTime().wall - continued }
        while result.tokens.count < limit {
            let token = try text.sampler.next(logits, row: 0, after: text.tokens)
            guard !endTokens.contains(token) else {
                result.finish = .stop
                return
            }
            result.tokens.append(token)
            text.tokens.append(token)
            // Vocabularies are padded to round sizes: such ids have no text.
            if !tokenizer.isSpecial(token), let bytes = try? tokenizer.bytes(of: token) {
                let piece = text.cutter.take(bytes)
                if !piece.isEmpty {
                    result.text += piece
                    try onText(piece)
                }
            }
            guard !text.cutter.isStopped else {
                result.finish = .stop
                return
            }
            guard result.tokens.count < limit else { break }
            guard !isCancelled() else {
                result.finish = .cancelled
                return
            }
            logits = try language.extend(&state, with: [[token]], execution)
            result.passes += 1
        }
        result.finish = .length
    }

    /// The most tokens of a prompt that go through the model at once.
    private static let promptPiece = 256
}

extension OpenModel {
    /// The tokens that end a text, of generation_config.json; none if it says nothing that can be used.
    fileprivate func generationEndTokens() -> [Int] {
        guard let found = try? sideFile("generation_config.json")?["eos_token_id"] else {
            return []
        }
        return found.integer.map { [$0] } ?? found.array?.compactMap(\.integer) ?? []
    }
}
