internal import OctavoHub

/// What a request below `/api/models/NAMESPACE/NAME` is about.
enum RepositoryRoute {
    case information(Revision)
    case settings
    case accessCheck(toWrite: Bool)
    case tree(Revision, folder: String)
    case paths(Revision)
    case commits(Revision)
    case references
    case preupload(Revision)
    case commit(Revision)
    case createBranch(Revision)
    case deleteBranch(Revision)
    case squash(Revision)
    case createTag(Revision)
    case deleteTag(Revision)
    case discussions
    case openDiscussion
    case discussion(Int)
    case discuss(Int, Discussing)

    /// What can be done to a discussion.
    enum Discussing: String {
        case comment
        case status
        case title
        case merge
    }

    /// Finds the route by method and by the decoded parts of the path that are left.
    init(_ method: String, _ rest: [String]) throws(Refusal) {
        switch (method, rest.first, rest.count) {
        case ("GET", nil, _): self = .information(.main)
        case ("PUT", "settings", 1): self = .settings
        case ("GET", "auth-check", 1): self = .accessCheck(toWrite: false)
        case ("GET", "auth-check", 2) where rest[1] == "write": self = .accessCheck(toWrite: true)
        case ("GET", "refs", 1): self = .references
        case ("GET", "tree", 2...):
            self = .tree(try Route.revision(rest[1]), folder: rest[2...].joined(separator: "/"))
        case ("GET", "discussions", 1): self = .discussions
        case ("POST", "discussions", 1): self = .openDiscussion
        case ("GET", "discussions", 2): self = .discussion(try Self.number(rest[1]))
        case ("POST", "discussions", 3):
            guard let what = Discussing(rawValue: rest[2]) else { throw .noEndpoint }
            self = .discuss(try Self.number(rest[1]), what)
        case (_, let word?, 2):
            self = try Self.aboutRevision(method, word, try Route.revision(rest[1]))
        default: throw .noEndpoint
        }
    }

    /// The routes that end with a revision.
    private static func aboutRevision(_ method: String, _ word: String, _ revision: Revision)
        throws(Refusal) -> RepositoryRoute
    {
        switch (method, word) {
        case ("GET", "revision"): return .information(revision)
        case ("POST", "paths-info"): return .paths(revision)
        case ("GET", "commits"): return .commits(revision)
        case ("POST", "preupload"): return .preupload(revision)
        case ("POST", "commit"): return .commit(revision)
        case ("POST", "branch"): return .createBranch(revision)
        case ("DELETE", "branch"): return .deleteBranch(revision)
        case ("POST", "super-squash"): return .squash(revision)
        case ("POST", "tag"): return .createTag(revision)
        case ("DELETE", "tag"): return .deleteTag(revision)
        default: throw .noEndpoint
        }
    }

    private static func number(_ text: String) throws(Refusal) -> Int {
        guard let number = Int(text), number > 0 else { throw .noDiscussion }
        return number
    }
}
