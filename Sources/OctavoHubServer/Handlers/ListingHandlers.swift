internal import FlyingFox
internal import OctavoBase
internal import OctavoHub

extension HubService {
    /// A commit and its id, for those who may see it.
    func found(
        _ context: Context,
        _ id: RepositoryID,
        _ revision: Revision
    ) async throws -> (repository: StoredRepository, id: String, commit: StoredCommit) {
        let repository = try await readable(id, by: context.caller)
        let store = store
        return try await runBlocking {
            let commit = try store.resolve(revision, in: repository)
            return (repository, commit, try store.commit(commit, of: id))
        }
    }

    func information(_ context: Context, _ id: RepositoryID, _ revision: Revision) async throws
        -> HTTPResponse
    {
        let (repository, commitID, commit) = try await found(context, id, revision)
        let withBlobs = context.request.query.contains {
            $0.name == "blobs" && $0.value.lowercased() == "true"
        }
        let siblings = commit.files.sorted { $0.key < $1.key }.map { path, file in
            var entry = JSONObject()
            entry["rfilename"] = .string(path.description)
            if withBlobs {
                entry["size"] = .integer(file.size)
                entry["blobId"] = .string(file.gitBlob)
                if case .sha256(let oid) = file.content {
                    entry["lfs"] = .object([
                        "sha256": .string(oid.hex), "size": .integer(file.size),
                        "pointerSize": .integer(file.pointerSize(to: oid)),
                    ])
                }
            }
            return JSON.object(entry)
        }
        return .json(
            .object([
                "id": .string(id.description), "modelId": .string(id.description),
                "author": .string(id.namespace ?? ""), "sha": .string(commitID),
                "private": .bool(repository.isPrivate), "disabled": false,
                "gated": repository.gating.map { .string($0.rawValue) } ?? false,
                "lastModified": .string(timestamp(commit.date)),
                "createdAt": .string(timestamp(repository.created)), "downloads": 0, "likes": 0,
                "tags": [],
                "siblings": .array(siblings),
            ])
        )
    }

    /// Lists a page of files and, for those who do not ask for all below, directories.
    func tree(
        _ context: Context,
        _ id: RepositoryID,
        _ revision: Revision,
        _ folder: String
    ) async throws -> HTTPResponse {
        let (_, commitID, commit) = try await found(context, id, revision)
        func query(_ name: String) -> String? {
            context.request.query.first { $0.name == name }?.value
        }
        let isRecursive = query("recursive")?.lowercased() == "true"
        let above = folder.isEmpty ? nil : try? RepositoryPath(folder)
        guard folder.isEmpty || above != nil else { throw Refusal.noEntry(folder) }
        let entries = treeEntries(commit.files, below: above, isRecursive: isRecursive)
        guard folder.isEmpty || !entries.isEmpty else { throw Refusal.noEntry(folder) }
        let limit = max(1, min(1000, query("limit").flatMap { Int($0) } ?? 1000))
        // The cursor is the last path of the page before: it stays right whatever comes between.
        let cursor = query("cursor") ?? ""
        let rest = entries.drop {
            !cursor.utf8.lexicographicallyPrecedes($0.path.description.utf8)
        }
        let page = rest.prefix(limit)
        var headers: [String: String] = [:]
        if rest.count > page.count, let last = page.last {
            let place = folder.isEmpty ? "" : "/" + percentEncoded(folder, keeping: "/")
            headers["Link"] =
                "<\(endpoint)/api/models/\(id)/tree/\(commitID)\(place)?recursive=\(isRecursive)&limit=\(limit)"
                + "&cursor=\(percentEncoded(last.path.description))>; rel=\"next\""
        }
        return .json(.array(page.map(\.json)), headers: headers)
    }

    private func treeEntries(
        _ files: [RepositoryPath: StoredFile],
        below folder: RepositoryPath?,
        isRecursive: Bool
    ) -> [(path: RepositoryPath, json: JSON)] {
        func isInside(_ path: RepositoryPath) -> Bool { folder.map(path.isBelow) ?? true }
        var entries: [RepositoryPath: JSON] = [:]
        for (path, file) in files where isInside(path) {
            // The directories between, which are listed too.
            let between = path.folders.filter(isInside)
            for directory in between.prefix(isRecursive ? .max : 1) {
                entries[directory] = entry(directory)
            }
            if isRecursive || between.isEmpty { entries[path] = entry(path, file) }
        }
        return entries.sorted { $0.key < $1.key }.map { (path: $0.key, json: $0.value) }
    }

    /// A directory, which has no contents of its own to be named by.
    func entry(_ directory: RepositoryPath) -> JSON {
        let name = Array(directory.description.utf8)
        return .object([
            "type": "directory", "oid": .string(gitBlobName(name)), "size": 0,
            "path": .string(directory.description),
        ])
    }

    func entry(_ path: RepositoryPath, _ file: StoredFile) -> JSON {
        var entry = JSONObject()
        entry["type"] = "file"
        entry["oid"] = .string(file.gitBlob)
        entry["size"] = .integer(file.size)
        entry["path"] = .string(path.description)
        if case .sha256(let oid) = file.content {
            entry["lfs"] = .object([
                "oid": .string(oid.hex), "size": .integer(file.size),
                "pointerSize": .integer(file.pointerSize(to: oid)),
            ])
        }
        return .object(entry)
    }
}
