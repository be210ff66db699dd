internal import OctavoBase
internal import OctavoHub

/// Removes from a hub's directory what nothing leads to any more.
///
/// What counts is what can be reached: from the branches, tags and pull requests of each repository its
/// commits, from commits their files. A repository or commit that cannot be read ends the collection
/// before anything is removed, for what it holds is not known.
public struct HubCollection: Sendable {
    /// What was removed, or would be.
    public struct Report: Sendable, Equatable {
        /// Commits that no branch, tag or pull request leads to.
        public fileprivate(set) var commits = Count()
        /// Contents of large files that no commit names.
        public fileprivate(set) var objects = Count()
        /// Contents of small files that no commit names.
        public fileprivate(set) var blobs = Count()
        /// Uploads in parts that were given up.
        public fileprivate(set) var uploads = Count()
        /// How many bytes of contents stay.
        public fileprivate(set) var keptBytes = 0

        /// All bytes that were removed, or would be.
        public var bytes: Int { commits.bytes + objects.bytes + blobs.bytes + uploads.bytes }
    }

    /// How many files, and how long they are together.
    public struct Count: Sendable, Equatable {
        /// How many.
        public fileprivate(set) var files = 0
        /// Their bytes.
        public fileprivate(set) var bytes = 0
    }

    private let store: HubStore
    /// What is younger than this many seconds stays: the commit that will name it may be on its way.
    private let grace: Int
    private let isDryRun: Bool
    private var report = Report()

    private init(root: String, olderThan grace: Int, isDryRun: Bool) {
        store = HubStore(root: root)
        self.grace = grace
        self.isDryRun = isDryRun
    }

    /// Collects, while no server is running.
    ///
    /// - Parameters:
    ///   - root: The hub's directory.
    ///   - grace: How old what is removed must be, in seconds.
    ///   - isDryRun: Whether to only say what would be removed.
    /// - Returns: What was removed.
    /// - Throws: `HubServer.StartError.inUse` if a server has the directory; whatever makes a repository
    ///   unreadable.
    public static func collect(
        root: String,
        olderThan grace: Int = 24 * 3600,
        isDryRun: Bool = false
    ) throws -> Report {
        let lock = try HubServer.lock(root)
        defer { lock.release() }
        var collection = HubCollection(root: root, olderThan: grace, isDryRun: isDryRun)
        try collection.run()
        return collection.report
    }

    private mutating func run() throws {
        // All is read before anything is removed.
        let repositories = try store.allRepositories().map { try Reachable($0, store, grace) }
        let needed = Set(repositories.flatMap(\.contents))
        for upload in try store.parts.abandoned(for: grace) {
            report.uploads.files += 1
            report.uploads.bytes += upload.bytes
            if !isDryRun { try removeAll(upload.folder) }
        }
        if !isDryRun { try store.clean() }
        for repository in repositories {
            for file in repository.lostCommits { try remove(file, \.commits) }
            try forgetMarks(of: repository)
        }
        try sweep("objects", \.objects, keeping: needed)
        try sweep("blobs", \.blobs, keeping: needed)
        try forgetSenders()
    }

    /// Removes contents that no commit names.
    private mutating func sweep(
        _ folder: String,
        _ kind: WritableKeyPath<Report, Count>,
        keeping needed: Set<String>
    ) throws {
        let top = joined(store.root, folder)
        guard fileKind(top) == .directory else { return }
        for path in try filesBelow(top) where !path.hasSuffix(".tmp") {
            let file = joined(top, path)
            if needed.contains(lastComponent(path)) || !isOlder(file, than: grace) {
                report.keptBytes += try fileSize(file)
            } else {
                try remove(file, kind)
            }
        }
    }

    private mutating func remove(_ file: String, _ kind: WritableKeyPath<Report, Count>) throws {
        report[keyPath: kind].files += 1
        report[keyPath: kind].bytes += try fileSize(file)
        if !isDryRun { try removeAll(file) }
    }

    /// Takes back the right to objects that a repository once had, and counts its small files anew.
    private func forgetMarks(of repository: Reachable) throws {
        guard !isDryRun else { return }
        try store.forgetMarks(below: joined(store.folder(repository.id), "objects")) { oid, _ in
            !repository.contents.contains(oid)
        }
        try store.update(repository.id) { $0.regularBytes = repository.regularBytes }
    }

    /// Takes back the right that comes with having sent an object: by now it is in a repository, or it
    /// was not needed.
    private func forgetSenders() throws {
        guard !isDryRun else { return }
        try store.forgetMarks(below: joined(store.root, "received")) { _, file in
            isOlder(file, than: grace)
        }
    }
}

extension HubStore {
    /// Removes marks (see `ObjectAccess`) of which a condition says so.
    fileprivate func forgetMarks(
        below folder: String,
        if isObsolete: (_ oid: String, _ file: String) -> Bool
    ) throws {
        guard fileKind(folder) == .directory else { return }
        for path in try filesBelow(folder) {
            let file = joined(folder, path)
            if isObsolete(lastComponent(path), file) { try removeAll(file) }
        }
    }
}
