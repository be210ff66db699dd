internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// The most bytes of one commit request: 1 GB of small files, in base64.
    private static let commitLimit = 1_400_000_000
    /// The most items of one preupload or LFS batch request.
    private static let itemLimit = 1000

    func preupload(_ context: inout Context, _ id: RepositoryID, _ revision: Revision) async throws
        -> HTTPResponse
    {
        _ = try await writable(id, by: context.caller)
        let (_, _, commit) = try await found(context, id, revision)
        let json = try await context.body.json(limit: 64 << 20)
        let items = try Self.limited(try json.items("files"))
        let store = store
        // Reading and matching take their time: off the pool that carries the connections.
        let decisions = try await runBlocking {
            let attributes = try store.attributes(json["gitAttributes"]?.string, of: commit)
            return try items.map { item in
                let path = try item.text("path")
                let size = try item.size("size")
                let sample = bytesOfBase64(item["sample"]?.string ?? "") ?? []
                let isLFS = size > 0 && attributes.isLFS(path, size: size, sample: sample)
                return JSON.object([
                    "path": .string(path), "uploadMode": isLFS ? "lfs" : "regular",
                    "shouldIgnore": false,
                    "oid": (try? RepositoryPath(path)).flatMap { commit.files[$0] }.map {
                        .string($0.content.description)
                    },
                ])
            }
        }
        return .json(.object(["files": .array(decisions)]))
    }

    /// The items of a request, if they are not more than one request may hold.
    static func limited(_ items: [JSON]) throws(Refusal) -> [JSON] {
        guard items.count <= itemLimit else {
            throw .badRequest("The list has \(items.count) items: expected \(itemLimit) at most")
        }
        return items
    }

    func commit(_ context: inout Context, _ id: RepositoryID, _ revision: Revision) async throws
        -> HTTPResponse
    {
        _ = try await writable(id, by: context.caller)
        let caller = context.caller
        let asPullRequest = context.request.query.contains {
            $0.name == "create_pr" && $0.value == "1"
        }
        let (store, limits, user) = (store, settings.limits, caller?.user ?? "")
        let incoming = try await runBlocking { IncomingCommit(store, by: user, limits: limits) }
        try await context.body.forEachLines(
            limit: Self.commitLimit,
            lineLimit: IncomingCommit.lineLimit
        ) { lines in
            try await runBlocking { try incoming.take(lines) }
        }
        let landing = try await runBlocking {
            let (header, changes) = try incoming.finish()
            return try store.commit(
                header,
                changes,
                to: id,
                at: revision,
                author: user,
                asPullRequest: asPullRequest,
                limits: limits
            )
        }
        return .json(
            .object([
                "success": true, "commitOid": .string(landing.commit),
                "commitUrl": .string("\(endpoint)/\(id)/commit/\(landing.commit)"),
                "hookOutput": "",
                "pullRequestUrl": landing.pull.map {
                    .string("\(endpoint)/\(id)/discussions/\($0)")
                },
            ])
        )
    }
}
