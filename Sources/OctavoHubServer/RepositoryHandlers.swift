internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    func whoami(_ context: Context) throws -> HTTPResponse {
        guard let caller = context.caller else { throw Refusal.badCredentials }
        return .json(
            .object([
                "type": "user", "id": .string(caller.user), "name": .string(caller.user),
                "fullname": .string(caller.user), "isPro": false, "orgs": [],
                "auth": .object([
                    "type": "access_token",
                    "accessToken": .object([
                        "displayName": .string(caller.id), "role": .string(caller.role.rawValue),
                    ]),
                ]),
            ])
        )
    }

    func createRepository(_ context: inout Context) async throws -> HTTPResponse {
        let json = try await context.body.json()
        let caller = context.caller
        let id = try repositoryNamed(by: json, caller)
        try checkWriter(caller, namespace: id.namespace)
        let isPrivate =
            json["visibility"]?.string.map { $0 != "public" } ?? json["private"]?.bool ?? false
        let url = "\(endpoint)/\(id)"
        do {
            let store = store
            try await runBlocking {
                try store.create(id, isPrivate: isPrivate, author: caller?.user ?? "")
            }
        } catch var refusal as Refusal where refusal.status == 409 {
            // Clients that are content with an existing repository read its URL here.
            refusal.details["url"] = .string(url)
            throw refusal
        }
        return .json(
            .object([
                "url": .string(url), "name": .string(id.description), "id": .string(id.description),
            ])
        )
    }

    func deleteRepository(_ context: inout Context) async throws -> HTTPResponse {
        let json = try await context.body.json()
        let id = try repositoryNamed(by: json, context.caller)
        _ = try await writable(id, by: context.caller)
        let store = store
        try await runBlocking { try store.delete(id) }
        return .json(.object(["success": true]))
    }

    /// The repository that `name` and `organization` name.
    private func repositoryNamed(by json: JSON, _ caller: HubTokens.Record?) throws -> RepositoryID
    {
        guard (json["type"]?.string ?? "model") == "model" else {
            throw Refusal.badRequest("This hub holds models only")
        }
        guard let namespace = json["organization"]?.string ?? caller?.user else {
            throw Refusal.tokenNeeded
        }
        do {
            return try RepositoryID("\(namespace)/\(try json.text("name"))")
        } catch let error as RepositoryID.ValidationError {
            throw Refusal.badRequest(error.description)
        }
    }

    func validateCard(_ context: inout Context) async throws -> HTTPResponse {
        guard context.caller != nil else { throw Refusal.tokenNeeded }
        let json = try await context.body.json(limit: 16 << 20)
        let problem = cardProblem(Array(try json.text("content").utf8))
        let errors = problem.map { [JSON.object(["message": .string($0)])] } ?? []
        return .json(
            .object(["errors": .array(errors), "warnings": []]),
            status: errors.isEmpty ? 200 : 400
        )
    }

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

    /// Refuses names that would stand for something else where a revision is asked for.
    private func checkReferenceName(_ name: Revision) throws(Refusal) {
        guard !name.isCommit, !name.description.utf8.starts(with: "refs/".utf8) else {
            throw .badRequest("\(name) would pass for a commit or a full name")
        }
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
