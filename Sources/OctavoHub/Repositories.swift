internal import OctavoBase

/// What came of asking for a repository to exist.
public struct RepositoryCreation: Sendable, Equatable {
    /// Its page.
    public let url: String
    /// Whether it was there before.
    public let existed: Bool
}

/// What a hub tells about a repository at a revision.
public struct RepositoryInformation: Sendable, Equatable {
    /// Its name as the hub writes it.
    public let id: String
    /// The commit that the revision stands for.
    public let commit: String
    /// Whether only some may see it.
    public let isPrivate: Bool
    /// Whether its files are given only to those who accepted its terms.
    public let isGated: Bool
}

/// A branch or a tag and the commit it points to.
public struct Reference: Sendable, Equatable {
    /// Its short name: `main`.
    public let name: String
    /// Its whole name: `refs/heads/main`.
    public let fullName: String
    /// The commit.
    public let commit: String
}

extension HubClient {
    /// Makes sure that a model repository exists.
    ///
    /// An existing one is left as it is, private or not. A token that may not create but may write
    /// to an existing repository is enough for that one.
    public func createRepository(_ id: RepositoryID, isPrivate: Bool = false) async throws
        -> RepositoryCreation
    {
        let url = url("/api/repos/create")
        let request = WebRequest(
            "POST",
            url,
            json: .object([
                "name": .string(id.name), "organization": id.namespace.map { .string($0) } ?? .null,
                "visibility": isPrivate ? "private" : "public", "private": .bool(isPrivate),
            ])
        )
        let response = try await exchange(request).response
        switch response.status {
        case 200..<300:
            let json = try response.json(from: url)
            return try reading(url) {
                RepositoryCreation(url: try json.text("url"), existed: false)
            }
        case 409:
            let page = (try? response.json(from: url))?["url"]?.string
            return RepositoryCreation(url: page ?? self.url("/\(id)").description, existed: true)
        case 401, 402, 403:
            guard (try? await information(id)) != nil else { throw HubError(response, about: nil) }
            return RepositoryCreation(url: self.url("/\(id)").description, existed: true)
        default: throw HubError(response, about: nil)
        }
    }

    /// Deletes a repository with all it holds.
    public func deleteRepository(_ id: RepositoryID) async throws {
        _ = try await carryOut(
            WebRequest(
                "DELETE",
                url("/api/repos/delete"),
                json: .object([
                    "name": .string(id.name),
                    "organization": id.namespace.map { .string($0) } ?? .null,
                ])
            ),
            about: id
        )
    }

    /// Asks for a repository at a revision; pins a branch or tag to its commit.
    public func information(_ id: RepositoryID, at revision: Revision = .main) async throws
        -> RepositoryInformation
    {
        let url = url(of: id, "/revision/\(percentEncoded(revision.description))")
        let json = try await carryOut(WebRequest("GET", url), about: id).json(from: url)
        return try reading(url) {
            let commit = try json.text("sha")
            guard isCommitID(commit) else { throw WireError(key: "sha", expected: "a commit") }
            // Who asks for a commit wants these very files.
            guard !revision.isCommit || commit == revision.description else {
                throw WireError(key: "sha", expected: "the commit \(revision) that was asked for")
            }
            return RepositoryInformation(
                id: try json.text("id"),
                commit: commit,
                isPrivate: json["private"]?.bool ?? false,
                // false, or how requests are answered: "auto" or "manual".
                isGated: json["gated"]?.string != nil || json["gated"]?.bool == true
            )
        }
    }

    /// Lists branches, tags, and if they are asked for pull requests.
    public func references(_ id: RepositoryID, withPullRequests: Bool = false) async throws -> (
        branches: [Reference], tags: [Reference], pullRequests: [Reference]
    ) {
        let url = url(of: id, "/refs" + (withPullRequests ? "?include_prs=1" : ""))
        let json = try await carryOut(WebRequest("GET", url), about: id).json(from: url)
        return try reading(url) {
            func list(_ key: String) throws -> [Reference] {
                try json.items(key).map {
                    Reference(
                        name: try $0.text("name"),
                        fullName: try $0.text("ref"),
                        commit: try $0.text("targetCommit")
                    )
                }
            }
            let pullRequests = json["pullRequests"] == nil ? [] : try list("pullRequests")
            return (try list("branches"), try list("tags"), pullRequests)
        }
    }

    /// Makes a branch at a revision.
    public func createBranch(_ branch: Revision, of id: RepositoryID, at revision: Revision = .main)
        async throws
    {
        _ = try await carryOut(
            WebRequest(
                "POST",
                url(of: id, "/branch/\(percentEncoded(branch.description))"),
                json: .object(["startingPoint": .string(revision.description)])
            ),
            about: id
        )
    }

    /// Makes a tag at a revision.
    public func createTag(_ tag: Revision, of id: RepositoryID, at revision: Revision = .main)
        async throws
    {
        _ = try await carryOut(
            WebRequest(
                "POST",
                url(of: id, "/tag/\(percentEncoded(revision.description))"),
                json: .object(["tag": .string(tag.description)])
            ),
            about: id
        )
    }
}
