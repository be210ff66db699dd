internal import Glibc
internal import OctavoBase
internal import OctavoHub
internal import Synchronization

/// What the hub knows, as plain files.
///
/// ```
/// repositories/NAMESPACE/NAME/repository.json    branches, tags, whom it is open to
///                             commits/ID.json    the files at a commit
/// objects/ blobs/                                contents, see ContentStore
/// received/                                      who sent them, see ObjectAccess
/// trash/                                         what is being removed
/// ```
///
/// Every change of state is the renaming of one `repository.json`; what it points to is written
/// before. All calls block.
final class HubStore: Sendable {
    let root: String
    let contents: ContentStore
    /// Held while a repository is read and replaced.
    private let writing = Mutex(())

    init(root: String) {
        self.root = root
        contents = ContentStore(root: root)
    }

    func folder(_ id: RepositoryID) -> String {
        joined(root, "repositories/\(id.namespace ?? "")/\(id.name)")
    }

    private func file(_ id: RepositoryID) -> String { joined(folder(id), "repository.json") }

    private func commitFile(_ id: RepositoryID, _ commit: String) -> String {
        joined(folder(id), "commits/\(commit).json")
    }

    /// A repository; nil if there is none.
    func repository(_ id: RepositoryID) throws -> StoredRepository? {
        guard id.namespace != nil else { return nil }
        let bytes: [UInt8]
        do { bytes = try readFile(file(id)) } catch {
            if error.isMissing { return nil }
            throw error
        }
        return try StoredRepository(try JSON(parsing: bytes))
    }

    /// Makes a repository with a first commit that holds `.gitattributes`.
    func create(_ id: RepositoryID, isPrivate: Bool, author: String) throws {
        try writing.withLock { _ in
            guard try repository(id) == nil else {
                throw Refusal.exists("You already created this model repo")
            }
            let attributes = Array(GitAttributes.standard.utf8)
            let now = time(nil)
            let first = StoredCommit(
                parent: nil,
                author: author,
                title: "initial commit",
                message: "",
                date: now,
                files: [
                    .gitAttributes: StoredFile(
                        content: try contents.store(attributes),
                        size: attributes.count
                    )
                ]
            )
            try write(first, of: id)
            try write(StoredRepository(id: id, isPrivate: isPrivate, created: now, head: first.id))
        }
    }

    /// Removes a repository; contents stay, for others may share them.
    func delete(_ id: RepositoryID) throws {
        let trash = joined(root, "trash/\(UInt64.random(in: 0 ... .max))")
        try makeDirectory(parent(of: trash))
        // Gone at once: nobody finds half of it, and a new one of that name begins empty.
        try writing.withLock { _ in try moveFile(folder(id), to: trash) }
        try removeAll(trash)
    }

    /// Removes what a server that was cut off left: halves of files, and halves of removals.
    ///
    /// For the one who has the directory's lock and has not begun to serve.
    func clean() throws {
        try removeAll(joined(root, "trash"))
        // Not in the root itself: tokens may be made there while the hub is starting.
        for folder in ["repositories", "objects", "blobs", "received"].map({ joined(root, $0) })
        where fileKind(folder) == .directory {
            for file in try filesBelow(folder) where file.hasSuffix(".tmp") {
                try removeAll(joined(folder, file))
            }
        }
    }

    /// Changes a repository's own file.
    func update(_ id: RepositoryID, _ change: (inout StoredRepository) throws -> Void) throws {
        try writing.withLock { _ in
            guard var repository = try repository(id) else {
                throw Refusal.noRepository(hasToken: true)
            }
            try change(&repository)
            try write(repository)
        }
    }

    /// The commit that a revision stands for: a branch, a tag, a full name, then 7 or more digits of
    /// a commit's id.
    func resolve(_ revision: Revision, in repository: StoredRepository) throws -> String {
        let name = revision.description
        if let commit = repository.commit(named: name) { return commit }
        if isCommitID(name), fileKind(commitFile(repository.id, name)) == .file { return name }
        if isCommitPrefix(name) {
            let all = try directoryEntries(joined(folder(repository.id), "commits"))
            let matches = all.filter { $0.hasPrefix(name) && $0.hasSuffix(".json") }
            if matches.count == 1 { return String(matches[0].dropLast(5)) }
        }
        throw Refusal.noRevision(name)
    }

    /// A commit by its whole id.
    func commit(_ commit: String, of id: RepositoryID) throws -> StoredCommit {
        try StoredCommit(try JSON(parsing: try readFile(commitFile(id, commit))))
    }

    private func write(_ commit: StoredCommit, of id: RepositoryID) throws {
        let file = commitFile(id, commit.id)
        try makeDirectory(parent(of: file))
        try AtomicFile.write(commit.json.text(), to: file)
    }

    private func write(_ repository: StoredRepository) throws {
        try AtomicFile.write(repository.json.text(), to: file(repository.id))
    }

