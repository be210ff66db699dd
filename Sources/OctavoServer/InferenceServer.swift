internal import FlyingFox
internal import Foundation
internal import OctavoBase
public import OctavoPublisher

/// Lets clients of OpenAI's interface use a model: `/v1/models`, `/v1/completions` and `/v1/chat/completions`, whole or as
/// a stream of events.
///
/// One text is made at a time, on a thread of its own; others wait in a queue. A client that goes away ends what was made
/// for it.
public final class InferenceServer: Sendable {
    /// What clients take as base URL.
    public let endpoint: String

    private let listener: ServerListener
    private let queue: GenerationQueue
    private let stopping: CancelFlag
    private let answers: AnswerCount

    private init(
        _ endpoint: String,
        _ listener: ServerListener,
        _ queue: GenerationQueue,
        _ stopping: CancelFlag,
        _ answers: AnswerCount
    ) {
        self.endpoint = endpoint
        (self.listener, self.queue) = (listener, queue)
        (self.stopping, self.answers) = (stopping, answers)
    }

    /// Serves a model.
    ///
    /// - Parameters:
    ///   - generator: The model, in memory.
    ///   - settings: Where it listens, and whom it answers.
    ///   - log: Called for each request, when its answer is done.
    /// - Returns: The server, listening.
    /// - Throws: `ServerError`.
    public static func start(
        _ generator: TextGenerator,
        settings: ServerSettings,
        log: @escaping @Sendable (RequestRecord) -> Void = { _ in }
    ) async throws -> InferenceServer {
        let queue = GenerationQueue(mostWaiting: settings.mostWaiting)
        let stopping = CancelFlag()
        let answers = AnswerCount()
        let service = InferenceService(
            generator: generator,
            settings: settings,
            queue: queue,
            stopping: stopping,
            answers: answers,
            started: Int(Date().timeIntervalSince1970),
            log: log
        )
        let host = settings.host == "localhost" ? "127.0.0.1" : settings.host
        let listener = try await ServerListener.start(
            host: host,
            port: settings.port,
            idleSeconds: settings.idleSeconds
        ) { await service.answer($0, port: $1) }
        let name = host.contains(":") ? "[\(host)]" : host
        return InferenceServer(
            "http://\(name):\(listener.port)/v1",
            listener,
            queue,
            stopping,
            answers
        )
    }

    /// Waits until the server listens no more, whyever.
    public func end() async { await listener.end() }

    /// Ends the text that is being made and tells its client so, sends the others away, and closes the port.
    public func stop() async {
        stopping.raise()
        await queue.close()
        // A text ends behind the pass that is under way; then its last words are still to be sent, but not to whom takes
        // them slowly.
        let began = ProcessTime().wall
        while await queue.isWorking || (answers.value > 0 && ProcessTime().wall < began + 5) {
            try? await Task.sleep(for: .milliseconds(20))
        }
        await listener.stop()
    }

    /// Whether a text is being made.
    var isWorking: Bool { get async { await queue.isWorking } }

    /// How many requests wait for their turn.
    var waitingCount: Int { get async { await queue.waitingCount } }
}
