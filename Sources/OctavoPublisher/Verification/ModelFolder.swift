import OctavoBase

/// A model's files as a verification reads them: by path, each hashed once.
final class ModelFolder {
    /// The directory that paths are relative to.
    let path: String
    /// The one file that is the model, or nil if the directory is.
    let loneFile: String?
    private let progress: ProgressHandler
    private var digests: [String: Digest] = [:]
    private var hashedBytes = 0
    /// How many bytes there are to hash at most; what cannot be looked at counts as none.
    private lazy var totalBytes = (try? files())?.reduce(0) {
        $0 + ((try? fileSize(joined(path, $1))) ?? 0)
    }

    /// Looks at a directory or at a file.
    init(_ path: String, _ progress: @escaping ProgressHandler) {
        let isFolder = fileKind(path) == .directory
        self.path = isFolder ? path : parent(of: path)
        loneFile = isFolder ? nil : lastComponent(path)
        self.progress = progress
    }

    /// Every file that counts, sorted: all but what hubs and git add for themselves, or the one.
    func files() throws -> [String] {
        if let loneFile { return [loneFile] }
        return try filesBelow(path).filter { !isIgnored($0, by: Self.added) }
    }

    /// What hubs and their tools keep beside a model.
    private static let added = [".git", ".gitattributes", ".cache"]

    /// Why a path names no file of the model; nil if it does.
    func problem(with file: String) -> String? {
        guard isInside(file) else {
            return "the path \"\(file)\" leads out of the model, expected one inside it"
        }
        let place = joined(path, file)
        if isLink(place), fileKind(place) != nil, !leadsInside(place) {
            return "\(file) is a link out of the model, expected a file"
        }
        return fileKind(place) == .file ? nil : "\(file) is missing"
    }

    /// Whether a link leads to a file of the directory, or into the cache of hubs' tools that the directory is a
    /// snapshot in.
    private func leadsInside(_ link: String) -> Bool {
        guard let target = try? realPath(link), let folder = try? realPath(path) else {
            return false
        }
        let parts = pathParts(target)
        if parts.starts(with: pathParts(folder)) { return true }
        return CacheSnapshot(folder).map { parts.starts(with: pathParts($0.cache)) } ?? false
    }

    /// The SHA-256 of a file.
    func digest(of file: String) throws -> Digest {
        if let known = digests[file] { return known }
        let place = joined(path, file)
        let digest = try hashedFile(place) {
            hashedBytes += $0
            let total = max(hashedBytes, totalBytes ?? 0)
            progress(
                Progress("hashing files", hashedBytes, of: total, unit: .bytes, detail: file)
            )
        }
        digests[file] = digest
        return digest
    }

    /// Whether a file has the contents that a hub names.
    func has(_ content: RemoteListing.Content, _ file: String) throws -> Bool {
        switch content {
        case .sha256(let digest): return try self.digest(of: file) == digest
        case .gitBlob(let name):
            let contents = try ReadableFile(joined(path, file))
            let hasher = ContentHasher(.sha1)
            hasher.update(Array("blob \(contents.count)\0".utf8))
            try contents.forEachPiece(of: 0..<contents.count) { hasher.update($0) }
            return hexadecimal(hasher.finish()) == name
        }
    }
}

/// A snapshot in the cache that Hugging Face's tools share: links to contents that are named by what the hub
/// says they hash to (`models--OWNER--NAME/snapshots/COMMIT`).
struct CacheSnapshot {
    /// The cache that it is in.
    let cache: String

    /// Recognizes one by its path, links resolved; nil if it is none.
    init?(_ folder: String) {
        let parts = pathParts(folder)
        guard parts.count > 3, parts[parts.count - 2] == "snapshots",
            parts[parts.count - 3].hasPrefix("models--"),
            bytesOfHex(parts[parts.count - 1])?.count == 20
        else { return nil }
        cache = "/" + parts.dropLast(3).joined(separator: "/")
    }

    /// What the contents that a path links to are named; nil if it is no link into a folder of contents.
    static func content(of place: String) -> RemoteListing.Content? {
        guard isLink(place), let target = try? realPath(place) else { return nil }
        let name = lastComponent(target)
        switch bytesOfHex(name)?.count {
        case 20: return .gitBlob(name)
        case 32: return Digest(hex: name).map { .sha256($0) }
        default: return nil
        }
    }
}

/// Whether a path leads nowhere but into the folder that it is relative to.
///
/// Compared as bytes, as the system does: to Swift a slash and an accent after it are one character.
func isInside(_ path: String) -> Bool {
    !path.utf8.contains(0)
        && path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .allSatisfy {
                !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8)
            }
}
