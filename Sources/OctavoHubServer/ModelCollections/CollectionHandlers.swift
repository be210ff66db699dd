internal import FlyingFox
internal import Glibc
internal import OctavoBase
internal import OctavoHub

// Collections (hub protocol, section 8.5).

extension HubService {
    func createCollection(_ context: inout Context) async throws -> HTTPResponse {
        let json = try await context.body.json()
        guard let caller = context.caller else { throw Refusal.tokenNeeded }
        let title = try json.text("title")
        guard (1...60).contains(title.count), (json["description"]?.string ?? "").count <= 150
        else {
            throw Refusal.badRequest("A title has 1 to 60 characters, a description at most 150")
        }
        let namespace = json["namespace"]?.string ?? caller.user
        try checkWriter(caller, namespace: namespace)
        var collection = StoredCollection(title, of: namespace, updated: time(nil))
        collection.description = json["description"]?.string ?? ""
        collection.isPrivate = json["private"]?.bool ?? false
        let (store, made) = (store, collection)
        guard try await runBlocking({ try store.create(made) }) else {
            var refusal = Refusal.exists("There is a collection of that title already")
            refusal.details["slug"] = .string(made.slug)
            throw refusal
        }
        return .json(try await shown(made, to: caller))
    }

    func collection(
        _ context: Context,
        _ namespace: String,
        _ name: String
    ) async throws -> HTTPResponse {
        .json(try await shown(visible(namespace, name, to: context.caller), to: context.caller))
    }

    func addToCollection(
        _ context: inout Context,
        _ namespace: String,
        _ name: String
    ) async throws -> HTTPResponse {
        let json = try await context.body.json()
        let caller = context.caller
        _ = try await visible(namespace, name, to: caller)
        try checkWriter(caller, namespace: namespace)
        guard json["item"]?["type"]?.string == "model" else {
            throw Refusal.badRequest("This hub collects models only")
        }
        let text = json["item"]?["id"]?.string ?? ""
        guard let id = try? RepositoryID(text) else {
            throw Refusal.badRequest("\"\(text)\" is no model")
        }
        // Who may not see a model learns nothing of it here either.
        _ = try await readable(id, by: caller)
        let item = StoredCollection.Item(
            id: id,
            note: json["note"]?.string.map { String($0.prefix(500)) }
        )
        let store = store
        let changed = try await runBlocking {
            try store.update(namespace, name) { collection in
                guard !collection.models.contains(where: { $0.id == id }) else {
                    throw Refusal.exists("The collection holds \(id) already")
                }
                guard collection.models.count < StoredCollection.largest else {
                    throw Refusal.badRequest(
                        "A collection holds at most \(StoredCollection.largest) models"
                    )
                }
                collection.models.append(item)
                collection.updated = time(nil)
            }
        }
        guard let changed else { throw Refusal.noCollection }
        return .json(try await shown(changed, to: caller))
    }

    /// The collection, if the caller may see it.
    private func visible(
        _ namespace: String,
        _ name: String,
        to caller: HubTokens.Record?
    ) async throws -> StoredCollection {
        let store = store
        guard let found = try await runBlocking({ try store.collection(namespace, name) }),
            !found.isPrivate || caller?.user == namespace
        else { throw Refusal.noCollection }
        return found
    }

    /// As the stock clients read it, without models that the caller may not see.
    private func shown(
        _ collection: StoredCollection,
        to caller: HubTokens.Record?
    ) async throws -> JSON {
        let store = store
        let seen = try await runBlocking {
            try collection.models.filter {
                try store.repository($0.id)?.maySee(caller?.user) == true
            }
        }
        let items = seen.enumerated().map { index, item in
            JSON.object([
                "_id": .string(String(Digest(of: "\(collection.slug) \(item.id)").hex.prefix(24))),
                "id": .string("\(item.id)"), "type": "model", "position": .integer(index),
                "note": item.note.map { .object(["text": .string($0), "html": ""]) },
            ])
        }
        return .object([
            "slug": .string(collection.slug), "title": .string(collection.title),
            "description": .string(collection.description), "gating": false,
            "private": .bool(collection.isPrivate), "theme": "orange", "upvotes": 0,
            "isUpvotedByUser": false, "position": 0,
            "lastUpdated": .string(timestamp(collection.updated)),
            "owner": .object([
                "_id": .string(collection.namespace), "name": .string(collection.namespace),
                "fullname": .string(collection.namespace), "type": "user",
            ]),
            "items": .array(items),
        ])
    }
}

extension Refusal {
    fileprivate static let noCollection = Refusal(
        status: 404,
        message: "There is no such collection"
    )
}
