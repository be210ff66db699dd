private import CCurl
private import OctavoBase
private import Synchronization

/// Where the certificates are that a hub's is checked against; by default the system's.
public struct CertificatePlaces: Sendable, Equatable {
    /// A file of them in PEM format.
    public var file: String?
    /// A directory of such files, named by OpenSSL's hashes.
    public var directory: String?

    /// Names both; nil is the system's.
    public init(file: String? = nil, directory: String? = nil) {
        self.file = file
        self.directory = directory
    }
}

/// Carries requests with libcurl, all on one thread.
///
/// Connections are kept and used again. Only http and https are spoken, certificates are checked,
/// and a transfer that stands still is given up: after a minute, or five where the hub has to work.
/// Proxies are those of the environment (`https_proxy`, `http_proxy`, `all_proxy`, `no_proxy`), but never for
/// this machine itself.
public final class CurlTransport: HTTPTransport {
    private let loop: CurlLoop?

    /// Makes a transport that introduces itself by a name.
    public init(
        userAgent: String = "octavo",
        certificates: CertificatePlaces = CertificatePlaces()
    ) {
        loop = CurlLoop(CurlSettings(userAgent: userAgent, certificates: certificates))
    }

    /// Sends a request and waits for the whole answer.
    public func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse {
        let host = request.url.origin.description
        guard let loop else {
            throw HubError.unreachable(host: host, reason: "libcurl cannot start")
        }
        let isCancelled = CancellationFlag()
        let exchange = try CurlExchange(request, sink, isCancelled)
        let code = await withTaskCancellationHandler {
            await loop.carry(exchange, isCancelled)
        } onCancel: {
            isCancelled.raise()
            loop.wake()
        }
        if let error = exchange.failure { throw error }
        switch code {
        case CURLE_OK: return exchange.response
        case CURLE_ABORTED_BY_CALLBACK: throw HubError.cancelled
        case CURLE_OPERATION_TIMEDOUT: throw HubError.timedOut(host: host)
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
            CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE:
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
