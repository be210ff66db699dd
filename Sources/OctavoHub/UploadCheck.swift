extension HubClient {
    /// Lists what the hub holds after an upload, and compares every digest with that of the file here.
    ///
    /// - Parameters:
    ///   - report: What the upload did.
    ///   - id: The repository.
    /// - Returns: How many files the hub holds as they are here.
    /// - Throws: `HubError.notAsCommitted` for files that are other, missing, or there though they were to go.
    public func check(_ report: UploadReport, of id: RepositoryID) async throws -> Int {
        let tree = try await tree(id, at: try Revision(report.commit))
        let there = Dictionary(tree.map { ($0.path, $0) }) { first, _ in first }
        let wrong = report.files.filter { file in
            let entry = there[file.path]
            return switch file.change {
            case .created, .replaced, .unchanged:
                entry?.content != report.contents[file.path] || entry?.size != file.size
            case .deleted: entry != nil
            case .ignored: false
            }
        }
        guard wrong.isEmpty else {
            throw HubError.notAsCommitted(
                commit: report.commit,
                paths: wrong.prefix(5).map(\.path.description),
                count: wrong.count
            )
        }
        return report.contents.count
    }

    /// Gives a commit a tag, or leaves one as it is that says the same.
    ///
    /// - Throws: `HubError.alreadyExists` for a tag of another commit.
    public func tag(_ commit: String, as tag: Revision, of id: RepositoryID) async throws {
        do {
            try await createTag(tag, of: id, at: try Revision(commit))
        } catch HubError.alreadyExists(let message) {
            let known = try await references(id).tags.first { $0.name == tag.description }
            guard known?.commit == commit else { throw HubError.alreadyExists(message: message) }
        }
    }
}
