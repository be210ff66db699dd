import OctavoBase

/// Why an output folder cannot be made.
public enum OutputError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The path cannot be a new folder's.
    case name(String)
    /// The path is not that of a container.
    case suffix(String)
    /// Something that is not an empty folder has the name already.
    case exists(String)
    /// An unfinished quantization is there.
    case unfinished(String)
    /// Another process is working there.
    case inUse(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .name(let path): "\"\(path)\" cannot be the name of a new directory"
        case .suffix(let path): "\"\(path)\" does not end in .aqlm, as containers do"
        case .exists(let path): "\(path) exists already and is not an empty directory"
        case .unfinished(let path): "\(path) holds unfinished work"
        case .inUse(let path): "another process is working in \(path)"
        }
    }
}

/// The folder `NAME.partial` beside an output, where its files stand until all of them are there.
///
/// One process at a time has it, by a lock on a file in it; that file also tells the folder from
/// anybody else's, which is never touched.
final class PartialFolder: Sendable {
    /// The folder.
    let path: String
    private let output: String
    private let lock: DirectoryLock
    private let keepsWork: Bool

    private static let lockFile = ".octavo-lock"
    /// The file that tells that an unfinished quantization is in the folder.
    static let journalFile = "journal.json"

    /// Makes the folder for an output that is not there yet, and has it.
    ///
    /// - Parameters:
    ///   - output: Where the output will be; neither it nor anybody else's folder may be in the way.
    ///   - keepsWork: Whether what is in the folder outlives this value; otherwise it is removed with it.
    /// - Throws: ``OutputError``, or what the file system says.
    init(for output: String, keepsWork: Bool = false) throws {
        self.output = try Self.vacant(output)
        self.keepsWork = keepsWork
        path = self.output + ".partial"
        let isOurs = fileKind(joined(path, Self.lockFile)) == .file
        if !isOurs { _ = try Self.vacant(path) }
        try makeDirectory(path)
        do { lock = try DirectoryLock(path, file: Self.lockFile) } catch {
            throw error.isHeldElsewhere ? OutputError.inUse(path) : error
        }
        if !keepsWork {
            guard !holdsJournal else { throw OutputError.unfinished(path) }
            try clear()
        }
    }

    deinit {
        if !keepsWork, !holdsJournal { try? removeAll(path) }
    }

    /// Whether an unfinished quantization is in the folder.
    var holdsJournal: Bool { fileKind(joined(path, Self.journalFile)) == .file }

    /// Removes everything in the folder, but keeps having it.
    func clear() throws {
        for name in try directoryEntries(path) where name != Self.lockFile {
            try removeAll(joined(path, name))
        }
    }

    /// An empty folder in it, for the files of the output.
    func makeArtifact() throws -> String {
        let artifact = joined(path, "artifact")
        try removeAll(artifact)
        try makeDirectory(artifact)
        return artifact
    }

    /// Gives the artifact, or what was made of it in the folder, the output's name, and removes all else.
    func commit(_ made: String? = nil) throws {
        _ = try Self.vacant(output)
        // Only an empty folder is left to be replaced.
        try removeAll(output)
        try moveFile(made ?? joined(path, "artifact"), to: output)
        try removeAll(path)
    }

    /// The path without slashes at its end, if it can be that of a new folder: nothing is there, or an
    /// empty folder.
    ///
    /// - Throws: ``OutputError/name(_:)``, ``OutputError/exists(_:)``.
    static func vacant(_ output: String) throws -> String {
        var path = output
        while path.hasSuffix("/") { path.removeLast() }
        guard !["", ".", ".."].contains(lastComponent(path)) else { throw OutputError.name(output) }
        if let kind = fileKind(path) {
            guard kind == .directory, try directoryEntries(path).isEmpty else {
                throw OutputError.exists(path)
            }
        }
        return path
    }
}
