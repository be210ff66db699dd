internal import Glibc
internal import OctavoBase
internal import OctavoHub

extension HubStore {
    /// The most discussions of one repository.
    private static let discussionLimit = 100_000

    private func textFile(_ number: Int, of id: RepositoryID) -> String {
        joined(folder(id), "discussions/\(number).json")
    }

    /// The words of a discussion.
    ///
    /// A server that was killed just after it made a pull request has written none.
    func text(of number: Int, in id: RepositoryID) throws -> DiscussionText {
        let file = textFile(number, of: id)
        guard fileKind(file) != nil else {
            return DiscussionText(title: "Discussion \(number)", author: id.namespace ?? "")
        }
        return try DiscussionText(try JSON(parsing: try readFile(file)))
    }

    func write(_ text: DiscussionText, of number: Int, in id: RepositoryID) throws {
        let file = textFile(number, of: id)
        try makeDirectory(parent(of: file))
        try AtomicFile.write(text.json.text(), to: file)
    }

    /// Opens a discussion or a pull request, within a change of its repository.
    ///
    /// - Returns: Its number.
    func begin(
        _ discussion: StoredDiscussion,
        _ text: DiscussionText,
        in repository: inout StoredRepository
    ) throws -> Int {
        guard repository.discussions.count < Self.discussionLimit else {
            throw Refusal.forbidden("The repository takes no more discussions")
        }
        repository.discussions.append(discussion)
        let number = repository.discussions.count
        // Words first: a number that nobody points to yet does no harm.
        try write(text, of: number, in: repository.id)
        return number
    }

    /// Changes the words of a discussion, and perhaps its status.
    ///
    /// - Returns: What the body returns.
    func discuss<R>(
        _ number: Int,
        in id: RepositoryID,
        _ body: (inout StoredDiscussion, inout DiscussionText) throws -> R
    ) throws -> R {
        var result: R?
        try update(id) { repository in
            guard repository.discussions.indices.contains(number - 1) else {
                throw Refusal.noDiscussion
            }
            var text = try text(of: number, in: id)
            result = try body(&repository.discussions[number - 1], &text)
            try write(text, of: number, in: id)
        }
        guard let result else { throw Refusal.noDiscussion }
        return result
    }

    /// Brings a pull request into its branch.
    ///
    /// - Throws: `Refusal` with status 409 if it is not open, its branch is gone, or it changes what the branch has
    ///   changed too.
    func merge(_ number: Int, of id: RepositoryID, by user: String, comment: String?) throws {
        try update(id) { repository in
            let place = number - 1
            guard repository.discussions.indices.contains(place),
                let head = repository.discussions[place].head
            else { throw Refusal.noDiscussion }
            guard repository.discussions[place].status == .open else {
                throw Refusal(
                    status: 409,
                    message: "The pull request is \(repository.discussions[place].status), not open"
                )
            }
            let target = repository.discussions[place].target
            guard let there = repository.branches[target] else {
                throw Refusal(status: 409, message: "The branch \(target) is gone")
            }
            let difference = try difference(of: repository.discussions[place], against: there, id)
            guard difference.conflicts.isEmpty else {
                throw Refusal(
                    status: 409,
                    message: "\(target) has changed too: "
                        + difference.conflicts.prefix(10).map(\.description).joined(separator: ", ")
                )
            }
            var text = try text(of: number, in: id)
            let commit = StoredCommit(
                parent: there,
                author: user,
                title: "\(text.title) (#\(number))",
                message: "Merges \(head)",
                date: time(nil),
                files: difference.merged
            )
            try checkNoFileIsAFolder(commit.files)
            try write(commit, of: id)
            if let comment, !comment.isEmpty { try text.add(.comment(comment), by: user) }
            try text.add(.status(.merged), by: user)
            try write(text, of: number, in: id)
            repository.branches[target] = commit.id
            repository.discussions[place].status = .merged
            repository.discussions[place].merge = commit.id
        }
    }

    /// What merging a pull request would give, and the files that both sides have changed.
    func difference(
        of pull: StoredDiscussion,
        against branch: String,
        _ id: RepositoryID
    ) throws -> (merged: [RepositoryPath: StoredFile], conflicts: [RepositoryPath]) {
        let theirs = try commit(branch, of: id).files
        guard let head = pull.head else { return (theirs, []) }
        let ours = try commit(head, of: id).files
        // A pull request of an older hub does not know where it began: then its files win.
        let base = try pull.base.map { try commit($0, of: id).files } ?? theirs
        var merged = theirs
        var conflicts: [RepositoryPath] = []
        for path in Set(ours.keys).union(base.keys) where ours[path] != base[path] {
            if theirs[path] != base[path] && theirs[path] != ours[path] { conflicts.append(path) }
            merged[path] = ours[path]
        }
        return (merged, conflicts.sorted())
    }
}
