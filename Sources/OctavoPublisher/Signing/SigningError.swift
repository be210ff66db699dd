public import OctavoBase

/// Why a model cannot be signed, or a key cannot be used for it.
public enum SigningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The system refused.
    case file(FileError)
    /// A file holds no such key.
    case key(path: String, KeyError)
    /// A passphrase's file does not begin with a line that can be one.
    case passphrase(path: String)
    /// What is to be signed is no directory.
    case notADirectory(String)
    /// There is no file to sign.
    case nothingToSign(String)
    /// A file is a link, a device, a socket or a pipe.
    case notAFile(path: String)
    /// More files than a signature lists.
    case tooManyFiles(Int)
    /// A path to leave out does not lead into the directory.
    case ignoredPath(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .key(let path, let error): "\(path) \(error)"
        case .passphrase(let path):
            "\(path) does not begin with a line of 1 to 1024 bytes to be the passphrase"
        case .notADirectory(let path): "\(path) is no directory, expected one with a model's files"
        case .nothingToSign(let path): "\(path) has no file to sign"
        case .notAFile(let path): "\(path) is a link or a device, expected a file"
        case .tooManyFiles(let count):
            "there are \(count) files, expected at most \(SignedStatement.mostFiles)"
        case .ignoredPath(let path):
            "\"\(path)\" does not lead into the directory, expected a path relative to it"
        }
    }
}
