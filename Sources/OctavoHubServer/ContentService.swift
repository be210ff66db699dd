internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

/// Answers at the second listener, where LFS objects come and go.
///
/// It knows presigned URLs and no tokens, as the storage behind a hub does: a client that sends its
/// token here has lost it, and is told so.
///
/// Behind the same name as the API, clients cannot help sending it: then it is not looked at.
struct ContentService: Answering {
    let store: HubStore
    let presigner: Presigner
    let limits: HubSettings.Limits
    /// Whether a token that comes along is refused.
    let refusesTokens: Bool

    func dispatch(_ request: HTTPRequest, _ body: inout RequestBody) async throws
        -> HTTPResponse
    {
        guard !refusesTokens || request.headers[.authorization] == nil else {
            throw Refusal.badRequest(
                "Only one auth mechanism allowed: this URL is signed and takes no token"
            )
        }
        let grant = try presigner.check(
            path: request.target.path(),
            query: request.target.query()
        )
        switch (request.method, grant.permission) {
        case (.PUT, .write): return try await receive(grant, &body)
        case (.PUT, .part(let number, let upload)):
            return try await receive(part: number, of: upload, grant, &body)
        case (.POST, .complete(let upload)): return try await complete(upload, grant, &body)
        case (.GET, .read(let commit)), (.HEAD, .read(let commit)):
            let content = ContentName.sha256(grant.oid)
            let contents = store.contents
            guard try await runBlocking({ contents.size(content) }) != nil else {
                throw Refusal.noEntry(grant.oid.hex)
            }
            var headers = ["ETag": "\"\(grant.oid)\"", "Accept-Ranges": "bytes"]
            // Behind the same name as the API, clients look for it here and not in the redirect.
            headers["X-Repo-Commit"] = commit
            return try await fileResponse(contents.path(content), request, headers)
        default: throw Refusal.forbidden("The URL was signed for something else")
        }
    }

    /// Stores an object while hashing it.
    private func receive(_ grant: Presigner.Grant, _ body: inout RequestBody) async throws
        -> HTTPResponse
    {
        try Self.check(body.announced, is: grant.size)
        let (store, limits) = (store, limits)
        let object = try await runBlocking {
            // Asked again, for a client may have let itself be given many URLs before it used one.
            try store.checkQuota(of: grant.user, adding: [(grant.oid, grant.size)], limits)
            return try store.contents.receive(grant.oid, size: grant.size)
        }
        try await body.pour(into: object)
        try await runBlocking {
            try object.finish()
            try store.noteReceived(grant.oid, from: grant.user)
        }
        return .reply(200, ["ETag": "\"\(grant.oid)\""])
    }

    /// Refuses a body that is not as long as what the URL was signed for, before it is read.
    static func check(_ announced: Int?, is size: Int) throws(Refusal) {
        guard let announced else {
            throw Refusal(status: 411, message: "An upload needs a Content-Length")
        }
        guard announced == size else {
            throw .badRequest("The body has \(announced) bytes where \(size) were announced")
        }
    }
}
