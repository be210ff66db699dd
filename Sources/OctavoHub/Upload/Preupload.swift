internal import OctavoBase

/// What a hub says about a file that is to be uploaded.
struct UploadDecision: Sendable {
    let mode: StorageMode
    let isIgnored: Bool
    /// What is at that path now: a git blob's SHA-1 or a SHA-256.
    let remote: String?
}

extension HubClient {
    /// Asks how each file is to be stored, and what is at its path already.
    ///
    /// - Returns: A decision for each path.
    /// - Throws: `HubError.malformedReply` if a file is wanted within the commit that is too long for
    ///   that.
    func preupload(
        _ files: [LocalFile],
        to id: RepositoryID,
        at revision: Revision,
        asPullRequest: Bool
    ) async throws -> [RepositoryPath: UploadDecision] {
        let attributes = try files.first { $0.path == .gitAttributes }.map { file in
            String(
                decoding: try readFile(file.location, limit: Protocol.largestRegularFile),
                as: UTF8.self
            )
        }
        let url = url(
            of: id,
            "/preupload/\(percentEncoded(revision.description))"
                + (asPullRequest ? "?create_pr=1" : "")
        )
        var decisions: [RepositoryPath: UploadDecision] = [:]
        for start in stride(from: 0, to: files.count, by: Protocol.batchSize) {
            let batch = files[start..<min(start + Protocol.batchSize, files.count)]
            let body = JSON.object([
                "files": .array(
                    batch.map {
                        .object([
                            "path": .string($0.path.description),
                            "sample": .string(base64($0.sample)),
                            "size": .integer($0.size),
                        ])
                    }
                ),
                // What the commit is about to change counts for its own files already.
                "gitAttributes": attributes.map { .string($0) },
            ])
            let json = try await carryOut(WebRequest("POST", url, json: body), about: id).json(
                from: url
            )
            try reading(url) {
                for item in try json.items("files") {
                    guard let mode = StorageMode(rawValue: try item.text("uploadMode")) else {
                        throw WireError(key: "uploadMode", expected: "lfs or regular")
                    }
                    guard let path = try? RepositoryPath(try item.text("path")) else { continue }
                    decisions[path] = UploadDecision(
                        mode: mode,
                        isIgnored: item["shouldIgnore"]?.bool ?? false,
                        remote: item["oid"]?.string
                    )
                }
                for file in batch {
                    guard let decision = decisions[file.path] else {
                        throw WireError(key: "files", expected: "complete: \(file.path) is missing")
                    }
                    guard decision.mode == .lfs || file.size <= Protocol.largestRegularFile else {
                        throw WireError(
                            key: "uploadMode",
                            expected: "lfs for \(file.path), which has \(file.size) bytes"
                        )
                    }
                }
            }
            // Git keeps no pointer to nothing: an empty file is always regular.
            for file in batch where file.size == 0 {
                decisions[file.path] = UploadDecision(
                    mode: .regular,
                    isIgnored: decisions[file.path]?.isIgnored ?? false,
                    remote: decisions[file.path]?.remote
                )
            }
        }
        return decisions
    }
}
