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

    func objectBatch(_ context: inout Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let json = try await context.body.json(limit: 16 << 20)
        guard let operation = json["operation"]?.string, ["upload", "download"].contains(operation)
        else {
            throw Refusal.badRequest("The operation is neither upload nor download")
        }
        let isUpload = operation == "upload"
        _ =
            isUpload
            ? try await writable(id, by: context.caller)
            : try await readable(id, by: context.caller)
        guard (json["hash_algo"]?.string ?? "sha256") == "sha256" else {
            throw Refusal(status: 409, message: "Objects are named by sha256 here")
        }
        let items = try Self.limited(try json.items("objects"))
        let user = context.caller?.user ?? ""
        let service = self
        let objects = try await runBlocking {
            isUpload
                ? try service.uploads(items, to: id, by: user)
                : try service.downloads(items, of: id, by: user)
        }
        return .json(
            .object(["transfer": "basic", "objects": .array(objects)]),
            type: Protocol.lfsMediaType
        )
    }

    /// For each object where it may be put; nothing if it is here, and for this user to use.
    private func uploads(_ items: [JSON], to id: RepositoryID, by user: String) throws -> [JSON] {
        let rights = store.rights(of: user)
        return try items.map { item in
            let (oid, size) = (try item.digest("oid"), try item.size("size"))
            guard rights.size(oid) != size else { return Self.object(oid, size) }
            let grant = Presigner.Grant(permission: .write, oid: oid, size: size, user: user)
            return Self.object(
                oid,
                size,
                actions: [
                    "upload": contentEndpoint + presigner.target(grant),
                    "verify": "\(endpoint)/\(id).git/info/lfs/objects/verify",
                ]
            )
        }
    }

    /// For each object where it may be had, if it is in this repository.
    private func downloads(_ items: [JSON], of id: RepositoryID, by user: String) throws -> [JSON] {
        try items.map { item in
            let (oid, size) = (try item.digest("oid"), try item.size("size"))
            guard store.holds(oid, id), store.contents.size(.sha256(oid)) == size else {
                return .object([
                    "oid": .string(oid.hex), "size": .integer(size),
                    "error": .object(["code": 404, "message": "The object does not exist"]),
                ])
            }
            let grant = Presigner.Grant(permission: .read, oid: oid, size: size, user: user)
            return Self.object(
                oid,
                size,
                actions: ["download": contentEndpoint + presigner.target(grant)]
            )
        }
    }

    private static func object(
        _ oid: Digest,
        _ size: Int,
        actions: KeyValuePairs<String, String> = [:]
    ) -> JSON {
        var table = JSONObject()
        for (name, href) in actions { table[name] = .object(["href": .string(href)]) }
        return .object([
            "oid": .string(oid.hex), "size": .integer(size),
            "authenticated": actions.isEmpty ? nil : true,
            "actions": actions.isEmpty ? nil : .object(table),
        ])
    }

    /// The items of a request, if they are not more than one request may hold.
    private static func limited(_ items: [JSON]) throws(Refusal) -> [JSON] {
        guard items.count <= itemLimit else {
            throw .badRequest("The list has \(items.count) items: expected \(itemLimit) at most")
        }
        return items
    }

    func verifyObject(_ context: inout Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let json = try await context.body.json()
        _ = try await writable(id, by: context.caller)
        let (oid, size) = (try json.digest("oid"), try json.size("size"))
        let (store, user) = (store, context.caller?.user ?? "")
        let found = try await runBlocking { store.rights(of: user).size(oid) }
        guard let stored = found else {
            throw Refusal(status: 404, message: "The object \(oid) does not exist")
        }
        guard stored == size else {
            throw Refusal(
                status: 422,
                message: "The object \(oid) has \(stored) bytes, not \(size)"
            )
        }
        return .json(.object(["success": true]))
    }

    func commit(_ context: inout Context, _ id: RepositoryID, _ revision: Revision) async throws
        -> HTTPResponse
    {
        _ = try await writable(id, by: context.caller)
        let caller = context.caller
        let bytes = try await context.body.collect(limit: Self.commitLimit)
        let asPullRequest = context.request.query.contains {
            $0.name == "create_pr" && $0.value == "1"
        }
        let store = store
        let landing = try await runBlocking {
            let request: CommitRequest
            do {
                request = try CommitRequest(ndjson: bytes)
            } catch let error as JSONError {
                throw Refusal.badRequest(error.description)
            }
            guard !request.header.summary.isEmpty else {
                throw Refusal.badRequest("The summary is empty")
            }
            return try store.commit(
                request,
                to: id,
                at: revision,
                author: caller?.user ?? "",
                asPullRequest: asPullRequest
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
