/// A request on its way to a hub.
public struct WebRequest: Sendable {
    /// What is sent after the headers.
    public enum Body: Sendable {
        /// Nothing.
        case none
        /// Bytes in memory.
        case bytes([UInt8])
        /// A range of a file, read as it is sent.
        case file(path: String, range: Range<Int>)
    }

    /// `GET`, `HEAD`, `PUT`, `POST` or `DELETE`.
    public var method: String
    /// Where to.
    public var url: WebURL
    /// The headers, beside those that HTTP itself needs.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: Body
    /// Whether the URL itself says that the request is allowed, so that no token goes with it.
    var isPresigned = false
    /// After how many seconds without a byte either way the request is given up.
    ///
    /// A hub that has the whole body may need a while to hash and to file it.
    var patience = 60
    /// Told how many bytes of the body have gone out.
    public var onSent: (@Sendable (Int) -> Void)?

    /// Makes a request.
    public init(
        _ method: String,
        _ url: WebURL,
        headers: [(name: String, value: String)] = [],
        body: Body = .none
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// The status and headers of an answer.
public struct WebResponse: Sendable {
    /// The status, 100…599.
    public var status: Int
    /// The headers, names in lower case; a repeated one keeps its last value.
    public var headers: [String: String]
    /// The body, as far as no sink took it.
    public var body: [UInt8]

    /// Makes an answer.
    public init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// Takes the body of an answer as it arrives.
public protocol BodySink: AnyObject, Sendable {
    /// Sees status and headers, and says whether the body is for this sink. The body of an error or
    /// of a redirect is better left to the answer itself.
    func accepts(_ response: WebResponse) throws -> Bool
    /// Takes the next bytes.
    func write(_ bytes: RawSpan) throws
}

/// Carries requests.
///
/// Tests put another in its place. A transport follows no redirects and adds no credentials: both
/// are decided where the hub's rules are known.
public protocol HTTPTransport: Sendable {
    /// Sends a request and waits for the whole answer.
    ///
    /// - Throws: `HubError.unreachable`, `.timedOut`, `.interrupted` or `.cancelled`, and what the
    ///   sink throws.
    func send(_ request: WebRequest, to sink: (any BodySink)?) async throws -> WebResponse
}
