public import OctavoBase

/// What a commit does to one path.
public enum CommitOperation: Sendable, Equatable {
    /// Adds or replaces a small file, its contents within the commit.
    case file(path: String, contents: [UInt8])
    /// Adds or replaces a file whose contents were stored by LFS before.
    ///
    /// The length may be left out where the hub knows it.
    case lfsFile(path: String, oid: Digest, size: Int?)
    /// Removes a file.
    case deletedFile(path: String)
    /// Removes a folder and all in it.
    case deletedFolder(path: String)

    /// The path it acts on.
    public var path: String {
        switch self {
        case .file(let path, _), .lfsFile(let path, _, _), .deletedFile(let path),
            .deletedFolder(let path):
            path
        }
    }
}

/// The first line of a commit.
package struct CommitHeader: Equatable, Sendable {
    package var summary: String
    package var description: String
    /// The head that the branch must still have.
    package var parentCommit: String?

    package init(summary: String, description: String, parentCommit: String?) {
        self.summary = summary
        self.description = description
        self.parentCommit = parentCommit
    }
}

/// A commit as the protocol writes it: JSON objects a line each, the header first.
package struct CommitRequest: Equatable, Sendable {
    package var header: CommitHeader
    package var operations: [CommitOperation]

    package init(header: CommitHeader, operations: [CommitOperation]) {
        self.header = header
        self.operations = operations
    }

    /// The lines.
    package var ndjson: [UInt8] {
        var bytes: [UInt8] = []
        func line(_ key: String, _ value: JSON) {
            bytes.append(
                contentsOf: JSON.object(["key": .string(key), "value": value]).text(.compact).utf8
            )
            bytes.append(UInt8(ascii: "\n"))
        }
        line(
            "header",
            .object([
                "summary": .string(header.summary), "description": .string(header.description),
                "parentCommit": header.parentCommit.map { .string($0) },
            ])
        )
        for operation in operations {
            switch operation {
            case .file(let path, let contents):
                line(
                    "file",
                    .object([
                        "path": .string(path), "content": .string(base64(contents)),
                        "encoding": "base64",
                    ])
                )
            case .lfsFile(let path, let oid, let size):
                line(
                    "lfsFile",
                    .object([
                        "path": .string(path), "algo": "sha256", "oid": .string(oid.hex),
                        "size": size.map { .integer($0) },
                    ])
                )
            case .deletedFile(let path): line("deletedFile", .object(["path": .string(path)]))
            case .deletedFolder(let path): line("deletedFolder", .object(["path": .string(path)]))
            }
        }
        return bytes
    }

    /// Reads the lines.
    package init(ndjson: [UInt8]) throws {
        var header: CommitHeader?
        operations = []
        for line in ndjson.split(separator: UInt8(ascii: "\n")) {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            let json = try JSON(parsing: Array(line))
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
            case "file": operations.append(try Self.file(value))
            case "lfsFile":
                guard (value["algo"]?.string ?? "sha256") == "sha256" else {
                    throw WireError(key: "algo", expected: "sha256")
                }
                operations.append(
                    .lfsFile(
                        path: try value.text("path"),
                        oid: try value.digest("oid"),
                        size: value["size"] == nil ? nil : try value.size("size")
                    )
                )
            case "deletedFile": operations.append(.deletedFile(path: try value.text("path")))
            case "deletedFolder": operations.append(.deletedFolder(path: try value.text("path")))
            default:
                throw WireError(key: "key", expected: "an operation known here, not \"\(key)\"")
            }
        }
        guard let header else { throw WireError(key: "header", expected: "the first line") }
        self.header = header
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
