internal import OctavoBase

/// The secret that requests to a server must show; what is kept of it is its SHA-256.
public struct ServerKey: Sendable {
    private let digest: Digest

    /// Takes a key.
    ///
    /// - Throws: When it has fewer than 16 or more than 1024 characters, or others than visible ASCII.
    public init(_ text: some StringProtocol) throws(ServerKeyError) {
        guard 16...1024 ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw .unusable(nil)
        }
        digest = Digest(of: String(text))
    }

    /// Reads a key: the first line of a file.
    ///
    /// - Throws: When it cannot be read, or is no key.
    public init(file path: String) throws {
        let bytes = try readFile(path, limit: 1 << 16)
        let line = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        do throws(ServerKeyError) {
            try self.init(String(decoding: line, as: UTF8.self))
        } catch { throw ServerKeyError.unusable(path) }
    }

    /// Compares, in a time that does not depend on what is equal.
    func matches(_ text: some StringProtocol) -> Bool {
        let other = Digest(of: String(text))
        return zip(digest.bytes, other.bytes).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

/// Why a key cannot be used.
public enum ServerKeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It is no key; the file that it stands in.
    case unusable(String?)

    /// As a sentence.
    public var description: String {
        switch self {
        case .unusable(let file):
            (file.map { "the first line of \($0)" } ?? "the key")
                + " is no API key; expected 16 to 1024 visible characters of ASCII"
        }
    }
}
