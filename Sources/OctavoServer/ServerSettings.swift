internal import FlyingFox
internal import Foundation
internal import OctavoBase

/// Where a server listens, and whom it answers.
public struct ServerSettings: Sendable {
    /// The address, in numbers; `localhost` is 127.0.0.1.
    public var host = "127.0.0.1"
    /// The port; 0 takes a free one.
    public var port: UInt16 = 8000
    /// What the model is called in requests and answers.
    public var modelName: String
    /// What requests must show; nil asks for nothing.
    public var key: ServerKey?
    /// How many requests may wait while a text is made.
    public var mostWaiting = 8
    /// How many seconds a connection may do nothing while the server waits for it.
    public var idleSeconds = 60.0
    /// The most bytes of a request's body.
    public var largestBody = 4 << 20

    /// The usual settings.
    public init(modelName: String) { self.modelName = modelName }

    /// Whether only this machine reaches an address.
    public static func isLoopback(_ host: String) -> Bool {
        guard host != "localhost", host != "::1" else { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    /// Lets a request in, or throws why not.
    func admit(_ request: HTTPRequest) throws(APIError) {
        if let key {
            let words = (request.headers[.authorization] ?? "").split(separator: " ")
            guard words.count == 2, words[0].lowercased() == "bearer", key.matches(words[1]) else {
                throw .badKey
            }
            return
        }
        // Any page in a browser may send requests to this machine, and by a name of its own read the answers.
        guard Self.isLoopback(host) else { return }
        for header in [HTTPHeader.host, HTTPHeader("Origin")] {
            guard let text = request.headers[header] else { continue }
            guard let name = Self.hostName(text), Self.isLoopback(name) else { throw .foreignPage }
        }
    }

    /// The host of `NAME`, `NAME:PORT` or `SCHEME://NAME:PORT`; nil if there is none.
    static func hostName(_ text: String) -> String? {
        var rest = text[...]
        if let scheme = rest.firstRange(of: "://") { rest = rest[scheme.upperBound...] }
        if rest.hasPrefix("[") {
            return rest.firstIndex(of: "]").map { String(rest[..<$0].dropFirst()) }
        }
        return rest.split(separator: ":", omittingEmptySubsequences: false).first.map {
            $0.lowercased()
        }
    }
}
