internal import Glibc
internal import OctavoBase

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
    /// What the commit does.
    let operations: [CommitOperation]
    /// The contents that LFS stores.
    let objects: [LFSObject]
    /// What the commit leaves at each path of the folder.
    let contents: [RepositoryPath: ContentName]

    /// How many files have something become of them.
    public func count(_ change: Change) -> Int { files.count { $0.change == change } }

    /// How many commits it takes.
    public var commits: Int { files.contains { $0.change.isCommitted } ? 1 : 0 }

    /// How many bytes of contents it sends, at most: the hub may have some from elsewhere.
    public var bytes: Int {
        files.reduce(0) { sum, file in
            [.created, .replaced].contains(file.change) ? sum + file.size : sum
        }
    }
}

extension UploadPlan.Change {
    /// Whether a commit is needed for it.
    fileprivate var isCommitted: Bool { self != .unchanged && self != .ignored }
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
                operations: [],
                objects: [],
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
        _ progress: @escaping @Sendable (TransferProgress) -> Void
    ) async throws -> UploadPlan {
        let decisions = try await preupload(
            files,
            to: id,
            at: revision,
            asPullRequest: asPullRequest
        )
        var planned: [UploadPlan.File] = []
        var operations: [CommitOperation] = []
        var objects: [LFSObject] = []
        var contents: [RepositoryPath: ContentName] = [:]
        var inlineBytes = 0
        for file in files {
            guard let decision = decisions[file.path] else { continue }
            let path = file.path.description
            guard !decision.isIgnored else {
                planned.append(.init(path: file.path, size: file.size, change: .ignored))
                continue
            }
            progress(
                .init(phase: .hashing, path: path, completedBytes: 0, totalBytes: file.size)
            )
            let content: ContentName
            let operation: CommitOperation
            var size = file.size
            switch decision.mode {
            case .lfs:
                let oid = try await runBlocking { try MappedFile(file.location).digest() }
                (content, operation) = (
                    .sha256(oid), .lfsFile(path: path, oid: oid, size: file.size)
                )
                if decision.remote != oid.hex { objects.append(LFSObject(file: file, oid: oid)) }
            case .regular:
                guard inlineBytes + file.size <= Protocol.largestCommit else {
                    throw HubError.malformedReply(
                        from: configuration.endpoint.withoutQuery,
                        problem: "it wants more than \(Protocol.largestCommit) bytes in one commit"
                    )
                }
                let bytes = try await runBlocking {
                    try readFile(file.location, limit: Protocol.largestRegularFile)
                }
                (content, operation) = (
                    .gitBlob(gitBlobName(bytes)), .file(path: path, contents: bytes)
                )
                size = bytes.count
                if decision.remote != content.description { inlineBytes += bytes.count }
            }
            contents[file.path] = content
            let isThere = decision.remote == content.description
            if !isThere { operations.append(operation) }
            let change: UploadPlan.Change =
                isThere ? .unchanged : decision.remote == nil ? .created : .replaced
            planned.append(.init(path: file.path, size: size, change: change))
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
                operations.append(.deletedFile(path: entry.path.description))
            }
        }
        return UploadPlan(
            files: planned.sorted { $0.path < $1.path },
            head: head,
            skippedLinks: skippedLinks,
            idlePatterns: idle,
            operations: operations,
            objects: objects,
            contents: contents
        )
    }
}

extension RepositoryPath {
    /// Whether a pattern stands for the path: `*`, `?` (a byte), `[…]` and `[!…]` as in the shell, but that they match
    /// slashes too, a backslash is one, and `folder/` is all in it, as the hub's own tools have it.
    func matches(_ pattern: String) -> Bool {
        let whole = pattern.hasSuffix("/") ? pattern + "*" : pattern
        return unsafe fnmatch(whole, description, FNM_NOESCAPE) == 0
    }

    /// Whether this is the path of a file or a folder, or in it.
    fileprivate func isAt(_ path: String) -> Bool {
        description == path || description.hasPrefix(path + "/")
    }
}
