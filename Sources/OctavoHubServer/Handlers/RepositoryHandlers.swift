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
        try checkName(id)
        let isPrivate = try Self.isPrivate(json) ?? false
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
        _ = try await owned(id, by: context.caller)
        let store = store
        try await runBlocking { try store.delete(id) }
        return .json(.object(["success": true]))
    }

    /// Gives a repository another name; both namespaces must be the caller's.
    func moveRepository(_ context: inout Context) async throws -> HTTPResponse {
        let json = try await context.body.json()
        try checkType(json)
        let (old, new) = (
            try Self.repositoryID(try json.text("fromRepo")),
            try Self.repositoryID(try json.text("toRepo"))
        )
        _ = try await owned(old, by: context.caller)
        try checkWriter(context.caller, namespace: new.namespace)
        try checkName(new)
        let store = store
        try await runBlocking { try store.move(old, to: new) }
        return .json(.object(["success": true, "url": .string("\(endpoint)/\(new)")]))
    }

    /// Opens a repository to others, or closes it.
    func changeSettings(_ context: inout Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let json = try await context.body.json()
        _ = try await owned(id, by: context.caller)
        let isPrivate = try Self.isPrivate(json)
        let gating = json["gated"]
        let mode = (gating?.string).flatMap { StoredRepository.Gating(rawValue: $0) }
        guard gating == nil || gating == .bool(false) || mode != nil else {
            throw Refusal.badRequest("\"gated\" is neither auto, manual nor false")
        }
        let store = store
        try await runBlocking {
            try store.update(id) { repository in
                if let isPrivate { repository.isPrivate = isPrivate }
                if gating != nil { repository.gating = mode }
            }
        }
        return .json(.object(["success": true]))
    }

    /// What a request says of whom a repository is open to, in the words of old or new clients.
    private static func isPrivate(_ json: JSON) throws(Refusal) -> Bool? {
        switch json["visibility"]?.string {
        case "public": return false
        case "private": return true
        case nil: return json["private"]?.bool
        default: throw .badRequest("The visibility is neither public nor private")
        }
    }

    private func checkType(_ json: JSON) throws(Refusal) {
        guard (json["type"]?.string ?? "model") == "model" else {
            throw .badRequest("This hub holds models only")
        }
    }

    /// Refuses namespaces whose URLs mean something else.
    private func checkName(_ id: RepositoryID) throws(Refusal) {
        let taken = ["api", "datasets", "spaces", "kernels", "_content"]
        guard let namespace = id.namespace, !taken.contains(namespace) else {
            throw .badRequest("\(id) is no name for a repository here")
        }
    }

    private static func repositoryID(_ text: String) throws -> RepositoryID {
        let id: RepositoryID
        do { id = try RepositoryID(text) } catch { throw Refusal.badRequest(error.description) }
        guard id.namespace != nil else { throw Refusal.badRequest("\"\(text)\" names no owner") }
        return id
    }

    /// The repository that `name` and `organization` name.
    private func repositoryNamed(by json: JSON, _ caller: HubTokens.Record?) throws -> RepositoryID
    {
        try checkType(json)
        guard let namespace = json["organization"]?.string ?? caller?.user else {
            throw Refusal.tokenNeeded
        }
        return try Self.repositoryID("\(namespace)/\(try json.text("name"))")
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
}
