internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

/// Answers the requests to the hub's API.
struct HubService: Answering {
    let store: HubStore
    let tokens: HubTokens
    let presigner: Presigner
    let settings: HubSettings
    let limiter: RateLimiter
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
        let caller: HubTokens.Record?
        do {
            caller = try await self.caller(request)
        } catch {
            // Guessing tokens counts against whoever guesses.
            try limiter.count(nil, at: settings.address(of: request))
            throw error
        }
        try limiter.count(caller, at: settings.address(of: request))
        var context = Context(request: request, caller: caller, body: body)
        defer { body = context.body }
        return try await answer(
            try Route(request.method.rawValue, path: request.target.path()),
            &context
        )
    }

    private func answer(_ route: Route, _ context: inout Context) async throws -> HTTPResponse {
        switch route {
        case .whoami: return try whoami(context)
        case .createRepository: return try await createRepository(&context)
        case .deleteRepository: return try await deleteRepository(&context)
        case .moveRepository: return try await moveRepository(&context)
        case .validateCard: return try await validateCard(&context)
        case .createCollection: return try await createCollection(&context)
        case .collection(let namespace, let name):
            return try await collection(context, namespace, name)
        case .addToCollection(let namespace, let name):
            return try await addToCollection(&context, namespace, name)
        case .repositoryPage(let id, let revision, let folder):
            return try await repositoryPage(context, id, revision, folder)
        case .hubPage: return try await hubPage(context)
        case .objectBatch(let id): return try await objectBatch(&context, id)
        case .verifyObject(let id): return try await verifyObject(&context, id)
        case .resolve(let id, let revision, let path):
            return try await resolve(context, id, revision, path)
        case .repository(let id, let route): return try await answer(route, id, &context)
        }
    }

    private func answer(_ route: RepositoryRoute, _ id: RepositoryID, _ context: inout Context)
        async throws -> HTTPResponse
    {
        switch route {
        case .information(let revision): return try await information(context, id, revision)
        case .settings: return try await changeSettings(&context, id)
        case .accessCheck(let write): return try await checkAccess(context, id, toWrite: write)
        case .tree(let revision, let folder): return try await tree(context, id, revision, folder)
        case .paths(let revision): return try await paths(&context, id, revision)
        case .commits(let revision): return try await commits(context, id, revision)
        case .references: return try await references(context, id)
        case .preupload(let revision): return try await preupload(&context, id, revision)
        case .commit(let revision): return try await commit(&context, id, revision)
        case .createBranch(let name): return try await createBranch(&context, id, name)
        case .deleteBranch(let name): return try await deleteBranch(context, id, name)
        case .squash(let name): return try await squash(&context, id, name)
        case .createTag(let revision): return try await createTag(&context, id, revision)
        case .deleteTag(let name): return try await deleteTag(context, id, name)
        case .discussions: return try await discussions(context, id)
        case .openDiscussion: return try await openDiscussion(&context, id)
        case .discussion(let number): return try await discussion(context, id, number)
        case .discuss(let number, let what): return try await discuss(&context, id, number, what)
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
}
