/// Why a server does not start, or ends.
public enum ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The host is no address.
    case badHost(String)
    /// The port cannot be had.
    case cannotListen(host: String, port: UInt16, reason: String)
    /// It listens no more, and nobody has stopped it.
    case ended

    /// As a sentence.
    public var description: String {
        switch self {
        case .badHost(let host):
            "\"\(host)\" is no address; expected one in numbers, as in 127.0.0.1 or ::1"
        case .cannotListen(let host, let port, let reason):
            "cannot listen on port \(port) of \(host): \(reason)"
        case .ended: "the server cannot accept connections any more"
        }
    }
}
