internal import OctavoBase

/// What a commit leaves behind, by which it is known again where its answer was lost.
struct CommitOutcome: Equatable, Sendable {
    /// What is at each path that it changes; nil where it removes a file.
    private(set) var contents: [RepositoryPath: ContentName?] = [:]
    /// The folders in which nothing is left.
    private(set) var emptied: [RepositoryPath] = []

    /// The outcome of operations; nil if one of them has a path that no repository can hold.
    init?(_ operations: [CommitOperation]) {
        for operation in operations {
            guard let path = try? RepositoryPath(operand: operation.path) else { return nil }
            switch operation {
            case .file(_, let bytes): set(path, .gitBlob(gitBlobName(bytes)))
            case .lfsFile(_, let oid, _): set(path, .sha256(oid))
            case .deletedFile: set(path, nil)
            case .deletedFolder: emptied.append(path)
            }
        }
    }

    private mutating func set(_ path: RepositoryPath, _ content: ContentName?) {
        contents.updateValue(content, forKey: path)
    }

    /// Whether files of a repository are such as the commit leaves them.
    func isIn(_ tree: [TreeEntry]) -> Bool {
        let found = Dictionary(tree.map { ($0.path, $0.content) }) { first, _ in first }
        return contents.allSatisfy { found[$0.key] == $0.value }
            && emptied.allSatisfy { folder in !found.keys.contains { $0.isBelow(folder) } }
    }
}

extension CommitOutcome {
    /// For a journal: digests by path.
    var json: JSON {
        var files = JSONObject()
        for (path, content) in contents.sorted(by: { $0.key < $1.key }) {
            files["\(path)"] = content.map { .string("\($0)") } ?? .null
        }
        return .object([
            "files": .object(files), "emptied": .array(emptied.map { .string("\($0)") }),
        ])
    }

    /// Reads what ``json`` wrote; nil if it is anything else.
    init?(_ json: JSON) {
        guard let files = json["files"]?.object, let folders = json["emptied"]?.array else {
            return nil
        }
        for (name, value) in files {
            guard let path = try? RepositoryPath(name) else { return nil }
            switch value.string {
            case nil where value == .null: set(path, nil)
            case let hex? where isCommitID(hex): set(path, .gitBlob(hex))
            case let hex?:
                guard let digest = Digest(hex: hex) else { return nil }
                set(path, .sha256(digest))
            case nil: return nil
            }
        }
        for folder in folders {
            guard let path = folder.string.flatMap({ try? RepositoryPath($0) }) else { return nil }
            emptied.append(path)
        }
    }
}
