import OctavoBase
import OctavoHub
import OctavoPublisher

/// What is verified: where it is on this machine, and what its hub lists.
struct VerifiedPlace {
    /// The path of a directory or a file.
    let path: String
    /// The hub's list; nil where no hub has part in it.
    let listing: RemoteListing?

    /// Finds it, from a hub if it is there.
    ///
    /// - Parameters:
    ///   - argument: As `ModelPlace` reads it.
    ///   - remote: `OWNER/NAME[@REVISION]` to compare a path with.
    ///   - printer: Shows how the fetching goes.
    /// - Throws: `HubError`, and what reading the arguments throws.
    init(_ argument: String, remote: String?, _ printer: ProgressPrinter) async throws {
        switch try ModelPlace(argument, mayBeBare: true) {
        case .path(let path):
            self.path = path
            guard let remote else {
                listing = nil
                return
            }
            let (id, revision) = try parseRepository(remote)
            let client = try hubClient(printer)
            let commit = try await client.information(id, at: revision).commit
            let files = try await client.tree(id, at: try Revision(commit))
            listing = RemoteListing(files, of: id, at: commit)
        case .repository(let id, let revision):
            let report = try await Self.fetch(id, revision, printer) { _ in true }
            path = report.directory
            listing = RemoteListing(report.files, of: id, at: report.commit)
        case .file(let id, let revision, let file):
            // What is signed is signed at the top of the repository.
            let report = try await Self.fetch(id, revision, printer) { candidate in
                candidate == file || candidate.description == SignatureBundle.fileName
            }
            guard report.files.contains(where: { $0.path == file }) else {
                throw HubError.entryNotFound(message: "\(file) is not in \(id) at \(revision)")
            }
            path = joined(report.directory, file.description)
            let files = report.files.filter { $0.path == file }
            listing = RemoteListing(files, of: id, at: report.commit, below: file.description)
        }
    }

    private static func fetch(
        _ id: RepositoryID,
        _ revision: Revision,
        _ printer: ProgressPrinter,
        _ isWanted: @escaping @Sendable (RepositoryPath) -> Bool
    ) async throws -> DownloadReport {
        try await hubClient(printer).downloadToCache(
            repository: id,
            revision: revision,
            isWanted: isWanted,
            progress: printer.transferHandler
        )
    }
}

extension RemoteListing {
    /// Takes what a hub lists; of one file alone, under its own name.
    fileprivate init(
        _ entries: [TreeEntry],
        of id: RepositoryID,
        at commit: String,
        below file: String? = nil
    ) {
        self.init(
            place: "\(id) at commit \(commit)",
            files: entries.map { entry in
                let content: Content =
                    switch entry.content {
                    case .gitBlob(let name): .gitBlob(name)
                    case .sha256(let digest): .sha256(digest)
                    }
                let path = entry.path.description
                return File(
                    path: file == nil ? path : lastComponent(path),
                    size: entry.size,
                    content: content
                )
            }
        )
    }
}

extension HubError {
    /// Whether the hub sends other contents than it lists.
    var isDamage: Bool {
        switch self {
        case .wrongDigest, .wrongSize: true
        default: false
        }
    }
}
