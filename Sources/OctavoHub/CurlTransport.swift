private import CCurl
private import OctavoBase
private import Synchronization

/// Carries requests with libcurl, each on a thread of its own.
///
/// Connections are kept and used again. Only http and https are spoken, certificates are checked,
/// and a transfer that stands still is given up: after a minute, or five where the hub has to work.
public final class CurlTransport: HTTPTransport {
    private let userAgent: String
    private let idle = Mutex<[CurlHandle]>([])
    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Makes a transport that introduces itself by a name.
    public init(userAgent: String = "octavo") { self.userAgent = userAgent }

    /// Sends a request and waits for the whole answer.
    public func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        let isCancelled = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await runBlocking { try self.perform(request, sink, isCancelled) }
        } onCancel: {
            isCancelled.raise()
        }
    }

    private func perform(
        _ request: WebRequest,
        _ sink: (any BodySink)?,
        _ isCancelled: CancellationFlag
    ) throws -> WebResponse {
        let host = request.url.origin.description
        guard Self.isReady, let handle = idle.withLock({ $0.popLast() }) ?? CurlHandle() else {
            throw HubError.unreachable(host: host, reason: "libcurl cannot start")
        }
        let exchange = try CurlExchange(request, sink, isCancelled)
        let code = handle.run(exchange, userAgent: userAgent)
        // An exchange that failed may leave its connection in an odd state: it is not kept.
        if code == CURLE_OK { idle.withLock { $0.append(handle) } }
        if let error = exchange.failure { throw error }
        switch code {
        case CURLE_OK: return exchange.response
        case CURLE_ABORTED_BY_CALLBACK: throw HubError.cancelled
        case CURLE_OPERATION_TIMEDOUT: throw HubError.timedOut(host: host)
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
            CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION:
            throw HubError.unreachable(host: host, reason: reason(code))
        default: throw HubError.interrupted(host: host, reason: reason(code))
        }
    }

    /// The words of libcurl for a failure.
    ///
    /// They name no header, so no token.
    private func reason(_ code: CURLcode) -> String {
        unsafe String(cString: curl_easy_strerror(code)).lowercased()
    }
}

/// Tells a running transfer to stop.
final class CancellationFlag: Sendable {
    private let flag = Atomic(false)
    var isRaised: Bool { flag.load(ordering: .relaxed) }
    func raise() { flag.store(true, ordering: .relaxed) }
}
