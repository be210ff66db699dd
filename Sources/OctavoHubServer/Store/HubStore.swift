internal import Glibc
internal import OctavoBase
internal import OctavoHub

/// What the hub knows, as plain files.
///
/// ```
/// repositories/NAMESPACE/NAME/repository.json    branches, tags, whom it is open to
///                             commits/ID.json    the files at a commit
///                             discussions/N.json what is said in them
/// collections/NAMESPACE/NAME.json                lists of models, see StoredCollection
/// objects/ blobs/                                contents, see ContentStore
/// received/                                      who sent them, see ObjectAccess
/// parts/                                         halves of objects, see PartStore
/// making/                                        repositories that are being made
/// trash/                                         what is being removed
/// ```
///
/// Every change of state is the renaming of one `repository.json`; what it points to is written
/// before. All calls block.
struct HubStore: Sendable {
    let root: String
    let contents: ContentStore
    let parts: PartStore
    /// The most bytes of a commit's record, and of a repository's: far fewer than their readers take.
    var recordLimit = 256 << 20

    init(root: String) {
        self.root = root
        contents = ContentStore(root: root)
        parts = PartStore(root: root)
    }

    /// Holds off all who would change a repository, also the commands that change who may read it while
    /// a server is running.
    func writing<R>(_ body: () throws -> R) throws -> R {
        try withLockedFile(joined(root, "repositories.lock"), body)
    }

    func folder(_ id: RepositoryID) -> String {
        joined(root, "repositories/\(id.namespace ?? "")/\(id.name)")
    }

    private func file(_ id: RepositoryID) -> String { joined(folder(id), "repository.json") }

    func commitFile(_ id: RepositoryID, _ commit: String) -> String {
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
        return try StoredRepository(try JSON(parsing: bytes), id: id)
    }

    /// Makes a repository with a first commit that holds `.gitattributes`.
    ///
    /// It gets its name when it is whole.
    func create(_ id: RepositoryID, isPrivate: Bool, author: String) throws {
        try writing {
            guard try repository(id) == nil else {
                throw Refusal.exists("You already created this model repo")
            }
            try clearWayOf(id)
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
            let repository = StoredRepository(
                id: id,
                isPrivate: isPrivate,
                created: now,
                head: first.id,
                regularBytes: attributes.count
            )
            let making = joined(root, "making/\(UInt64.random(in: 0 ... .max))")
            try write(first, in: making)
            try write(repository, in: making)
            try makeDirectory(parent(of: folder(id)))
            try moveFile(making, to: folder(id))
        }
    }

    /// Whether a folder is of a repository that was never there: an older hub, killed while it made one, has left the first
    /// commit and nothing that names it.
    func isHalfMade(_ id: RepositoryID) -> Bool {
        let folder = folder(id)
        guard fileKind(folder) == .directory, fileKind(file(id)) == nil,
            let inside = try? directoryEntries(folder),
            inside.allSatisfy({ $0 == "commits" || $0.hasSuffix(".tmp") })
        else { return false }
        let commits = (try? directoryEntries(joined(folder, "commits"))) ?? []
        return commits.count { !$0.hasSuffix(".tmp") } <= 1
    }

    /// Takes what is left of a repository half made out of the way of a new one of that name.
    private func clearWayOf(_ id: RepositoryID) throws {
        guard fileKind(folder(id)) != nil else { return }
        guard isHalfMade(id) else {
            throw Refusal(
                status: 500,
                message: "The hub has a folder of \(id) without its repository.json:"
                    + " whoever runs the hub must restore or remove it"
            )
        }
        try removeAll(folder(id))
    }

    /// Removes a repository; contents stay, for others may share them.
    func delete(_ id: RepositoryID) throws {
        let trash = joined(root, "trash/\(UInt64.random(in: 0 ... .max))")
        try makeDirectory(parent(of: trash))
        // Gone at once: nobody finds half of it, and a new one of that name begins empty.
        try writing { try moveFile(folder(id), to: trash) }
        try removeAll(trash)
    }

    /// Removes what a server that was cut off left: halves of files, of repositories, and of removals.
    ///
    /// For the one who has the directory's lock and has not begun to serve.
    func clean() throws {
        try removeAll(joined(root, "trash"))
        try removeAll(joined(root, "making"))
        for id in try allFolders() where isHalfMade(id) { try removeAll(folder(id)) }
        // Not in the root itself: tokens may be made there while the hub is starting.
        for upload in try parts.abandoned(for: Presigner.multipartLifetime) {
            try removeAll(upload.folder)
        }
        for folder in ["repositories", "objects", "blobs", "received", "parts"]
            .map({ joined(root, $0) })
        where fileKind(folder) == .directory {
            for file in try filesBelow(folder) where file.hasSuffix(".tmp") {
                try removeAll(joined(folder, file))
            }
        }
    }

    /// Gives a repository another name; what it held under the old one is not found there any more.
    func move(_ id: RepositoryID, to new: RepositoryID) throws {
        try writing {
            guard try repository(id) != nil else { throw Refusal.noRepository(hasToken: true) }
            guard try repository(new) == nil else {
                throw Refusal.exists("There is a repository \(new) already")
            }
            try clearWayOf(new)
            try makeDirectory(parent(of: folder(new)))
            try moveFile(folder(id), to: folder(new))
        }
    }

    /// Changes a repository's own file.
    func update(_ id: RepositoryID, _ change: (inout StoredRepository) throws -> Void) throws {
        try writing {
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

    /// Writes a commit's record.
    ///
    /// - Throws: `Refusal` with status 413 for one that would be too large to be read again.
    func write(_ commit: StoredCommit, of id: RepositoryID) throws {
        try write(commit, in: folder(id))
    }

    private func write(_ commit: StoredCommit, in folder: String) throws {
        guard commit.files.count <= StoredCommit.fileLimit else {
            throw Refusal(
                status: 413,
                message: "The repository would have \(commit.files.count) files:"
                    + " expected \(StoredCommit.fileLimit) at most"
            )
        }
        let file = joined(folder, "commits/\(commit.id).json")
        try makeDirectory(parent(of: file))
        try AtomicFile.write(try record(commit.json), to: file)
    }

    func write(_ repository: StoredRepository) throws {
        try write(repository, in: folder(repository.id))
    }

    private func write(_ repository: StoredRepository, in folder: String) throws {
        try AtomicFile.write(try record(repository.json), to: joined(folder, "repository.json"))
    }

    private func record(_ json: JSON) throws(Refusal) -> [UInt8] {
        let bytes = Array(json.text().utf8)
        guard bytes.count <= recordLimit else {
            throw Refusal(
                status: 413,
                message: "The hub's record of this would have \(bytes.count) bytes:"
                    + " expected \(recordLimit) at most"
            )
        }
        return bytes
    }
}

/// Whether a text is what a commit's id may be cut to: 7 lowercase hexadecimal digits or more.
func isCommitPrefix(_ text: String) -> Bool {
    (7...40).contains(text.utf8.count)
        && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
}
