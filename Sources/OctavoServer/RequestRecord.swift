internal import OctavoBase

/// What is told of a request that was answered: never what it says, and never a key.
public struct RequestRecord: Sendable, CustomStringConvertible {
    /// Its method.
    public let method: String
    /// The path of its URL.
    public let path: String
    /// The status of the answer; 499 if the client has gone.
    public var status = 0
    /// How many tokens its prompt has, once they were counted.
    public var promptTokens: Int?
    /// How many tokens were added, once there are some.
    public var tokens: Int?
    /// How long it took.
    public var seconds = 0.0
    private let began = ProcessTime().wall

    init(method: String, path: String) {
        (self.method, self.path) = (String(method.prefix(16)), String(path.prefix(100)))
    }

    func finished(status: Int) -> RequestRecord {
        var record = self
        (record.status, record.seconds) = (status, ProcessTime().wall - began)
        return record
    }

    /// As a line.
    public var description: String {
        var parts = ["\(method) \(path) \(status)"]
        if let promptTokens {
            parts.append("\(promptTokens) + \(tokens ?? 0) tokens")
        }
        let hundredths = Int((seconds * 100).rounded())
        let rest = hundredths % 100
        parts.append("\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s")
        return parts.joined(separator: ", ")
    }
}
