import OctavoBase
import OctavoHub
import Synchronization
import Testing

/// Answers from a script, and remembers what was asked.
final class ScriptedTransport: HTTPTransport {
    /// What the script holds for a request.
    enum Step: Sendable {
        case answer(WebResponse)
        case failure(HubError)

        /// An answer in JSON.
        static func json(_ text: String, status: Int = 200, headers: [String: String] = [:]) -> Step
        {
            .answer(WebResponse(status: status, headers: headers, body: Array(text.utf8)))
        }
    }

    private let steps: Mutex<[Step]>
    private let asked = Mutex<[WebRequest]>([])

    init(_ steps: [Step]) { self.steps = Mutex(steps) }

    /// How many steps are left.
    var remaining: Int { steps.withLock { $0.count } }

    /// The requests so far.
    var requests: [WebRequest] { asked.withLock { $0 } }

    func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        asked.withLock { $0.append(request) }
        switch steps.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
        case .answer(let response):
            guard let sink, try sink.accepts(response) else { return response }
            try sink.write(response.body.span.bytes)
            return WebResponse(status: response.status, headers: response.headers)
        case .failure(let error): throw error
        case nil: throw HubError.unreachable(host: "script", reason: "it ended")
        }
    }
}

extension WebRequest {
    /// The value of a header.
    func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}

/// A client of a hub that is a script.
func client(
    _ transport: ScriptedTransport,
    endpoint: String = "https://hub.example",
    token: String? = "hf_secret",
    attempts: Int = 3
) throws -> HubClient {
    HubClient(
        HubConfiguration(
            endpoint: try #require(WebURL(endpoint)),
            token: token.flatMap { AccessToken($0) }
        ),
        transport: transport,
        retry: RetryPolicy(attempts: attempts, pause: { _ in }),
        limits: .oneAtATime
    )
}

extension TransferLimits {
    /// One file and one part at a time, so that a script knows what comes next.
    static var oneAtATime: TransferLimits {
        var limits = TransferLimits()
        (limits.files, limits.parts) = (1, 1)
        return limits
    }
}
