internal import OctavoBase
internal import OctavoHub

/// A list of models that its owner has put together, under a title.
struct StoredCollection {
    /// Who owns it.
    let namespace: String
    /// Its name within the namespace: the title's letters and digits, and what tells it from all others.
    let name: String
    var title: String
    var description = ""
    var isPrivate = false
    /// When it was last changed, in seconds since 1970.
    var updated: Int
    var models: [Item] = []

    /// A model in it.
    struct Item {
        let id: RepositoryID
        var note: String?
    }

    /// As addresses have it.
    var slug: String { "\(namespace)/\(name)" }

    /// The most models in one, so that a file stays small enough to be read whole.
    static let largest = 1000

    /// Names a collection after its title.
    init(_ title: String, of namespace: String, updated: Int) {
        self.namespace = namespace
        self.title = title
        self.updated = updated
        let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        // The same title gives the same name: two requests at a time make one collection.
        let end = Digest(of: "\(namespace)/\(title)").hex.prefix(24)
        name = (words.map(String.init) + [String(end)]).joined(separator: "-")
    }

    /// Reads what ``json`` wrote.
    init?(_ json: JSON, namespace: String, name: String) {
        guard let title = json["title"]?.string, let updated = json["updated"]?.integer else {
            return nil
        }
        (self.namespace, self.name, self.title, self.updated) = (namespace, name, title, updated)
        description = json["description"]?.string ?? ""
        isPrivate = json["private"]?.bool ?? false
        models = (json["models"]?.array ?? []).compactMap { item in
            guard let id = item["id"]?.string.flatMap({ try? RepositoryID($0) }) else { return nil }
            return Item(id: id, note: item["note"]?.string)
        }
    }

    /// As it is stored.
    var json: JSON {
        .object([
            "title": .string(title), "description": .string(description),
            "private": .bool(isPrivate), "updated": .integer(updated),
            "models": .array(
                models.map {
                    .object(["id": .string("\($0.id)"), "note": $0.note.map(JSON.string)])
                }
            ),
        ])
    }
}

extension HubStore {
    private func file(_ namespace: String, _ name: String) -> String {
        joined(root, "collections/\(namespace)/\(name).json")
    }

    /// A collection; nil if there is none of that name.
    func collection(_ namespace: String, _ name: String) throws -> StoredCollection? {
        let bytes: [UInt8]
        do { bytes = try readFile(file(namespace, name), limit: 1 << 22) } catch {
            if error.isMissing { return nil }
            throw error
        }
        return StoredCollection(try JSON(parsing: bytes), namespace: namespace, name: name)
    }

    /// Makes a collection; false if there is one of the same owner and title.
    func create(_ collection: StoredCollection) throws -> Bool {
        try writing {
            guard try self.collection(collection.namespace, collection.name) == nil else {
                return false
            }
            try write(collection)
            return true
        }
    }

    /// Changes a collection; nil if there is none of that name.
    func update(
        _ namespace: String,
        _ name: String,
        _ change: (inout StoredCollection) throws -> Void
    ) throws -> StoredCollection? {
        try writing {
            guard var collection = try collection(namespace, name) else { return nil }
            try change(&collection)
            try write(collection)
            return collection
        }
    }

    private func write(_ collection: StoredCollection) throws {
        let path = file(collection.namespace, collection.name)
        try makeDirectory(parent(of: path))
        try AtomicFile.write(collection.json.text(.pretty), to: path, mode: 0o600)
    }
}
