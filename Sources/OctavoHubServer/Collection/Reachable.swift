internal import OctavoBase
internal import OctavoHub

/// What can be reached in a repository.
struct Reachable {
    let id: RepositoryID
    /// The names of the contents of all files of all commits that stay.
    private(set) var contents: Set<String> = []
    /// How many bytes small files take, those of the same contents once.
    private(set) var regularBytes = 0
    /// The files of commits that nothing leads to.
    private(set) var lostCommits: [String] = []

    /// Reads a repository.
    ///
    /// - Throws: If anything in it cannot be read.
    init(_ id: RepositoryID, _ store: HubStore, _ grace: Int) throws {
        self.id = id
        guard let repository = try store.repository(id) else {
            throw FileError("read", store.folder(id), code: 2)
        }
        let folder = joined(store.folder(id), "commits")
        let names = try directoryEntries(folder).filter { $0.hasSuffix(".json") }
        // What is young may be a commit on its way, so all that leads to it stays too.
        let young = names.filter { !isOlder(joined(folder, $0), than: grace) }
        var pending = repository.heads + young.map { String($0.dropLast(5)) }
        var reached: Set<String> = []
        while let commitID = pending.popLast() {
            guard reached.insert(commitID).inserted else { continue }
            let commit = try store.commit(commitID, of: id)
            for file in commit.files.values {
                let isNew = contents.insert(file.content.description).inserted
                if case .gitBlob = file.content, isNew { regularBytes += file.size }
            }
            if let parent = commit.parent { pending.append(parent) }
        }
        lostCommits = names.filter { !reached.contains(String($0.dropLast(5))) }.map {
            joined(folder, $0)
        }
    }
}
