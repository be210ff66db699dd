private import OctavoBase

/// A branch, a tag, a full reference (`refs/pr/1`) or a commit of a repository.
public struct Revision: Hashable, Sendable, CustomStringConvertible {
    /// The name or the commit.
    public let description: String

    /// Why a text names no revision.
    public struct ValidationError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The text.
        public let text: String
        /// The rule that it breaks.
        public let rule: String

        /// As a sentence.
        public var description: String { "\"\(text)\" is no revision: \(rule)" }
    }

    /// The branch that every repository begins with.
    public static let main = Revision(unchecked: "main")

    private init(unchecked text: String) { description = text }

    /// Parses a revision by git's rules for the names of references.
    public init(_ text: String) throws(ValidationError) {
        func refuse(_ rule: String) throws(ValidationError) -> Never {
            throw ValidationError(text: text, rule: rule)
        }
        // By bytes: as Characters, what stands before a combining mark would hide.
        let bytes = Array(text.utf8)
        guard (1...250).contains(bytes.count) else { try refuse("it has 1 to 250 bytes") }
        for byte in bytes where byte <= 0x20 || byte == 0x7F {
            try refuse("it holds a space or a control character")
        }
        for mark in "~^:?*[\\".utf8 where bytes.contains(mark) {
            try refuse("it holds \(Unicode.Scalar(mark))")
        }
        let pairs = zip(bytes, bytes.dropFirst())
        let dot = UInt8(ascii: ".")
        if pairs.contains(where: { $0 == dot && $1 == dot }) { try refuse("it holds ..") }
        if pairs.contains(where: { $0 == UInt8(ascii: "@") && $1 == UInt8(ascii: "{") }) {
            try refuse("it holds @{")
        }
        if text == "@" { try refuse("it is @") }
        for part in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty { try refuse("a part between slashes is empty") }
            if part.first == dot || part.last == dot
                || part.suffix(5).elementsEqual(".lock".utf8)
            {
                try refuse("a part begins with ., or ends with . or .lock")
            }
        }
        if bytes[0] == UInt8(ascii: "-") { try refuse("it begins with -") }
        description = text
    }

    /// Whether this is a whole commit id, which always names the same files.
    public var isCommit: Bool { isCommitID(description) }
}

/// Whether a text is a commit id: 40 lowercase hexadecimal digits.
package func isCommitID(_ text: String) -> Bool {
    bytesOfHex(text)?.count == 20
}
