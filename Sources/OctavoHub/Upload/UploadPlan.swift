internal import Glibc
internal import OctavoBase
internal import Synchronization

/// What an upload does to a branch, file by file.
public struct UploadPlan: Sendable {
    /// What becomes of a file.
    public enum Change: String, CaseIterable, Sendable {
        /// The branch does not have it yet.
        case created
        /// The branch has another.
        case replaced
        /// The branch has it already.
        case unchanged
        /// It is on the branch, not in the folder, and is to go.
        case deleted
        /// The hub's rules leave it out.
        case ignored
    }

    /// A file of the folder or of the branch.
    public struct File: Sendable, Equatable {
        /// Its path.
        public let path: RepositoryPath
        /// Its length in bytes.
        public let size: Int
        /// What becomes of it.
        public let change: Change
    }

    /// All files of the folder, and those that are to go, by path.
    public let files: [File]
    /// The head of the branch; nil if there is no such branch, or no such repository.
    public let head: String?
    /// Links that lead out of the folder, whose files are left out.
    public let skippedLinks: [String]
    /// Patterns that match no file which only the branch has.
    public let idlePatterns: [String]
    /// How many commits it takes, if sending does not take so long that one is made in between.
    public let commits: Int
    /// What is to be committed.
    let changes: [PlannedChange]
    /// What the commits leave at each path of the folder.
    let contents: [RepositoryPath: ContentName]

    /// How many files have something become of them.
    public func count(_ change: Change) -> Int { files.count { $0.change == change } }

    /// How many bytes of contents it sends, at most: the hub may have some from elsewhere.
    public var bytes: Int {
        files.reduce(0) { sum, file in
            [.created, .replaced].contains(file.change) ? sum + file.size : sum
        }
    }
}

extension HubClient {
    /// Finds out what an upload would do, and changes nothing.
    ///
    /// - Parameters:
    ///   - folder: The folder, as in ``upload(folder:to:revision:message:description:asPullRequest:deleting:progress:)``.
    ///   - id: A repository, which need not exist.
    ///   - revision: The branch, which need not exist.
    ///   - asPullRequest: Whether it is to be a pull request against the branch.
    ///   - patterns: Which files of the branch are to go that the folder does not have.
    ///   - progress: Told how far the work is, from any thread.
    /// - Returns: The plan.
    /// - Throws: `HubError`; `FileError` from the disk.
    public func planUpload(
        folder: String,
        to id: RepositoryID,
        revision: Revision = .main,
        asPullRequest: Bool = false,
        deleting patterns: [String] = [],
        progress: @escaping @Sendable (TransferProgress) -> Void = { _ in }
    ) async throws -> UploadPlan {
        let (files, skipped) = try await runBlocking { try localFiles(in: folder) }
        guard !files.isEmpty else { throw HubError.nothingToUpload(folder: folder) }
        let head: String?
        do {
            head = try await information(id, at: revision).commit
        } catch HubError.revisionNotFound where revision != .main {
            head = nil
        } catch HubError.repositoryNotFound {
            let all = files.map { UploadPlan.File(path: $0.path, size: $0.size, change: .created) }
            return UploadPlan(
                files: all,
                head: nil,
                skippedLinks: skipped,
                idlePatterns: patterns,
                commits: 1,
                changes: [],
                contents: [:]
            )
        }
        return try await plan(
            files,
            skipped,
            to: id,
            // A branch that is not there yet begins as the main one.
            at: head == nil ? .main : revision,
            head: head,
            asPullRequest: asPullRequest,
            deleting: patterns,
            progress
        )
    }

