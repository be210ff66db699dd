internal import FlyingFox
internal import OctavoHub

/// What a request is about, told by method and raw path.
///
/// The path is taken apart before it is decoded: a `%2F` belongs to a name.
enum Route {
    case whoami
    case createRepository
    case deleteRepository
    case validateCard
    case information(RepositoryID, Revision)
    case tree(RepositoryID, Revision, folder: String)
    case references(RepositoryID)
    case preupload(RepositoryID, Revision)
    case commit(RepositoryID, Revision)
    case createBranch(RepositoryID, Revision)
    case createTag(RepositoryID, Revision)
    case objectBatch(RepositoryID)
    case verifyObject(RepositoryID)
    case resolve(RepositoryID, Revision, path: String)

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
        case (_, "api", 4...) where parts[1] == "models":
            self = try Self.repositoryRoute(
                method,
                try Self.id(parts[2], parts[3]),
                Array(parts[4...])
            )
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
        default: throw .noEndpoint
        }
    }

    /// The routes below `/api/models/NAMESPACE/NAME`.
    private static func repositoryRoute(
        _ method: String,
        _ id: RepositoryID,
        _ rest: [String]
    ) throws(Refusal) -> Route {
        let revision = rest.count > 1 ? try revision(rest[1]) : .main
        switch (method, rest.first, rest.count) {
        case ("GET", nil, _): return .information(id, .main)
        case ("GET", "revision", 2): return .information(id, revision)
        case ("GET", "refs", 1): return .references(id)
        case ("GET", "tree", 2...):
            return .tree(id, revision, folder: rest[2...].joined(separator: "/"))
        case ("POST", "preupload", 2): return .preupload(id, revision)
        case ("POST", "commit", 2): return .commit(id, revision)
        case ("POST", "branch", 2): return .createBranch(id, revision)
        case ("POST", "tag", 2): return .createTag(id, revision)
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

    private static func revision(_ text: String) throws(Refusal) -> Revision {
        guard let revision = try? Revision(text) else { throw .noRevision(text) }
        return revision
    }
}
