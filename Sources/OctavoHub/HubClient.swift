internal import OctavoBase

/// Speaks to one hub.
///
/// The token goes to the hub's own origin and nowhere else, over https or to this machine.
public struct HubClient: Sendable {
    /// Which hub, and as whom.
    public let configuration: HubConfiguration
    let transport: any HTTPTransport
    let retry: RetryPolicy
    let limits: TransferLimits

    /// Makes a client, by default one that speaks through libcurl.
    public init(
        _ configuration: HubConfiguration,
        transport: (any HTTPTransport)? = nil,
        retry: RetryPolicy = RetryPolicy(),
        limits: TransferLimits = TransferLimits()
    ) {
        self.configuration = configuration
        self.transport = transport ?? CurlTransport(certificates: configuration.certificates)
        self.retry = retry
        self.limits = limits
    }

    /// How far redirects are followed.
    enum Redirects {
        /// To wherever they lead; the token stays behind.
        case everywhere
        /// While they stay at the hub: an answer that leads elsewhere is the answer.
        case withinHub
    }

    /// An answer, and the headers of the redirects before it.
    struct Exchange {
        var response: WebResponse
        var url: WebURL
        /// Headers of all answers on the way; later ones win.
        var headers: [String: String]
    }

    /// The URL of a path below the endpoint.
    func url(_ path: String) -> WebURL {
        let base = configuration.endpoint.target
        return WebURL(
            origin: configuration.endpoint.origin,
            target: (base == "/" ? "" : base) + path
        )
    }

    /// The URL of a repository's API, with what follows its name.
    func url(of id: RepositoryID, _ rest: String = "") -> WebURL { url("/api/models/\(id)\(rest)") }

    /// Sends a request, again if that may help, and returns the last answer whatever its status.
    ///
    /// It is sent once only if carrying it out twice would do harm (`isRepeatable`).
    func exchange(
        _ request: WebRequest,
        to sink: (any BodySink)? = nil,
        redirects: Redirects = .everywhere,
        isRepeatable: Bool = true
    ) async throws -> Exchange {
        var attempt = 1
        while true {
            let mayRepeat = isRepeatable && attempt < retry.attempts
            let wait: Double
            let failure: any Error
            do {
                let exchange = try await sendFollowing(request, to: sink, redirects)
                guard mayRepeat, RetryPolicy.isTransient(exchange.response.status) else {
                    return exchange
                }
                guard let seconds = retry.wait(after: attempt, exchange.response) else {
                    return exchange
                }
                (wait, failure) = (seconds, HubError(exchange.response, about: nil))
            } catch  where mayRepeat && attempt < retry.attempts(meeting: error) {
                (wait, failure) = (retry.wait(after: attempt, nil) ?? 0, error)
            }
            try await retry.wait(wait, after: attempt, because: failure)
            attempt += 1
        }
    }

    /// Sends a request and returns its answer if the status says that it was carried out.
    func carryOut(_ request: WebRequest, about id: RepositoryID? = nil, isRepeatable: Bool = true)
        async throws -> WebResponse
    {
        let response = try await exchange(request, isRepeatable: isRepeatable).response
        guard (200..<300).contains(response.status) else { throw HubError(response, about: id) }
        return response
    }

    private func sendFollowing(
        _ request: WebRequest,
        to sink: (any BodySink)?,
        _ redirects: Redirects
    ) async throws -> Exchange {
        var request = request
        var headers: [String: String] = [:]
        for _ in 0...10 {
            let response = try await transport.send(try authorized(request), to: sink)
            headers.merge(response.headers) { _, later in later }
            let exchange = Exchange(response: response, url: request.url, headers: headers)
            guard [301, 302, 303, 307, 308].contains(response.status),
                let location = response.headers["location"]
            else { return exchange }
            let next = try request.url.following(location)
            let isSameOrigin = next.origin == request.url.origin
            if redirects == .withinHub && !isSameOrigin { return exchange }
            // Only what changes nothing may be repeated at another host.
            guard isSameOrigin || ["GET", "HEAD"].contains(request.method) else {
                throw HubError.unsafeRedirect(next.withoutQuery)
            }
            request.url = next
        }
        throw HubError.tooManyRedirects(request.url.withoutQuery)
    }

    /// The request with the token, if it goes to the hub itself and is not signed already.
    private func authorized(_ request: WebRequest) throws -> WebRequest {
        let origin = request.url.origin
        guard let token = configuration.token, !request.isPresigned,
            origin == configuration.endpoint.origin
        else {
            return request
        }
        guard origin.scheme == "https" || origin.isLoopback else {
            throw HubError.insecureToken(host: origin.host)
        }
        var request = request
        request.headers.append(("Authorization", "Bearer \(token.secret)"))
        return request
    }
}

extension WebURL {
    /// Where a link in an answer from here leads: anywhere, but not from https to http.
    func following(_ link: String) throws(HubError) -> WebURL {
        guard let next = resolving(link), origin.scheme == "http" || next.origin.scheme == "https"
        else { throw .unsafeRedirect(Self.withoutQuery(link)) }
        return next
    }
}

extension WebRequest {
    /// A request with a JSON body.
    init(_ method: String, _ url: WebURL, json: JSON, type: String = "application/json") {
        self.init(
            method,
            url,
            headers: [("Content-Type", type), ("Accept", type)],
            body: .bytes(Array(json.text(.compact).utf8))
        )
    }
}

extension WebResponse {
    /// The body as JSON.
    func json(from url: WebURL) throws(HubError) -> JSON {
        do {
            return try JSON(parsing: body)
        } catch {
            throw .malformedReply(from: url.withoutQuery, problem: error.description)
        }
    }
}

/// Reads an answer, and names who gave it if it is not what the protocol says.
func reading<R>(_ url: WebURL, _ body: () throws -> R) throws -> R {
    do {
        return try body()
    } catch let error as WireError {
        throw HubError.malformedReply(from: url.withoutQuery, problem: error.description)
    }
}
