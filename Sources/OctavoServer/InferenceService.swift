internal import FlyingFox
internal import Foundation
internal import OctavoBase
internal import OctavoPublisher

/// What the server does with a request.
struct InferenceService: Sendable {
    let generator: TextGenerator
    let settings: ServerSettings
    let queue: GenerationQueue
    /// Raised when the server is being stopped.
    let stopping: CancelFlag
    let answers: AnswerCount
    /// When the server was started, in seconds since 1970.
    let started: Int
    let log: @Sendable (RequestRecord) -> Void

    /// Answers a request, whatever happens; its body is read to the end, so that the next request on the connection
    /// begins where it should.
    func answer(_ request: HTTPRequest, port: UInt16) async -> HTTPResponse {
        var record = RequestRecord(method: request.method.rawValue, path: request.path)
        let underway = Underway(answers)
        var body = RequestBytes(request)
        var response: HTTPResponse?
        var failure = APIError.nothingThere
        do {
            // What is still to come of an answer writes its own line into the log.
            response = try await dispatch(request, port, underway, &body, &record)
        } catch { failure = APIError(error) }
        if response == nil { log(record.finished(status: failure.status)) }
        guard (try? await body.drain(limit: Self.mostDrained)) == true else {
            return .lastError(response == nil ? failure : .tooLarge(settings.largestBody), underway)
        }
        return response ?? .error(failure, to: request.method, underway)
    }

    /// The most bytes that are read of a body which nobody wants: more is worth less than the connection.
    private static let mostDrained = 64 << 20

    private func dispatch(
        _ request: HTTPRequest,
        _ port: UInt16,
        _ underway: Underway,
        _ body: inout RequestBytes,
        _ record: inout RequestRecord
    ) async throws -> HTTPResponse? {
        let path = request.path
        switch path {
        case "/health", "/v1/health":
            try require("GET", request)
            return finish(.object(["status": "ok"]), record, underway)
        case "/v1/models":
            try require("GET", request)
            try settings.admit(request)
            return finish(.object(["object": "list", "data": [model]]), record, underway)
        case "/v1/completions", "/v1/chat/completions":
            try require("POST", request)
            try settings.admit(request)
            let bytes = try await body.collect(limit: settings.largestBody)
            guard let client = ClientWatch(request, to: port) else { throw APIError.clientGone }
            return try await generate(
                bytes,
                isChat: path != "/v1/completions",
                client,
                underway,
                &record
            )
        case _ where path.hasPrefix("/v1/models/"):
            try require("GET", request)
            try settings.admit(request)
            let name = path.dropFirst("/v1/models/".count)
            guard String(name).removingPercentEncoding == settings.modelName else {
                throw APIError.noModel(String(name), served: settings.modelName)
            }
            return finish(model, record, underway)
        default: return nil
        }
    }

    private func require(_ method: String, _ request: HTTPRequest) throws(APIError) {
        guard request.method.rawValue == method else { throw .wrongMethod(method) }
    }

    private func finish(_ json: JSON, _ record: RequestRecord, _ underway: Underway) -> HTTPResponse
    {
        log(record.finished(status: 200))
        return .json(json, underway)
    }

    /// Reads a request, and turns what it is about into tokens.
    private func read(_ bytes: [UInt8], isChat: Bool) throws -> (TextRequest, prompt: [Int]) {
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: bytes, mostValues: 200_000) } catch {
            throw APIError.invalid(nil, "The body cannot be read as JSON: \(error)")
        }
        let wanted =
            isChat
            ? try TextRequest.chat(json, model: settings.modelName)
            : try TextRequest.completion(json, model: settings.modelName)
        return (wanted, try wanted.prompt.tokens(generator))
    }

    /// The model, as a list of models has it.
    private var model: JSON {
        .object([
            "id": .string(settings.modelName), "object": "model", "created": .integer(started),
            "owned_by": "octavo", "max_model_len": .integer(generator.context),
        ])
    }

    private func generate(
        _ bytes: [UInt8],
        isChat: Bool,
        _ client: ClientWatch,
        _ underway: Underway,
        _ record: inout RequestRecord
    ) async throws -> HTTPResponse {
        let (wanted, prompt) = try await runBlocking { try read(bytes, isChat: isChat) }
        record.promptTokens = prompt.count
        try await whileConnected(client) { [queue] in try await queue.takeTurn() }
        let answer = TextAnswer(wanted, model: settings.modelName)
        if wanted.isStreamed {
            return .events(stream(prompt, wanted, answer, client, record), underway)
        }
        let result: GeneratedText
        do {
            result = try await whileConnected(client) {
                try await makeText(prompt, wanted, CancelFlag()) { _ in }
            }
        } catch {
            await queue.endTurn()
            throw error
        }
        await queue.endTurn()
        record.tokens = result.tokens.count
        guard result.finish != .cancelled else {
            throw stopping.isRaised ? APIError.stopping : APIError.clientGone
        }
        log(record.finished(status: 200))
        return .json(answer.whole(result), underway)
    }

    /// Makes a text on a thread of its own, until the flag is raised, the task cancelled or the server stopped.
    private func makeText(
        _ prompt: [Int],
        _ wanted: TextRequest,
        _ flag: CancelFlag,
        _ onText: @escaping @Sendable (String) -> Void
    ) async throws -> GeneratedText {
        let (generator, stopping) = (generator, stopping)
        return try await withTaskCancellationHandler {
            try await runBlocking {
                try generator.generate(
                    after: prompt,
                    wanted.generation,
                    isCancelled: { flag.isRaised || stopping.isRaised },
                    onText: onText
                )
            }
        } onCancel: {
            flag.raise()
        }
    }

    /// Begins a text, and hands out its events.
    private func stream(
        _ prompt: [Int],
        _ wanted: TextRequest,
        _ answer: TextAnswer,
        _ client: ClientWatch,
        _ record: RequestRecord
    ) -> AsyncStream<[UInt8]> {
        let (events, stream) = AsyncStream<[UInt8]>.makeStream()
        let flag = CancelFlag()
        // Nobody reads any more.
        stream.onTermination = { _ in flag.raise() }
        Task {
            var record = record
            let watch = Task {
                try await client.departure()
                flag.raise()
            }
            if let opening = answer.opening { stream.yield(opening.event) }
            do {
                let result = try await makeText(prompt, wanted, flag) {
                    stream.yield(answer.piece($0).event)
                }
                record.tokens = result.tokens.count
                guard result.finish != .cancelled else {
                    throw stopping.isRaised ? APIError.stopping : APIError.clientGone
                }
                for event in answer.closing(result) { stream.yield(event.event) }
                stream.yield(Array("data: [DONE]\n\n".utf8))
                log(record.finished(status: 200))
            } catch {
                let error = APIError(error)
                stream.yield(error.json.event)
                log(record.finished(status: error.status))
            }
            watch.cancel()
            await queue.endTurn()
            stream.finish()
        }
        return events
    }
}

extension TextRequest.Prompt {
    /// The tokens that are continued, with room behind them.
    func tokens(_ generator: TextGenerator) throws -> [Int] {
        let tokens: [Int]
        switch self {
        case .text(let text): tokens = try generator.tokens(of: text)
        case .tokens(let ids):
            let size = generator.vocabularySize
            if let wrong = ids.first(where: { !(0..<size ~= $0) }) {
                throw APIError.invalid(
                    "prompt",
                    "token \(wrong) is not in the vocabulary, expected 0 to \(size - 1)"
                )
            }
            tokens = ids
        case .messages(let messages): tokens = try generator.tokens(of: messages)
        }
        _ = try generator.room(behind: tokens)
        return tokens
    }
}
