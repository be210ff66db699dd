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
        var reader = CommitReader()
        operations = []
        for line in ndjson.split(separator: UInt8(ascii: "\n")) {
            if let operation = try reader.read(Array(line)) { operations.append(operation) }
        }
        header = try reader.finish()
    }
}
