import Glibc
internal import OctavoBase

/// A file of a folder that is to be uploaded.
struct LocalFile: Sendable {
    let path: RepositoryPath
    let location: String
    let size: Int
    /// Its first bytes, for the hub to tell text from binary.
    let sample: [UInt8]
    /// What changes when it is written to.
    let stamp: FileStamp
}

/// Lists the files of a folder that belong in a repository, sorted by path, and the links whose files
/// do not.
///
/// Left out are git's own files, what downloads leave in `.cache`, and journals of uploads. A link counts as the file that
/// it leads to if that lies in the folder, or among the blobs of the hub's own cache; any other might
/// make something public that was never meant to be.
///
/// - Throws: `HubError.unsafePath` for a name that a repository cannot hold.
func localFiles(in folder: String) throws -> (files: [LocalFile], skippedLinks: [String]) {
    guard fileKind(folder) == .directory else { throw FileError("list", folder, code: ENOTDIR) }
    let root = try realPath(folder)
    var files: [LocalFile] = []
    var skipped: [String] = []
    var pending = [""]
    while let above = pending.popLast() {
        for name in try directoryEntries(joined(folder, above)) where !isLeftOut(name) {
            let relative = joined(above, name)
            let location = joined(folder, relative)
            var status = stat()
            guard unsafe lstat(location, &status) == 0 else {
                throw HubError.unsafePath(relative, rule: "its name is not UTF-8, or it went away")
            }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: pending.append(relative)
            case S_IFREG where UploadJournal.isJournal(location, named: name): continue
            case S_IFREG: files.append(try LocalFile(relative, at: location))
            case S_IFLNK where try leadsToContents(location, of: root):
                files.append(try LocalFile(relative, at: location))
            case S_IFLNK: skipped.append(relative)
            // A socket or a device holds no contents.
            default: continue
            }
        }
    }
    return (files.sorted { $0.path < $1.path }, skipped.sorted())
}

extension LocalFile {
    fileprivate init(_ relative: String, at location: String) throws {
        do {
            path = try RepositoryPath(relative)
        } catch {
            throw HubError.unsafePath(relative, rule: error.rule)
        }
        self.location = location
        // Before anything is read: what is written to it from now on shows.
        stamp = try FileStamp(location)
        size = stamp.size
        var sample: [UInt8] = []
        try ReadableFile(location).forEachPiece(of: 0..<min(Protocol.sampleSize, size)) {
            sample += $0.array
        }
        self.sample = sample
    }
}

/// Whether a name is git's or the downloads' own.
private func isLeftOut(_ name: String) -> Bool {
    [".git", ".cache"].contains { $0.utf8.elementsEqual(name.utf8) }
}

/// Whether a link leads to a file of the folder, or to `blobs/HASH` of the cache that the folder is a
/// snapshot in (`models--a--b/snapshots/COMMIT`).
private func leadsToContents(_ link: String, of root: String) throws -> Bool {
    guard fileKind(link) == .file else { return false }
    let target = try realPath(link).slashParts
    let folder = root.slashParts
    if target.starts(with: folder) {
        let inside = target.dropFirst(folder.count).joined(separator: "/")
        return (try? RepositoryPath(inside)) != nil
    }
    guard folder.count > 2, folder[folder.count - 2] == "snapshots",
        target.dropLast() == folder.dropLast(2) + ["blobs"]
    else { return false }
    return [20, 32].contains(bytesOfHex(target[target.count - 1])?.count ?? 0)
}