    /// Where a commit landed.
    struct Landing {
        let commit: String
        /// The number of the pull request it opened.
        let pull: Int?
    }

    /// Commits on top of a branch.
    ///
    /// Of several at once on one parent, one wins.
    func commit(
        _ request: CommitRequest,
        to id: RepositoryID,
        at revision: Revision,
        author: String,
        asPullRequest: Bool
    ) throws -> Landing {
        // Contents first, outside the lock: they are harmless without the commit.
        let rights = rights(of: author)
        let changes = try request.operations.map { try change($0, rights) }
        return try writing.withLock { _ in
            guard var repository = try repository(id) else {
                throw Refusal.noRepository(hasToken: true)
            }
            let name = revision.description
            guard let head = repository.commit(named: name) else { throw Refusal.noRevision(name) }
            if let parent = request.header.parentCommit {
                guard parent.count >= 7, head.hasPrefix(parent) else { throw Refusal.headMoved }
            }
            var files = try commit(head, of: id).files
            for change in changes { try change.apply(to: &files) }
            try checkNoFileIsAFolder(files)
            let commit = StoredCommit(
                parent: head,
                author: author,
                title: request.header.summary,
                message: request.header.description,
                date: time(nil),
                files: files
            )
            for case .set(_, let file) in changes {
                if case .sha256(let oid) = file.content { try noteCommitted(oid, to: id) }
            }
            try write(commit, of: id)
            if asPullRequest {
                repository.pulls.append(commit.id)
            } else if !repository.move(name, to: commit.id) {
                throw Refusal.badRequest("\(name) is no branch: commits go to branches")
            }
            try write(repository)
            return Landing(commit: commit.id, pull: asPullRequest ? repository.pulls.count : nil)
        }
    }

    /// A checked operation whose contents are stored.
    private enum Change {
        case set(RepositoryPath, StoredFile)
        case delete(RepositoryPath)
        case deleteFolder(RepositoryPath)

        func apply(to files: inout [RepositoryPath: StoredFile]) throws {
            switch self {
            case .set(let path, let file): files[path] = file
            case .delete(let path):
                guard files.removeValue(forKey: path) != nil else {
                    throw Refusal.noEntry(path.description)
                }
            case .deleteFolder(let path):
                let doomed = files.keys.filter { $0.isBelow(path) }
                guard !doomed.isEmpty else { throw Refusal.noEntry(path.description) }
                for path in doomed { files[path] = nil }
            }
        }
    }

    private func change(_ operation: CommitOperation, _ rights: Rights) throws -> Change {
        let path: RepositoryPath
        do {
            path = try RepositoryPath(operand: operation.path)
        } catch {
            throw Refusal.badRequest(error.description)
        }
        switch operation {
        case .file(_, let bytes):
            if path.description == "README.md", let problem = cardProblem(bytes) {
                throw Refusal.badRequest(problem)
            }
            return .set(path, StoredFile(content: try contents.store(bytes), size: bytes.count))
        case .lfsFile(_, let oid, let size):
            guard let stored = rights.size(oid) else {
                throw Refusal.badRequest("The LFS object \(oid) of \(path) was never uploaded")
            }
            // A client that only copies within the repository may leave the length out.
            guard size == nil || stored == size else {
                throw Refusal.badRequest(
                    "The LFS object \(oid) of \(path) has \(stored) bytes, not \(size ?? 0)"
                )
            }
            return .set(path, StoredFile(content: .sha256(oid), size: stored))
        case .deletedFile: return .delete(path)
        case .deletedFolder: return .deleteFolder(path)
        }
    }

    private func checkNoFileIsAFolder(_ files: [RepositoryPath: StoredFile]) throws {
        for path in files.keys {
            for above in path.folders where files[above] != nil {
                throw Refusal.badRequest("\(above) is a file, so \(path) cannot be")
            }
        }
    }
}

/// Whether a text is what a commit's id may be cut to: 7 lowercase hexadecimal digits or more.
func isCommitPrefix(_ text: String) -> Bool {
    (7...40).contains(text.utf8.count)
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}

/// What is wrong with the metadata at the head of a model card; nil if nothing that would make it
/// unreadable to others.
func cardProblem(_ card: [UInt8]) -> String? {
    guard let text = String(validating: card, as: UTF8.self) else {
        return "README.md is not UTF-8"
    }
    // By bytes: "\r\n" is one Character, and not "\n".
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    guard lines.first?.trimmingWhitespace() == "---" else { return nil }
    guard let end = lines.dropFirst().firstIndex(where: { $0.trimmingWhitespace() == "---" }) else {
        return "The YAML metadata of README.md has no end: expected a line of ---"
    }
    for (number, line) in lines[..<end].enumerated()
    where line.prefix(while: \.isWhitespace).contains("\t") {
        return "Line \(number + 1) of README.md begins with a tab, which YAML forbids"
    }
    return nil
}
