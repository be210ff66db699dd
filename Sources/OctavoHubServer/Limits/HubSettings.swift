internal import FlyingFox
internal import OctavoHub

/// How a hub is served.
public struct HubSettings: Sendable {
    /// What a hub refuses to take, or to do.
    public struct Limits: Sendable {
        /// The longest file, in bytes; nil for any.
        public var largestFile: Int?
        /// How many bytes the repositories of one owner may take; nil for any.
        public var bytesPerOwner: Int?
        /// The most operations of one commit.
        public var operationsPerCommit = 25_000
        /// The most requests of one user, or from one address without a token, in a window; nil for any.
        public var requests: Int?
        /// How long that window is, in seconds.
        public var window = 300

        /// Limits that hardly anybody meets.
        public init() {}
    }

    /// How long the parts are in which clients send large files, in bytes.
    public var partSize = 64 << 20
    /// What is refused.
    public var limits = Limits()
    /// The URL at which clients find the API, if that is not this machine's own.
    public var publicURL: PublicURL?
    /// The URL at which clients find the contents of large files; below `publicURL` if not given.
    public var contentPublicURL: PublicURL?
    /// Whether what a proxy says of its clients is believed.
    ///
    /// Only for a hub that nobody can reach but through a proxy: anybody else could claim to be anywhere.
    public var isBehindProxy = false

    /// A hub for this machine alone.
    public init() {}

    /// The URL of a hub as others see it: a scheme, a name, perhaps a port and a path.
    public struct PublicURL: Sendable, Hashable, LosslessStringConvertible {
        /// The URL, without a final slash.
        public let description: String
        let origin: WebURL.Origin

        /// Takes an `http` or `https` URL without query; nil for anything else.
        public init?(_ text: String) {
            var bytes = Array(text.utf8)
            while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
            let harmless = bytes.allSatisfy { (0x21...0x7E).contains($0) }
            let plain = !bytes.contains { "?#<>\"'\\@".utf8.contains($0) }
            let trimmed = String(decoding: bytes, as: UTF8.self)
            guard harmless, plain, let url = WebURL(trimmed) else { return nil }
            description = trimmed
            origin = url.origin
        }
    }
}

/// Where a hub tells its clients to go.
struct HubAddresses: Sendable {
    /// The URLs of the API and of the contents' listener, without a final slash.
    let endpoint: String
    let contentEndpoint: String

    /// The folder of a public URL below which contents are, unless told otherwise.
    static let contentFolder = "/_content"
}

extension HubSettings {
    /// Whether a client that follows the hub to contents leaves the place that its token is for.
    var keepsContentsApart: Bool {
        if let contentPublicURL { return contentPublicURL.origin != publicURL?.origin }
        return publicURL == nil && !isBehindProxy
    }

    /// The addresses to give in the answer to a request.
    func addresses(for request: HTTPRequest, local: HubAddresses) -> HubAddresses {
        guard let endpoint = publicURL?.description ?? forwardedEndpoint(request) else {
            return HubAddresses(
                endpoint: local.endpoint,
                contentEndpoint: contentPublicURL?.description ?? local.contentEndpoint
            )
        }
        return HubAddresses(
            endpoint: endpoint,
            contentEndpoint: contentPublicURL?.description
                ?? endpoint + HubAddresses.contentFolder
        )
    }

    /// The endpoint that a client asked a proxy for.
    private func forwardedEndpoint(_ request: HTTPRequest) -> String? {
        guard isBehindProxy, let host = request.headers[HTTPHeader("X-Forwarded-Host")],
            let scheme = request.headers[HTTPHeader("X-Forwarded-Proto")],
            ["http", "https"].contains(scheme),
            host.utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                    UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    true
                default: "-.:[]".utf8.contains(byte)
                }
            })
        else { return nil }
        return PublicURL("\(scheme)://\(host)")?.description
    }

    /// Where a request comes from, for counting.
    func address(of request: HTTPRequest) -> String {
        // A proxy appends whom it saw: what stands before is the client's own claim.
        if isBehindProxy, let all = request.headers[.xForwardedFor],
            let last = all.split(separator: ",").last
        {
            return String(last.filter { $0 != " " }.prefix(64))
        }
        guard case .ip4(let address, _) = request.remoteAddress else { return "" }
        return address
    }
}
