import OctavoBase
import OctavoHub
import OctavoPublisher

/// Where a model is: on this machine, or in a repository.
enum ModelPlace {
    case path(String)
    case repository(RepositoryID, Revision)
    case file(RepositoryID, Revision, RepositoryPath)

    /// Reads a path, a repository, `hub:OWNER/NAME[@REVISION]`, or a model's file in one, with `/FILE` behind it.
    ///
    /// Where `mayBeBare` says so, `OWNER/NAME[@REVISION]` that is no path here is a repository too.
    init(_ text: String, mayBeBare: Bool = false) throws {
        if text.hasPrefix("hub:") {
            let name = text.dropFirst(4)
            if let file = try Self(fileIn: name) {
                self = file
                return
            }
            let (id, revision) = try parseRepository(String(name))
            self = .repository(id, revision)
        } else if mayBeBare, fileKind(text) == nil, text.split(separator: "/").count == 2,
            !text.hasPrefix("."), !text.hasPrefix("/")
        {
            let (id, revision) = try parseRepository(text)
            self = .repository(id, revision)
        } else {
            self = .path(text)
        }
    }

    /// Reads `OWNER/NAME[@REVISION]/FILE`, where FILE is one that holds a model by itself; nil for anything else.
    ///
    /// A slash in the revision, as in `refs/pr/1`, is written `%2F`.
    private init?(fileIn text: Substring) throws {
        let suffixes = [".aqlm", ".gguf", ".safetensors", ".bin", ".pt", ".pth"]
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, suffixes.contains(where: text.hasSuffix) else { return nil }
        let name = parts[1].split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        self = .file(
            try RepositoryID("\(parts[0])/\(name[0])"),
            name.count == 1 ? .main : try Revision(percentDecoded(name[1]) ?? String(name[1])),
            try RepositoryPath(String(parts[2]))
        )
    }

    /// The model's path on this machine; a repository, or the file in one, is fetched into the cache first.
    func localPath(_ printer: ProgressPrinter) async throws -> String {
        switch self {
        case .path(let path): return path
        case .repository(let id, let revision):
            return try await Self.fetch(id, revision, nil, printer)
        case .file(let id, let revision, let path):
            return joined(try await Self.fetch(id, revision, path, printer), path.description)
        }
    }

    /// The folder on this machine that has the model's config.json, or the file that holds the model; of a repository
    /// no more than that file is fetched.
    func configurationPath(_ printer: ProgressPrinter) async throws -> String {
        guard case .repository(let id, let revision) = self else {
            return try await localPath(printer)
        }
        return try await Self.fetch(id, revision, RepositoryPath("config.json"), printer)
    }

    /// Fetches a repository, or one file of it, and returns the folder.
    private static func fetch(
        _ id: RepositoryID,
        _ revision: Revision,
        _ path: RepositoryPath?,
        _ printer: ProgressPrinter
    ) async throws -> String {
        let report = try await hubClient(printer).downloadToCache(
            repository: id,
            revision: revision,
            isWanted: { path == nil || $0 == path },
            progress: printer.transferHandler
        )
        if let path, report.files.isEmpty {
            throw HubError.entryNotFound(message: "\(path) is not in \(id) at \(revision)")
        }
        return report.directory
    }
}

/// Reads `OWNER/NAME[@REVISION]`.
func parseRepository(_ text: String) throws -> (RepositoryID, Revision) {
    guard let at = text.firstIndex(of: "@") else { return (try RepositoryID(text), .main) }
    return (
        try RepositoryID(String(text[..<at])), try Revision(String(text[text.index(after: at)...]))
    )
}

/// Opens the model that an argument names.
func openModel(_ argument: String, _ printer: ProgressPrinter) async throws -> OpenModel {
    let path = try await ModelPlace(argument).localPath(printer)
    return try await runBlocking { try OpenModel(path) }
}
