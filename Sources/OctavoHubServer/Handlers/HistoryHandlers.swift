internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// The most paths of one request.
    private static let pathLimit = 1000

    /// Tells of some files and directories; what is not there is left out.
    func paths(_ context: inout Context, _ id: RepositoryID, _ revision: Revision) async throws
        -> HTTPResponse
    {
        let bytes = try await context.body.collect(limit: 4 << 20)
        let isJSON = context.request.headers[HTTPHeader("Content-Type")]?.hasPrefix(
            "application/json"
        )
        let names = isJSON == true ? try Self.pathsOfJSON(bytes) : try Self.pathsOfForm(bytes)
        guard names.count <= Self.pathLimit else {
            throw Refusal(
                status: 413,
                message: "\(names.count) paths: expected \(Self.pathLimit) at most"
            )
        }
        let (_, _, commit) = try await found(context, id, revision)
        let folders = Set(commit.files.keys.flatMap(\.folders))
        let entries = names.compactMap { name -> JSON? in
            guard let path = try? RepositoryPath(operand: name) else { return nil }
            if let file = commit.files[path] { return entry(path, file) }
            return folders.contains(path) ? entry(path) : nil
        }
        return .json(.array(entries))
    }

    private static func pathsOfJSON(_ bytes: [UInt8]) throws -> [String] {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw Refusal.badRequest(error.description) }
        return try json.items("paths").compactMap(\.string)
    }

    /// Reads `paths=a&paths=b`, as web forms are sent.
    private static func pathsOfForm(_ bytes: [UInt8]) throws(Refusal) -> [String] {
        var paths: [String] = []
        for field in bytes.split(separator: UInt8(ascii: "&")) {
            let text = String(decoding: field, as: UTF8.self).replacing("+", with: " ")
            guard text.hasPrefix("paths=") else { continue }
            guard let path = percentDecoded(text.dropFirst(6)) else {
                throw .badRequest("The form is badly encoded")
            }
            paths.append(path)
        }
        return paths
    }

    /// Lists a page of the commits that led to a revision, the newest first.
    func commits(_ context: Context, _ id: RepositoryID, _ revision: Revision) async throws
        -> HTTPResponse
    {
        let (_, first, _) = try await found(context, id, revision)
        let limit = max(1, min(100, context.request.query["limit"].flatMap { Int($0) } ?? 50))
        let store = store
        let (page, next) = try await runBlocking {
            var page: [JSON] = []
            var next: String? = first
            while let commitID = next, page.count < limit {
                let commit = try store.commit(commitID, of: id)
                page.append(
                    .object([
                        "id": .string(commitID), "title": .string(commit.title),
                        "message": .string(commit.message),
                        "authors": [.object(["user": .string(commit.author)])],
                        "date": .string(timestamp(commit.date)),
                    ])
                )
                next = commit.parent
            }
            return (page, next)
        }
        // The next page is the history of the next commit: it stays right whatever is committed.
        let link = next.map {
            "<\(endpoint)/api/models/\(id)/commits/\($0)?limit=\(limit)>; rel=\"next\""
        }
        return .json(.array(page), headers: link.map { ["Link": $0] } ?? [:])
    }

    func references(_ context: Context, _ id: RepositoryID) async throws -> HTTPResponse {
        let repository = try await readable(id, by: context.caller)
        func entry(_ name: String, _ prefix: String, _ commit: String) -> JSON {
            .object([
                "name": .string(name), "ref": .string(prefix + name),
                "targetCommit": .string(commit),
            ])
        }
        func list(_ table: [String: String], _ prefix: String) -> JSON {
            .array(table.sorted { $0.key < $1.key }.map { entry($0, prefix, $1) })
        }
        let wantsPulls = ["1", "true"].contains(context.request.query["include_prs"]?.lowercased())
        let pulls = repository.discussions.enumerated().compactMap { index, discussion in
            discussion.head.map { entry("\(index + 1)", "refs/pr/", $0) }
        }
        return .json(
            .object([
                "branches": list(repository.branches, "refs/heads/"), "converts": [],
                "tags": list(repository.tags, "refs/tags/"),
                "pullRequests": wantsPulls ? .array(pulls) : nil,
            ])
        )
    }
}