    /// The same for files of a folder and a branch that are known to be there.
    func plan(
        _ files: [LocalFile],
        _ skippedLinks: [String],
        to id: RepositoryID,
        at revision: Revision,
        head: String?,
        asPullRequest: Bool,
        deleting patterns: [String],
        journal: UploadJournal? = nil,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> UploadPlan {
        let decisions = try await preupload(
            files,
            to: id,
            at: revision,
            asPullRequest: asPullRequest
        )
        let wanted = files.filter { decisions[$0.path].map { !$0.isIgnored } ?? false }
        let contents = try await names(of: wanted, decisions, journal, progress)
        var planned: [UploadPlan.File] = []
        var changes: [PlannedChange] = []
        for file in files {
            guard let content = contents[file.path], let decision = decisions[file.path] else {
                planned.append(.init(path: file.path, size: file.size, change: .ignored))
                continue
            }
            let isThere = decision.remote == content.description
            let change: UploadPlan.Change =
                isThere ? .unchanged : decision.remote == nil ? .created : .replaced
            planned.append(.init(path: file.path, size: file.size, change: change))
            guard !isThere else { continue }
            switch content {
            case .sha256(let oid): changes.append(.object(LFSObject(file: file, oid: oid)))
            case .gitBlob(let name): changes.append(.blob(file, name: name))
            }
        }
        var idle = patterns
        if !patterns.isEmpty {
            let here = Set(files.map(\.path))
            let place = try head.map { try Revision($0) } ?? revision
            for entry in try await tree(id, at: place, skippingUnsafe: true) {
                // Git's rules decide how all others are stored; what a link stands for is here, though left out.
                guard !here.contains(entry.path), entry.path != .gitAttributes,
                    !skippedLinks.contains(where: { entry.path.isAt($0) })
                else { continue }
                let matching = patterns.filter { entry.path.matches($0) }
                guard !matching.isEmpty else { continue }
                idle.removeAll { matching.contains($0) }
                planned.append(.init(path: entry.path, size: entry.size, change: .deleted))
                changes.append(.deletion(entry.path))
            }
        }
        return UploadPlan(
            files: planned.sorted { $0.path < $1.path },
            head: head,
            skippedLinks: skippedLinks,
            idlePatterns: idle,
            commits: ChangeQueue(changes).commits(limits),
            changes: changes,
            contents: contents
        )
    }

    /// Hashes files in the way that the hub stores each.
    private func names(
        of files: [LocalFile],
        _ decisions: [RepositoryPath: UploadDecision],
        _ journal: UploadJournal?,
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> [RepositoryPath: ContentName] {
        let bytes = files.reduce(0) { $0 + $1.size }
        let ledger = TransferLedger(.hashing, files: files.count, bytes: bytes, progress)
        let names = Mutex<[RepositoryPath: ContentName]>([:])
        // Two: a disk and a processor keep each other busy, more would only take turns.
        try await forEach(files, atOnce: 2) { file in
            let path = file.path.description
            let name = try await runBlocking {
                try file.contentName(decisions[file.path]?.mode ?? .regular, journal) {
                    ledger.note(path, $0, of: file.size)
                }
            }
            names.withLock { $0[file.path] = name }
            ledger.finish(path, of: file.size)
        }
        return names.withLock { $0 }
    }
}

extension LocalFile {
    /// What a hub calls the contents, by how it stores them.
    ///
    /// - Throws: `HubError.fileChanged` if it is not as long as it was.
    fileprivate func contentName(
        _ mode: StorageMode,
        _ journal: UploadJournal?,
        onRead: (Int) -> Void
    ) throws -> ContentName {
        if mode == .lfs, let known = journal?.digest(of: self) { return .sha256(known) }
        let hasher = mode == .lfs ? ContentHasher(.sha256) : gitBlobHasher(size: size)
        let file = try ReadableFile(location)
        var count = 0
        try file.forEachPiece(of: 0..<size) { piece in
            hasher.update(piece)
            count += piece.byteCount
            onRead(count)
        }
        guard count == size, file.count == size else { throw HubError.fileChanged(path: location) }
        let hex = hexadecimal(hasher.finish())
        guard mode == .lfs, let digest = Digest(hex: hex) else { return .gitBlob(hex) }
        journal?.note(digest, of: self)
        return .sha256(digest)
    }
}

extension RepositoryPath {
    /// Whether a pattern stands for the path: `*`, `?` (a byte), `[…]` and `[!…]` as in the shell, but that they match
    /// slashes too, a backslash is one, and `folder/` is all in it, as the hub's own tools have it.
    public func matches(_ pattern: String) -> Bool {
        let whole = pattern.hasSuffix("/") ? pattern + "*" : pattern
        return unsafe fnmatch(whole, description, FNM_NOESCAPE) == 0
    }

    /// Whether this is the path of a file or a folder, or in it.
    fileprivate func isAt(_ path: String) -> Bool {
        description == path || description.hasPrefix(path + "/")
    }
}
