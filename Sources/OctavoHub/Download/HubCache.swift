internal import Glibc
internal import OctavoBase

/// A repository in the cache that Hugging Face's tools share (hub-protocol 13.2).
///
/// ```
/// models--OWNER--NAME/blobs/ETAG                  contents
///                     snapshots/COMMIT/PATH       links to them
///                     refs/REVISION               the commit that it stood for
/// .locks/models--OWNER--NAME/ETAG.lock            held while one is fetched
/// ```
struct HubCache: DownloadTarget {
    private let root: String
    private let name: String

    /// Makes the repository's folders.
    init(_ root: String, _ id: RepositoryID) throws {
        self.root = root
        name = "models--\(id)".replacing("/", with: "--")
        for folder in [[name, "blobs"], [name, "snapshots"], [name, "refs"], [".locks", name]] {
            try makeDirectory(try OctavoHub.place(folder, below: root))
        }
        let tag = joined(root, "CACHEDIR.TAG")
        if fileKind(tag) == nil {
            try AtomicFile.write(
                "Signature: 8a477f597d28d172789f06886806bc55\n"
                    + "# This file marks a cache directory (https://bford.info/cachedir/).\n",
                to: tag
            )
        }
    }

    /// Where the files of a commit are.
    func snapshot(_ commit: String) -> String { joined(root, "\(name)/snapshots/\(commit)") }

    func has(_ file: TreeEntry, onRead: (Int) -> Void) throws -> Bool {
        let blob = joined(root, "\(name)/blobs/\(file.content)")
        guard fileKind(blob) == .file, try fileSize(blob) == file.size else { return false }
        // Newer tools keep what several repositories have in one place, and link to it; within the cache.
        guard try isInside(blob) else {
            throw HubError.unsafePath("\(file.path)", rule: "\(blob) is a link out of the cache")
        }
        return try file.content.matches(blob, onRead: onRead)
    }

    func partialPlace(_ file: TreeEntry) throws -> String {
        try OctavoHub.place([name, "blobs", "\(file.content).octavo.incomplete"], below: root)
    }

    func place(_ file: TreeEntry) throws -> String {
        let blob = joined(root, "\(name)/blobs/\(file.content)")
        // A link here leads to contents that are wrong: those stay, the link goes.
        if isLink(blob) { unsafe unlink(blob) }
        return try OctavoHub.place([name, "blobs", "\(file.content)"], below: root)
    }

    func lock(_ file: TreeEntry) throws -> DirectoryLock? {
        do {
            return try DirectoryLock(
                joined(root, ".locks/\(name)"),
                file: "\(file.content).lock"
            )
        } catch {
            guard error.isHeldElsewhere else { throw error }
            throw HubError.alreadyDownloading(path: "\(file.path)")
        }
    }

    /// Gives the contents of a file its name in the snapshot of a commit.
    func link(_ file: TreeEntry, in commit: String) throws {
        let parts = file.path.parts
        let folder = [name, "snapshots", commit] + parts.dropLast()
        // Refuses links on the way, which might lead elsewhere.
        let above = try OctavoHub.place(folder, below: root)
        try makeDirectory(above)
        let place = joined(above, parts.last ?? "")
        let up = String(repeating: "../", count: parts.count + 1)
        let target = "\(up)blobs/\(file.content)"
        guard linkTarget(place) != target else { return }
        let temporary = "\(place).\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
        guard unsafe symlink(target, temporary) == 0 else { throw FileError("create", place) }
        do { try moveFile(temporary, to: place) } catch {
            unsafe unlink(temporary)
            throw error
        }
    }

    /// Keeps which commit a branch or tag stood for.
    func note(_ commit: String, as revision: Revision) throws {
        guard !revision.isCommit else { return }
        let parts = [name, "refs"] + revision.description.slashParts
        try AtomicFile.write(commit, to: try OctavoHub.place(parts, below: root))
    }

    /// Whether a file, links resolved, is in the cache.
    private func isInside(_ path: String) throws -> Bool {
        try realPath(path).slashParts.starts(with: try realPath(root).slashParts)
    }
}

/// Where a link leads; nil if it is none.
private func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = unsafe readlink(path, &buffer, buffer.count)
    guard count >= 0 else { return nil }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
