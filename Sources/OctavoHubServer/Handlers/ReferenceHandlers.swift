internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    func createBranch(_ context: inout Context, _ id: RepositoryID, _ branch: Revision) async throws
        -> HTTPResponse
    {
        let json = try await context.body.json()
        let start = json["startingPoint"]?.string ?? "main"
        try checkReferenceName(branch)
        return try await addReference(context, id, at: start) { repository, commit in
            guard repository.branches.updateValue(commit, forKey: branch.description) == nil else {
                throw Refusal.exists("Reference already exists: \(branch)")
            }
        }
    }

    func createTag(_ context: inout Context, _ id: RepositoryID, _ revision: Revision) async throws
        -> HTTPResponse
    {
        let json = try await context.body.json()
        guard let tag = try? Revision(try json.text("tag")) else {
            throw Refusal.badRequest("That is no tag name")
        }
        try checkReferenceName(tag)
        return try await addReference(context, id, at: revision.description) { repository, commit in
            guard repository.tags.updateValue(commit, forKey: tag.description) == nil else {
                throw Refusal.exists("Tag reference exists already: \(tag)")
            }
        }
    }

    func deleteBranch(_ context: Context, _ id: RepositoryID, _ branch: Revision) async throws
        -> HTTPResponse
    {
        guard branch != .main else { throw Refusal.forbidden("main cannot be deleted") }
        return try await removeReference(context, id) { repository in
            guard repository.branches.removeValue(forKey: branch.description) != nil else {
                throw Refusal.noRevision(branch.description)
            }
        }
    }

    func deleteTag(_ context: Context, _ id: RepositoryID, _ tag: Revision) async throws
        -> HTTPResponse
    {
        try await removeReference(context, id) { repository in
            guard repository.tags.removeValue(forKey: tag.description) != nil else {
                throw Refusal.noRevision(tag.description)
            }
        }
    }

    /// Replaces a branch's history by one commit with the same files.
    func squash(_ context: inout Context, _ id: RepositoryID, _ branch: Revision) async throws
        -> HTTPResponse
    {
        let json = try await context.body.json()
        _ = try await writable(id, by: context.caller)
        let message = json["message"]?.string ?? "Super-squash branch '\(branch)'"
        let (store, user) = (store, context.caller?.user ?? "")
        try await runBlocking { try store.squash(branch, of: id, message: message, by: user) }
        return .json(.object(["success": true]))
    }

    /// Refuses names that would stand for something else where a revision is asked for.
    private func checkReferenceName(_ name: Revision) throws(Refusal) {
        guard !name.isCommit, !name.description.utf8.starts(with: "refs/".utf8) else {
            throw .badRequest("\(name) would pass for a commit or a full name")
        }
    }

    private func removeReference(
        _ context: Context,
        _ id: RepositoryID,
        _ remove: @escaping @Sendable (inout StoredRepository) throws -> Void
    ) async throws -> HTTPResponse {
        _ = try await writable(id, by: context.caller)
        let store = store
        try await runBlocking { try store.update(id, remove) }
        return .json(.object(["success": true]))
    }

    private func addReference(
        _ context: Context,
        _ id: RepositoryID,
        at start: String,
        _ add: @escaping @Sendable (inout StoredRepository, String) throws -> Void
    ) async throws -> HTTPResponse {
        _ = try await writable(id, by: context.caller)
        guard let start = try? Revision(start) else { throw Refusal.noRevision(start) }
        let store = store
        try await runBlocking {
            try store.update(id) { repository in
                try add(&repository, try store.resolve(start, in: repository))
            }
        }
        return .json(.object(["success": true]))
    }
}
