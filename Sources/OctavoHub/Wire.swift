package import OctavoBase

/// A part of a message that is not what the protocol says.
package struct WireError: Error, CustomStringConvertible {
    package let key: String
    package let expected: String

    package var description: String { "\"\(key)\" is missing or is not \(expected)" }
}

extension JSON {
    /// The text of a key that must be there.
    package func text(_ key: String) throws(WireError) -> String {
        guard let value = self[key]?.string else { throw WireError(key: key, expected: "a text") }
        return value
    }

    /// The whole number of a key that must be there: a size, so never negative.
    package func size(_ key: String) throws(WireError) -> Int {
        guard let value = self[key]?.integer, value >= 0 else {
            throw WireError(key: key, expected: "a whole number")
        }
        return value
    }

    /// The items of a key that must be there.
    package func items(_ key: String) throws(WireError) -> [JSON] {
        guard let value = self[key]?.array else { throw WireError(key: key, expected: "a list") }
        return value
    }

    /// The text of a key that must be a SHA-256 in hexadecimal.
    package func digest(_ key: String) throws(WireError) -> Digest {
        guard let digest = Digest(hex: try text(key)) else {
            throw WireError(key: key, expected: "a SHA-256")
        }
        return digest
    }
}

/// How the contents of a file are stored on a hub.
public enum StorageMode: String, Sendable {
    /// As a git blob, sent within the commit.
    case regular
    /// As a Git-LFS object, sent before the commit.
    case lfs
}

/// Formats and limits of the protocol.
package enum Protocol {
    package static let lfsMediaType = "application/vnd.git-lfs+json"
    package static let ndjsonMediaType = "application/x-ndjson"
    /// The most files in one preupload or LFS batch request.
    package static let batchSize = 256
    /// The longest file that goes within a commit, in bytes: a hub that asks for more would have the client
    /// hold all of it in memory.
    package static let largestRegularFile = 10 << 20
    /// How long a hub may take to file what it has been sent whole, in seconds.
    package static let filingTime = 300
    /// How many bytes of a file preupload shows.
    package static let sampleSize = 512
}
