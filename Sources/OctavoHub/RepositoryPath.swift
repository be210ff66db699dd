/// The path of a file in a repository, safe to write below any directory.
///
/// Both directions use one rule: what may not be uploaded is not accepted from a hub either. Paths
/// are read, compared and ordered as the bytes of their UTF-8, as on disk.
public struct RepositoryPath: Sendable, CustomStringConvertible {
    /// The path: parts joined by `/`, relative, in the form it has on the hub.
    public let description: String

    /// The file that says which others are stored by LFS.
    package static let gitAttributes = RepositoryPath(unchecked: ".gitattributes")

    /// Why a text is no such path.
    public struct ValidationError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The text.
        public let text: String
        /// The rule that it breaks.
        public let rule: String

        /// As a sentence.
        public var description: String {
            "the path \"\(text.prefix(200))\" is not safe in a repository: \(rule)"
        }
    }

    private init(unchecked text: String) { description = text }

    /// Parses a path.
    public init(_ text: String) throws(ValidationError) {
        func refuse(_ rule: String) throws(ValidationError) -> Never {
            throw ValidationError(text: text, rule: rule)
        }
        let bytes = Array(text.utf8)
        let slash = UInt8(ascii: "/")
        guard (1...1024).contains(bytes.count) else { try refuse("it has 1 to 1024 bytes") }
        for byte in bytes where byte < 0x20 || byte == 0x7F {
            try refuse("it holds a control character")
        }
        if bytes.contains(UInt8(ascii: "\\")) { try refuse("it holds a backslash") }
        if bytes[0] == slash { try refuse("it is absolute") }
        for part in bytes.split(separator: slash, omittingEmptySubsequences: false) {
            if part.isEmpty { try refuse("a part between slashes is empty") }
            if part.count > 255 { try refuse("a part is longer than 255 bytes") }
            if part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) {
                try refuse("it holds . or ..")
            }
            // Other cases are the same directory on some file systems; git takes hooks from it.
            let folded = part.asciiLowercased
            if folded.elementsEqual(".git".utf8) || folded.elementsEqual(".cache".utf8) {
                try refuse("it passes through .git or .cache")
            }
        }
        if bytes.count > 1, bytes[1] == UInt8(ascii: ":") { try refuse("it begins with a drive") }
        description = text
    }

    /// Parses a path as operations of a commit may write it: also `/a`, `./a` and `folder/`.
    package init(operand text: String) throws(ValidationError) {
        let slash = UInt8(ascii: "/")
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: "./".utf8) {
            bytes = bytes.dropFirst(2)
        } else if bytes.first == slash {
            bytes = bytes.dropFirst()
        }
        if bytes.last == slash { bytes = bytes.dropLast() }
        try self.init(String(decoding: bytes, as: UTF8.self))
    }

    /// The parts between the slashes: folders, then the file's own name.
    package var parts: [String] { description.slashParts }

    /// The folders it is in, the outermost first.
    package var folders: [RepositoryPath] {
        let bytes = Array(description.utf8)
        return bytes.indices.filter { bytes[$0] == UInt8(ascii: "/") }.map {
            RepositoryPath(unchecked: String(decoding: bytes[..<$0], as: UTF8.self))
        }
    }

    /// Whether it is somewhere in a folder.
    package func isBelow(_ folder: RepositoryPath) -> Bool {
        let above = folder.description.utf8
        return description.utf8.starts(with: above)
            && description.utf8.dropFirst(above.count).first == UInt8(ascii: "/")
    }
}

extension RepositoryPath: Hashable, Comparable {
    /// Compares bytes: "é" has two forms, which Swift's texts take for the same.
    public static func == (a: RepositoryPath, b: RepositoryPath) -> Bool {
        a.description.utf8.elementsEqual(b.description.utf8)
    }

    /// Hashes bytes.
    public func hash(into hasher: inout Hasher) {
        for byte in description.utf8 { hasher.combine(byte) }
    }

    /// Orders by bytes.
    public static func < (a: RepositoryPath, b: RepositoryPath) -> Bool {
        a.description.utf8.lexicographicallyPrecedes(b.description.utf8)
    }
}
