internal import Glibc
internal import OctavoBase
internal import OctavoHub

extension HubStore {
    /// Where a commit landed.
    struct Landing {
        let commit: String
        /// The number of the pull request it opened.
        let pull: Int?
    }

    /// Commits on top of a branch what an `IncomingCommit` has stored.
    ///
    /// Of several at once on one parent, one wins.
    func commit(
        _ header: CommitHeader,
        _ changes: [Change],
        to id: RepositoryID,
        at revision: Revision,
        author: String,
        asPullRequest: Bool,
        limits: HubSettings.Limits = HubSettings.Limits()
    ) throws -> Landing {
        try writing {
            guard var repository = try repository(id) else {
                throw Refusal.noRepository(hasToken: true)
            }
            let name = revision.description
            guard let head = repository.commit(named: name) else { throw Refusal.noRevision(name) }
            if let place = repository.pullIndex(name), repository.branches[name] == nil {
                try repository.discussions[place].checkTakesCommits(number: place + 1)
            }
            if let parent = header.parentCommit {
                guard parent.count >= 7, head.hasPrefix(parent) else { throw Refusal.headMoved }
            }
            var files = try commit(head, of: id).files
            for change in changes { try change.apply(to: &files) }
            try checkNoFileIsAFolder(files)
            let commit = StoredCommit(
                parent: head,
                author: author,
                title: header.summary,
                message: header.description,
                date: time(nil),
                files: files
            )
            try checkQuota(repository.id, adding: changes, limits)
            try write(commit, of: id)
            for case .set(_, let file) in changes {
                switch file.content {
                case .sha256(let oid): try noteCommitted(oid, to: id)
                case .gitBlob: repository.regularBytes += file.size
                }
            }
            let event = DiscussionText.Content.commit(subject: commit.title, oid: commit.id)
            var pull: Int?
            if asPullRequest {
                guard let target = repository.target(named: name) else {
                    throw Refusal.badRequest("\(name) is no branch: pull requests go to branches")
                }
                var discussion = StoredDiscussion(startingAt: head, of: target)
                discussion.head = commit.id
                var text = DiscussionText(title: commit.title, author: author)
                if !commit.message.isEmpty { try text.add(.comment(commit.message), by: author) }
                try text.add(event, by: author)
                pull = try begin(discussion, text, in: &repository)
            } else if !repository.move(name, to: commit.id) {
                throw Refusal.badRequest("\(name) is no branch: commits go to branches")
            } else if let place = repository.pullIndex(name) {
                var text = try text(of: place + 1, in: id)
                // A discussion that is full of words still takes commits.
                _ = try? text.add(event, by: author)
                try write(text, of: place + 1, in: id)
            }
            try write(repository)
            return Landing(commit: commit.id, pull: pull)
        }
    }

    /// Puts one commit in the place of a branch's history; the old commits stay until they are collected.
    func squash(_ branch: Revision, of id: RepositoryID, message: String, by user: String) throws {
        try IncomingCommit.checkText(message, "message")
        try update(id) { repository in
            guard let head = repository.branches[branch.description] else {
                throw Refusal.noRevision(branch.description)
            }
            let commit = StoredCommit(
                parent: nil,
                author: user,
                title: message,
                message: "",
                date: time(nil),
                files: try commit(head, of: id).files
            )
            try write(commit, of: id)
            repository.branches[branch.description] = commit.id
        }
    }

    /// A checked operation whose contents are stored.
    enum Change {
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

    /// Checks an operation, and stores the small file that is in it.
    func change(_ operation: CommitOperation, _ rights: Rights) throws -> Change {
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

    func checkNoFileIsAFolder(_ files: [RepositoryPath: StoredFile]) throws {
        for path in files.keys {
            for above in path.folders where files[above] != nil {
                throw Refusal.badRequest("\(above) is a file, so \(path) cannot be")
            }
        }
    }
}
