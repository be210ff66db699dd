import Glibc

/// A file operation that the system refused.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, as a verb: "open", "write", "rename".
    public let operation: String
    /// The path it was tried on.
    public let path: String
    /// The system's error number (`errno`).
    public let code: Int32

    /// Records a refusal with the error number that the last call left.
    public init(_ operation: String, _ path: String) {
        self.init(operation, path, code: errno)
    }

    /// Records a refusal with an error number.
    public init(_ operation: String, _ path: String, code: Int32) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// Records that a file is larger than what is read whole may be.
    public init(tooLarge path: String) { self.init("read", path, code: EFBIG) }

    /// Whether a file is larger than what is read whole may be.
    public var isTooLarge: Bool { code == EFBIG }

    /// Whether the disk, or the user's share of it, is full.
    public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

    /// Whether there is no such file.
    public var isMissing: Bool { code == ENOENT }

    /// As a sentence: what, where, why.
    public var description: String {
        "cannot \(operation) \(path): \(unsafe String(cString: strerror(code)).lowercased())"
    }
}
