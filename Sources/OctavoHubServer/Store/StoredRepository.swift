internal import OctavoBase
internal import OctavoHub

/// A repository's own file: whom it is open to and where its branches and tags point.
struct StoredRepository: Sendable {
    let id: RepositoryID
    var isPrivate: Bool
    /// How readers are to ask for the files, if they must; here that is always by asking the owner.
    var gating: Gating?
    /// Who beside the owner may read it, though private or gated, or also write to it.
    var access: [String: HubTokens.Role] = [:]
    let created: Int
    /// Commits by short name.
    var branches: [String: String]
    var tags: [String: String]
    /// Discussions, pull requests among them, number 1 first.
    var discussions: [StoredDiscussion] = []
    /// How many bytes of small files were ever committed.
    var regularBytes = 0

    enum Gating: String {
        case auto
        case manual
    }

    /// The commit that a branch, a tag or a full name points to.
    func commit(named name: String) -> String? {
        if let commit = branches[name] ?? tags[name] { return commit }
        if name.hasPrefix("refs/heads/") { return branches[String(name.dropFirst(11))] }
        if name.hasPrefix("refs/tags/") { return tags[String(name.dropFirst(10))] }
        return pullIndex(name).flatMap { discussions[$0].head }
    }

    /// The place in `discussions` of the pull request `refs/pr/N`.
    func pullIndex(_ name: String) -> Int? {
        guard name.hasPrefix("refs/pr/"), let number = Int(name.dropFirst(8)),
            discussions.indices.contains(number - 1), discussions[number - 1].head != nil
        else { return nil }
        return number - 1
    }

    /// The branch that a pull request goes to which is opened at a name: itself, or that of a pull request of this name.
    func target(named name: String) -> String? {
        if branches[name] != nil { return name }
        if name.hasPrefix("refs/heads/") {
            let short = String(name.dropFirst(11))
            return branches[short] == nil ? nil : short
        }
        return tags[name] == nil ? pullIndex(name).map { discussions[$0].target } : nil
    }

    /// Every commit that a name points to.
    var heads: [String] {
        Array(branches.values) + Array(tags.values)
            + discussions.flatMap { [$0.head, $0.base].compactMap(\.self) }
    }

    /// Points a branch or a pull request elsewhere; false if there is none of that name.
    mutating func move(_ name: String, to commit: String) -> Bool {
        let branch = name.hasPrefix("refs/heads/") ? String(name.dropFirst(11)) : name
        if branches[branch] != nil {
            branches[branch] = commit
        } else if let index = pullIndex(name) {
            discussions[index].head = commit
        } else {
            return false
        }
        return true
    }

    var json: JSON {
        func references(_ table: [String: String]) -> JSON {
            var object = JSONObject()
            for (name, commit) in table { object[name] = .string(commit) }
            return .object(object)
        }
        return .object([
            "id": .string(id.description), "private": .bool(isPrivate),
            "gated": gating.map { .string($0.rawValue) },
            "access": references(access.mapValues(\.rawValue)),
            "created": .integer(created), "regularBytes": .integer(regularBytes),
            "branches": references(branches), "tags": references(tags),
            "discussions": .array(discussions.map(\.json)),
        ])
    }

    init(id: RepositoryID, isPrivate: Bool, created: Int, head: String, regularBytes: Int) {
        self.id = id
        self.isPrivate = isPrivate
        self.created = created
        self.regularBytes = regularBytes
        branches = ["main": head]
        tags = [:]
    }

    /// Reads the file of a repository, which is called what its folder is called.
    init(_ json: JSON, id: RepositoryID) throws {
        self.id = id
        isPrivate = json["private"]?.bool ?? true
        gating = (json["gated"]?.string).flatMap { Gating(rawValue: $0) }
        regularBytes = json["regularBytes"]?.integer ?? 0
        created = try json.size("created")
        func references(_ key: String) -> [String: String] {
            var table: [String: String] = [:]
            for (name, commit) in json[key]?.object ?? JSONObject() { table[name] = commit.string }
            return table
        }
        branches = references("branches")
        tags = references("tags")
        access = references("access").compactMapValues { HubTokens.Role(rawValue: $0) }
        // Before there were discussions, only the heads of pull requests were kept.
        discussions =
            try json["discussions"]?.array?.map { try StoredDiscussion($0) }
            ?? (json["pulls"]?.array ?? []).compactMap(\.string).map {
                StoredDiscussion(pullRequestAt: $0)
            }
    }
}

/// Who may do what.
extension StoredRepository {
    /// Whether a user, or somebody without a token, may know of it and see its names.
    func maySee(_ user: String?) -> Bool { !isPrivate || isMember(user) }

    /// Whether a user, or somebody without a token, may have its files.
    func mayHaveFiles(_ user: String?) -> Bool {
        (!isPrivate && gating == nil) || isMember(user)
    }

    /// Whether a user may commit; the token's own role is another matter.
    func mayWrite(_ user: String) -> Bool {
        user == id.namespace || access[user] == .write
    }

    private func isMember(_ user: String?) -> Bool {
        guard let user else { return false }
        return user == id.namespace || access[user] != nil
    }
}
