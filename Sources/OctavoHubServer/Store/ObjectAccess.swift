internal import Glibc
internal import OctavoBase
internal import OctavoHub

// LFS objects of all repositories lie together, but knowing an object's hash gives no right to it.
// Two kinds of empty files say who has one:
//
// repositories/NAMESPACE/NAME/objects/ab/ab…   the object is in a commit of this repository
// received/USER/ab/ab…                         the user sent all its bytes a while ago

extension HubStore {
    /// Whether an object is in some commit of a repository.
    func holds(_ oid: Digest, _ id: RepositoryID) -> Bool {
        fileKind(mark(oid, below: joined(folder(id), "objects"))) != nil
    }

    /// Remembers that an object is in a commit of a repository.
    func noteCommitted(_ oid: Digest, to id: RepositoryID) throws {
        try makeMark(mark(oid, below: joined(folder(id), "objects")))
    }

    /// Remembers that a user sent an object's bytes.
    func noteReceived(_ oid: Digest, from user: String) throws {
        try makeMark(mark(oid, below: joined(root, "received/\(user)")))
    }

    /// Keeps what a commit will soon name from being collected: an object and the right to it.
    func refresh(_ oid: Digest, of user: String) {
        for file in [
            contents.path(.sha256(oid)), mark(oid, below: joined(root, "received/\(user)")),
        ] {
            _ = unsafe utimes(file, nil)
        }
    }

    /// Whether a user sent an object that is still here.
    func hasReceived(_ oid: Digest, size: Int, from user: String) -> Bool {
        fileKind(mark(oid, below: joined(root, "received/\(user)"))) != nil
            && contents.size(.sha256(oid)) == size
    }

    /// Every repository, also those whose files are spoilt; none that was never made to an end.
    func allRepositories() throws -> [RepositoryID] { try allFolders().filter { !isHalfMade($0) } }

    /// Every folder that has the name of a repository.
    func allFolders() throws -> [RepositoryID] {
        let top = joined(root, "repositories")
        guard fileKind(top) == .directory else { return [] }
        let namespaces = try directoryEntries(top).filter {
            fileKind(joined(top, $0)) == .directory
        }
        return try namespaces.flatMap { namespace in
            try directoryEntries(joined(top, namespace)).compactMap { name in
                try? RepositoryID("\(namespace)/\(name)")
            }
        }
    }

    /// Who may name which objects in a commit, as things are now.
    struct Rights {
        fileprivate let store: HubStore
        fileprivate let user: String
        fileprivate let readable: [RepositoryID]

        /// The length of an object that the user sent or can read in some repository.
        ///
        /// - Returns: Nil if it is not there or not for this user: the two are not told apart.
        func size(_ oid: Digest) -> Int? {
            let mayUse =
                fileKind(store.mark(oid, below: joined(store.root, "received/\(user)"))) != nil
                || readable.contains { store.holds(oid, $0) }
            return mayUse ? store.contents.size(.sha256(oid)) : nil
        }
    }

    /// The rights of a user.
    ///
    /// A repository whose file is spoilt gives none, and takes none away.
    func rights(of user: String) -> Rights {
        let readable = ((try? allRepositories()) ?? []).filter { id in
            guard let repository = (try? repository(id)) ?? nil else { return false }
            return repository.mayHaveFiles(user)
        }
        return Rights(store: self, user: user, readable: readable)
    }

    func mark(_ oid: Digest, below folder: String) -> String {
        joined(folder, "\(oid.hex.prefix(2))/\(oid)")
    }

    private func makeMark(_ path: String) throws {
        // A mark that is there becomes young again, so that it is not collected meanwhile.
        if unsafe utimes(path, nil) == 0 { return }
        try makeDirectory(parent(of: path))
        try AtomicFile.write("", to: path)
    }
}
