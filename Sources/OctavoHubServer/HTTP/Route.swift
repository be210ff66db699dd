internal import FlyingFox
internal import OctavoHub

/// What a request is about, told by method and raw path.
///
/// The path is taken apart before it is decoded: a `%2F` belongs to a name.
enum Route {
    case whoami
    case createRepository
    case deleteRepository
    case moveRepository
    case validateCard
    case createCollection
    case collection(String, String)
    case addToCollection(String, String)
    case hubPage
    case repositoryPage(RepositoryID, Revision, folder: String)
    case objectBatch(RepositoryID)
    case verifyObject(RepositoryID)
    case resolve(RepositoryID, Revision, path: String)
    case repository(RepositoryID, RepositoryRoute)

    /// Finds the route of a request.
    init(_ method: String, path: String) throws(Refusal) {
        let raw = path.slashParts.dropFirst()
        var parts: [String] = []
        for part in raw {
            guard let text = percentDecoded(part) else {
                throw .badRequest("The path is badly encoded")
            }
            parts.append(text)
        }
        switch (method, parts.first, parts.count) {
        case ("GET", "api", 2) where parts[1] == "whoami-v2": self = .whoami
        case ("POST", "api", 2) where parts[1] == "validate-yaml": self = .validateCard
        case ("POST", "api", 3) where parts[1] == "repos" && parts[2] == "create":
            self = .createRepository
        case ("DELETE", "api", 3) where parts[1] == "repos" && parts[2] == "delete":
            self = .deleteRepository
        case ("POST", "api", 3) where parts[1] == "repos" && parts[2] == "move":
            self = .moveRepository
        case (_, "api", 4...) where parts[1] == "models":
            self = .repository(
                try Self.id(parts[2], parts[3]),
                try RepositoryRoute(method, Array(parts[4...]))
            )
        case ("POST", "api", 2) where parts[1] == "collections": self = .createCollection
        case ("GET", "api", 4) where parts[1] == "collections":
            let id = try Self.id(parts[2], parts[3])
            self = .collection(id.namespace ?? "", id.name)
        case ("POST", "api", 5) where parts[1] == "collections" && parts[4] == "items":
            let id = try Self.id(parts[2], parts[3])
            self = .addToCollection(id.namespace ?? "", id.name)
        case (_, "api", _): throw .noEndpoint
        case ("POST", _, 6)
        where parts[1].hasSuffix(".git") && parts[2...4].elementsEqual(["info", "lfs", "objects"]):
            let id = try Self.id(parts[0], String(parts[1].dropLast(4)))
            switch parts[5] {
            case "batch": self = .objectBatch(id)
            case "verify": self = .verifyObject(id)
            default: throw .noEndpoint
            }
        case ("GET", _, 5...) where parts[2] == "resolve",
            ("HEAD", _, 5...) where parts[2] == "resolve":
            self = .resolve(
                try Self.id(parts[0], parts[1]),
                try Self.revision(parts[3]),
                path: parts[4...].joined(separator: "/")
            )
        case ("GET", "", 1), ("HEAD", "", 1): self = .hubPage
        case ("GET", _, 2...), ("HEAD", _, 2...): self = try Self.page(parts)
        default: throw .noEndpoint
        }
    }

    /// The pages of a repository: of its main branch, of a revision, of a folder at it.
    private static func page(_ parts: [String]) throws(Refusal) -> Route {
        let id = try id(parts[0], parts[1])
        switch (parts.count, parts.dropFirst(2).first) {
        case (2, _): return .repositoryPage(id, .main, folder: "")
        case (4..., "tree"):
            return .repositoryPage(
                id,
                try revision(parts[3]),
                folder: parts[4...].joined(separator: "/")
            )
        case (4, "commit"): return .repositoryPage(id, try revision(parts[3]), folder: "")
        default: throw .noEndpoint
        }
    }

    private static func id(_ namespace: String, _ name: String) throws(Refusal) -> RepositoryID {
        // A decoded slash would shift the parts.
        guard !namespace.contains("/"), !name.contains("/"),
            let id = try? RepositoryID("\(namespace)/\(name)")
        else { throw .noRepository(hasToken: false) }
        return id
    }

    static func revision(_ text: String) throws(Refusal) -> Revision {
        guard let revision = try? Revision(text) else { throw .noRevision(text) }
        return revision
    }
}
