import Glibc

/// What a path names.
public enum FileKind: Sendable {
    /// A regular file, or a link to one.
    case file
    /// A directory, or a link to one.
    case directory
    /// A device, socket or pipe.
    case other
}

/// What is at a path, or nil if nothing is.
public func fileKind(_ path: String) -> FileKind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
}

/// The length of a file in bytes.
public func fileSize(_ path: String) throws(FileError) -> Int {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw FileError("read", path) }
    return Int(status.st_size)
}

/// The names in a directory, sorted, without `.` and `..`.
///
/// - Throws: When it cannot be listed, or has a name that is not UTF-8 (`EILSEQ`): a path could not
///   say that name, and the file would seem not to be there.
public func directoryEntries(_ path: String) throws(FileError) -> [String] {
    guard let directory = unsafe opendir(path) else { throw FileError("list", path) }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while true {
        errno = 0
        guard let entry = unsafe readdir(directory) else { break }
        let (name, repaired) = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
            unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                unsafe (String(validatingCString: $0), String(cString: $0))
            }
        }
        guard let name else {
            throw FileError("read the name of", joined(path, repaired), code: EILSEQ)
        }
        if name != "." && name != ".." { names.append(name) }
    }
    guard errno == 0 else { throw FileError("list", path) }
    return names.sorted(by: precedes)
}

/// Every file below a directory, as paths relative to it, sorted.
///
/// Links are not followed into. What is removed meanwhile is left out.
///
/// - Throws: As ``directoryEntries(_:)``.
public func filesBelow(_ root: String) throws(FileError) -> [String] {
    var found: [String] = []
    var pending = [""]
    while let relative = pending.popLast() {
        for name in try directoryEntries(joined(root, relative)) {
            let path = joined(relative, name)
            var status = stat()
            guard unsafe lstat(joined(root, path), &status) == 0 else {
                if errno == ENOENT { continue }
                throw FileError("read", joined(root, path))
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                pending.append(path)
            } else {
                found.append(path)
            }
        }
    }
    return found.sorted(by: precedes)
}

/// Whether a path names a link, wherever it leads.
public func isLink(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
}

/// Makes a directory and those above it.
public func makeDirectory(_ path: String) throws(FileError) {
    guard fileKind(path) != .directory else { return }
    let above = parent(of: path)
    if above != path && fileKind(above) == nil { try makeDirectory(above) }
    guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else {
        throw FileError("create directory", path)
    }
    guard fileKind(path) == .directory else {
        throw FileError("create directory", path, code: ENOTDIR)
    }
}

/// Removes a file, or a directory with all that is in it; that nothing is there is no error.
public func removeAll(_ path: String) throws(FileError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else {
        if errno == ENOENT || errno == ENOTDIR { return }
        throw FileError("remove", path)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
        for name in try directoryEntries(path) { try removeAll(joined(path, name)) }
        guard unsafe rmdir(path) == 0 else { throw FileError("remove", path) }
    } else {
        guard unsafe unlink(path) == 0 else { throw FileError("remove", path) }
    }
}

/// Refuses to begin what a disk has no room for; where the system does not tell, the writing itself will.
///
/// - Parameters:
///   - bytes: What is going to be written.
///   - directory: Where, on the disk in question.
/// - Throws: ``FileError`` with ``FileError/isDiskFull``.
public func requireSpace(_ bytes: Int, in directory: String) throws(FileError) {
    var status = statvfs()
    guard unsafe statvfs(directory, &status) == 0 else { return }
    let (free, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(
        by: UInt64(status.f_frsize)
    )
    guard overflow || bytes <= free else { throw FileError("write", directory, code: ENOSPC) }
}

/// Gives a file or directory another name, replacing a file that had it.
public func moveFile(_ from: String, to: String) throws(FileError) {
    guard unsafe rename(from, to) == 0 else { throw FileError("rename", to) }
    syncDirectory(parent(of: to))
}

/// Reads a small file whole.
///
/// - Parameters:
///   - path: The file.
///   - limit: The largest length accepted, so that a hostile file cannot fill memory.
/// - Returns: Its bytes.
/// - Throws: When it cannot be read or is longer.
public func readFile(_ path: String, limit: Int = 1 << 30) throws(FileError) -> [UInt8] {
    let file = try MappedFile(path)
    guard file.count <= limit else { throw FileError(tooLarge: path) }
    // What is lent must not outlive the mapping.
    return withExtendedLifetime(file) { file.bytes.array }
}

/// A path without links, `.` and `..`.
public func realPath(_ path: String) throws(FileError) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw FileError("read", path) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
}

/// Gives a file a second name, or copies it where the disk cannot.
///
/// - Throws: What the system says, also where something has the name already.
public func linkOrCopy(_ from: String, to: String) throws {
    if unsafe link(from, to) == 0 { return }
    guard errno != EEXIST, errno != ENOENT else { throw FileError("link", to) }
    let file = try ReadableFile(from)
    let copy = try AtomicFile(to)
    try file.forEachPiece(of: 0..<file.count) { try copy.write($0) }
    try copy.commit()
}
