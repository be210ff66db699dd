extension HubClient {
    /// Lists what the hub holds after an upload, and compares every digest with that of the file here.
    ///
    /// A commit that is just made may take the hub a moment to find. To `.gitattributes` a hub may add rules of
    /// its own as it commits, so there it is enough that there is one.
    ///
    /// - Parameters:
    ///   - report: What the upload did.
    ///   - id: The repository.
    /// - Returns: How many files the hub holds as they are here.
    /// - Throws: `HubError.notAsCommitted` for files that are other, missing, or there though they were to go.
    public func check(_ report: UploadReport, of id: RepositoryID) async throws -> Int {
        let there = Dictionary(
            try await committedTree(id, at: try Revision(report.commit)).map { ($0.path, $0) }
        ) { first, _ in first }
        var (right, wrong) = (0, [RepositoryPath]())
        for file in report.files {
            let entry = there[file.path]
            switch file.change {
            case .created, .replaced, .unchanged:
                if let entry, entry.content == report.contents[file.path], entry.size == file.size {
                    right += 1
                } else if entry == nil || file.path != .gitAttributes {
                    wrong.append(file.path)
                }
            case .deleted:
                if entry != nil { wrong.append(file.path) }
            case .ignored: continue
            }
        }
        guard wrong.isEmpty else {
            throw HubError.notAsCommitted(
                commit: report.commit,
                paths: wrong.prefix(5).map(\.description),
                count: wrong.count
            )
        }
        return right
    }

    private func committedTree(_ id: RepositoryID, at commit: Revision) async throws -> [TreeEntry]
    {
        var attempt = 1
        while true {
            do {
                return try await tree(id, at: commit, skippingUnsafe: true)
            } catch HubError.revisionNotFound(let message) where attempt < retry.attempts {
                let failure = HubError.revisionNotFound(message: message)
                let seconds = retry.wait(after: attempt, nil) ?? 0
                try await retry.wait(seconds, after: attempt, because: failure)
                attempt += 1
            }
        }
    }

    /// Finds out whether a commit can have a tag, before it is made: there is none of that name, or it is of the
    /// head of the branch, and that stays.
    ///
    /// - Throws: `HubError.alreadyExists` for a tag of another commit.
    public func checkTag(
        _ tag: Revision,
        of id: RepositoryID,
        plan: () async throws -> UploadPlan
    ) async throws {
        let known = try await references(id).tags.first { $0.name == tag.description }
        guard let known else { return }
        let plan = try await plan()
        guard plan.commits == 0, plan.head == known.commit else {
            throw HubError.alreadyExists(message: "the tag \(tag), of commit \(known.commit)")
        }
    }

    /// Gives a commit a tag, or leaves one as it is that says the same.
    ///
    /// - Throws: `HubError.alreadyExists` for a tag of another commit.
    public func tag(_ commit: String, as tag: Revision, of id: RepositoryID) async throws {
        do {
            try await createTag(tag, of: id, at: try Revision(commit))
        } catch HubError.alreadyExists(let message) {
            let known = try await references(id).tags.first { $0.name == tag.description }
            guard known?.commit == commit else { throw HubError.alreadyExists(message: message) }
        }
    }
}
