internal import OctavoBase

/// Reads a commit a line at a time, so that nobody need hold all of it.
package struct CommitReader {
    /// The first line, once it is read.
    package private(set) var header: CommitHeader?

    package init() {}

    /// Reads the next line.
    ///
    /// - Parameter line: Without what ends it.
    /// - Returns: The operation in it; nil for the header, and for a line of nothing but white space.
    /// - Throws: `JSONError`; `WireError` for what the protocol does not have, or not there.
    package mutating func read(_ line: [UInt8]) throws -> CommitOperation? {
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { return nil }
        let json = try JSON(parsing: line)
        let value = json["value"] ?? .null
        let key = try json.text("key")
        guard (key == "header") == (header == nil) else {
            throw WireError(key: "key", expected: "\"header\" on the first line and only there")
        }
        switch key {
        case "header":
            header = CommitHeader(
                summary: try value.text("summary"),
                description: value["description"]?.string ?? "",
                parentCommit: value["parentCommit"]?.string
            )
            return nil
        case "file": return try Self.file(value)
        case "lfsFile":
            guard (value["algo"]?.string ?? "sha256") == "sha256" else {
                throw WireError(key: "algo", expected: "sha256")
            }
            return .lfsFile(
                path: try value.text("path"),
                oid: try value.digest("oid"),
                size: value["size"] == nil ? nil : try value.size("size")
            )
        case "deletedFile": return .deletedFile(path: try value.text("path"))
        case "deletedFolder": return .deletedFolder(path: try value.text("path"))
        default: throw WireError(key: "key", expected: "an operation known here, not \"\(key)\"")
        }
    }

    /// The header, when all lines are read.
    package func finish() throws(WireError) -> CommitHeader {
        guard let header else { throw WireError(key: "header", expected: "the first line") }
        return header
    }

    private static func file(_ value: JSON) throws(WireError) -> CommitOperation {
        let content = try value.text("content")
        switch value["encoding"]?.string ?? "utf-8" {
        case "utf-8": return .file(path: try value.text("path"), contents: Array(content.utf8))
        case "base64":
            guard let bytes = bytesOfBase64(content) else {
                throw WireError(key: "content", expected: "base64")
            }
            return .file(path: try value.text("path"), contents: bytes)
        default: throw WireError(key: "encoding", expected: "base64 or utf-8")
        }
    }
}
