/// The name of a repository on a hub: `namespace/name`, or `name` alone for a few old ones.
///
/// A value of this type obeys the hub's rules, so it is safe in a URL and as a name on disk.
public struct RepositoryID: Hashable, Sendable, CustomStringConvertible {
    /// Who owns the repository: a user or an organization.
    public let namespace: String?
    /// Its name within the namespace.
    public let name: String

    /// Why a text names no repository.
    public struct ValidationError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The text.
        public let text: String
        /// The rule that it breaks.
        public let rule: String

        /// As a sentence.
        public var description: String { "\"\(text)\" is no repository name: \(rule)" }
    }

    /// Parses `namespace/name` or `name`.
    public init(_ text: String) throws(ValidationError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2 else {
            throw ValidationError(text: text, rule: "it may hold one / at most")
        }
        for part in parts {
            if let rule = Self.brokenRule(part) { throw ValidationError(text: text, rule: rule) }
        }
        namespace = parts.count == 2 ? String(parts[0]) : nil
        name = String(parts[parts.count - 1])
    }

    private static func brokenRule(_ part: Substring) -> String? {
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        let bytes = Array(part.utf8)
        guard (1...96).contains(bytes.count) else {
            return "each part has 1 to 96 characters, \"\(part)\" has \(bytes.count)"
        }
        guard bytes.allSatisfy({ isWord($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
        else { return "\"\(part)\" holds something other than letters, digits, _, - and ." }
        guard isWord(bytes[0]), isWord(bytes[bytes.count - 1]) else {
            return "\"\(part)\" begins or ends with - or ."
        }
        if part.contains("--") || part.contains("..") { return "\"\(part)\" holds -- or .." }
        if part.hasSuffix(".git") { return "\"\(part)\" ends with .git" }
        return nil
    }

    /// `namespace/name`, as it was given.
    public var description: String { namespace.map { "\($0)/\(name)" } ?? name }
}
