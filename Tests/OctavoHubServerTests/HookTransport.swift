import OctavoBase
import OctavoHub
import Synchronization

/// A transport over the real one that does something before requests, and after those that were sent.
final class HookTransport: HTTPTransport {
    private let real = CurlTransport()
    private let before: @Sendable (WebRequest) async throws -> Void
    private let after: @Sendable (WebRequest) async throws -> Void

    init(
        before: @escaping @Sendable (WebRequest) async throws -> Void = { _ in },
        after: @escaping @Sendable (WebRequest) async throws -> Void = { _ in }
    ) {
        self.before = before
        self.after = after
    }

    /// Ends what uses it at a request for a path with a text in it, as if the process had been killed: before it is sent,
    /// or when the hub has carried it out and the answer is on its way.
    static func ending(at part: String, isSent: Bool) -> HookTransport {
        let end: @Sendable (WebRequest) async throws -> Void = { request in
            // No fault of the line: nothing is tried again.
            if request.url.target.contains(part) { throw HubError.cancelled }
        }
        return isSent ? HookTransport(after: end) : HookTransport(before: end)
    }

    func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        try await before(request)
        let response = try await real.send(request, to: sink)
        try await after(request)
        return response
    }
}
