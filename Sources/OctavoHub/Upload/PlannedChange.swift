internal import OctavoBase

/// A change that an upload commits.
enum PlannedChange: Sendable {
    /// A file that LFS stores.
    case object(LFSObject)
    /// A small file that goes within the commit, and the name git gives to it.
    case blob(LocalFile, name: String)
    /// A file of the branch that is to go.
    case deletion(RepositoryPath)

    var path: RepositoryPath {
        switch self {
        case .object(let object): object.file.path
        case .blob(let file, _): file.path
        case .deletion(let path): path
        }
    }

    /// How many bytes go within the commit.
    var inlineBytes: Int { if case .blob(let file, _) = self { file.size } else { 0 } }

    /// How many bytes LFS stores.
    var storedBytes: Int { if case .object(let object) = self { object.file.size } else { 0 } }

    /// When it comes: weights first, and what tells people and tools that there is a model last, so that a branch
    /// that is half done never advertises itself (hub-protocol 7.1).
    fileprivate var rank: Int {
        switch self {
        case .object: 0
        case .blob(let file, _) where ["README.md", "octavo.json"].contains("\(file.path)"): 2
        case .blob, .deletion: 1
        }
    }

    /// What the commit says of it.
    ///
    /// - Throws: `HubError.fileChanged` if a small file is not what it was when it was planned.
    func operation() throws -> CommitOperation {
        switch self {
        case .object(let object):
            return .lfsFile(path: "\(path)", oid: object.oid, size: object.file.size)
        case .blob(let file, let name):
            let bytes = try readFile(file.location, limit: Protocol.largestRegularFile)
            guard gitBlobName(bytes) == name else {
                throw HubError.fileChanged(path: file.location)
            }
            return .file(path: "\(path)", contents: bytes)
        case .deletion(let path): return .deletedFile(path: "\(path)")
        }
    }
}

/// The changes that are to be committed, in the order in which they are.
struct ChangeQueue {
    private var rest: ArraySlice<PlannedChange>

    init(_ changes: [PlannedChange]) {
        rest = changes.sorted { ($0.rank, $0.path) < ($1.rank, $1.path) }[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    /// Takes the next changes that fit into a commit beside those that are in it already.
    ///
    /// - Parameters:
    ///   - commit: What is in it.
    ///   - limits: What a commit may hold.
    ///   - wave: After how many bytes to stored ones it is enough for now.
    /// - Returns: The changes; none if the next one does not fit. A commit that is empty takes one in any case.
    mutating func take(
        beside commit: [PlannedChange],
        _ limits: TransferLimits,
        wave: Int = .max
    ) -> [PlannedChange] {
        var taken: [PlannedChange] = []
        var inline = commit.reduce(0) { $0 + $1.inlineBytes }
        var stored = commit.reduce(0) { $0 + $1.storedBytes }
        let before = stored
        while let next = rest.first, stored - before < wave {
            let count = commit.count + taken.count
            let fits =
                count < limits.commitChanges
                && inline + next.inlineBytes <= limits.commitInlineBytes
                && stored + next.storedBytes <= limits.commitStoredBytes
            guard fits || count == 0 else { break }
            inline += next.inlineBytes
            stored += next.storedBytes
            taken.append(next)
            rest.removeFirst()
        }
        return taken
    }

    /// How many commits it takes, if none is made early.
    func commits(_ limits: TransferLimits) -> Int {
        var (queue, count) = (self, 0)
        while !queue.take(beside: [], limits).isEmpty { count += 1 }
        return count
    }
}
