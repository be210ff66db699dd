internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

/// Answers the requests to the hub's API.
struct HubService: Answering {
    let store: HubStore
    let tokens: HubTokens
    let presigner: Presigner
    /// The URLs of the API and of the contents' listener, without a final slash.
    let endpoint: String
    let contentEndpoint: String

    /// A request on its way through the service.
    struct Context {
        let request: HTTPRequest
        /// Whose token came with it; nil without one.
        let caller: HubTokens.Record?
        var body: RequestBody
    }

    func dispatch(_ request: HTTPRequest, _ body: inout RequestBody) async throws
        -> HTTPResponse
    {
        let caller = try await caller(request)
        var context = Context(request: request, caller: caller, body: body)
        defer { body = context.body }
        switch try Route(request.method.rawValue, path: request.target.path()) {
        case .whoami: return try whoami(context)
        case .createRepository: return try await createRepository(&context)
        case .deleteRepository: return try await deleteRepository(&context)
        case .validateCard: return try await validateCard(&context)
        case .information(let id, let revision): return try await information(context, id, revision)
        case .tree(let id, let revision, let folder):
            return try await tree(context, id, revision, folder)
        case .references(let id): return try await references(context, id)
        case .preupload(let id, let revision): return try await preupload(&context, id, revision)
        case .commit(let id, let revision): return try await commit(&context, id, revision)
        case .createBranch(let id, let branch): return try await createBranch(&context, id, branch)
        case .createTag(let id, let revision): return try await createTag(&context, id, revision)
        case .objectBatch(let id): return try await objectBatch(&context, id)
        case .verifyObject(let id): return try await verifyObject(&context, id)
        case .resolve(let id, let revision, let path):
            return try await resolve(context, id, revision, path)
        }
    }

    /// Whose token the request carries; nil if it carries none.
    private func caller(_ request: HTTPRequest) async throws -> HubTokens.Record? {
        guard let header = request.headers[.authorization] else { return nil }
        let parts = header.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw Refusal.badCredentials
        }
        let secret = String(parts[1])
        let tokens = tokens
        guard let record = try await runBlocking({ try tokens.find(secret) }) else {
            throw Refusal.badCredentials
        }
        return record
    }

    /// The repository, if the caller may see it.
    func readable(_ id: RepositoryID, by caller: HubTokens.Record?) async throws -> StoredRepository
    {
        let store = store
        guard let repository = try await runBlocking({ try store.repository(id) }),
            !repository.isPrivate || caller?.user == id.namespace
        else { throw Refusal.noRepository(hasToken: caller != nil) }
        return repository
    }

    /// The repository, if the caller may see and change it.
    func writable(_ id: RepositoryID, by caller: HubTokens.Record?) async throws -> StoredRepository
    {
        let repository = try await readable(id, by: caller)
        try checkWriter(caller, namespace: id.namespace)
        return repository
    }

    /// Lets pass those who may write in a namespace.
    func checkWriter(_ caller: HubTokens.Record?, namespace: String?) throws(Refusal) {
        guard let caller else {
            throw .tokenNeeded
        }
        guard caller.role == .write else {
            throw .forbidden("This token has the role read, but write is needed")
        }
        guard caller.user == namespace else {
            throw .forbidden(
                "The token of \(caller.user) has no right to write in the namespace \(namespace ?? "")"
            )
        }
    }
}
