import Glibc

/// A file that appears under its name only when it is whole: written beside it, synced, renamed.
///
/// Dropped before `commit`, or refused by the disk, it leaves nothing behind. A file that had the name
/// is replaced, its permissions with it.
public struct AtomicFile: ~Copyable {
    private let path: String
    private let temporary: String
    private var descriptor: Int32

    /// Starts a file that will be called `path`; its directory must exist.
    ///
    /// - Parameters:
    ///   - path: The name it will have.
    ///   - mode: The permissions it will have, less those that the process's umask withholds.
    /// - Throws: When it cannot be made there.
    public init(_ path: String, mode: UInt32 = 0o644) throws(FileError) {
        self.path = path
        temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).tmp"
        descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw FileError("create", path) }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unsafe unlink(temporary)
    }

    /// Appends bytes.
    public func write(_ bytes: RawSpan) throws(FileError) {
        try writeAll(bytes, to: descriptor, path: path)
    }

    /// Appends the elements of an array as the bytes they are in memory.
    public func write(_ elements: [some BitwiseCopyable]) throws(FileError) {
        let (descriptor, path) = (descriptor, path)
        try elements.withRawBytes { (bytes) throws(FileError) in
            try writeAll(bytes, to: descriptor, path: path)
        }
    }

    /// Puts bytes at a place; what is between them and what was written before is zero.
    public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        try writeAll(bytes, to: descriptor, at: offset, path: path)
    }

    /// Cuts the file off, or fills it up with zeros.
    public func resize(to length: Int) throws(FileError) {
        guard ftruncate(descriptor, length) == 0 else { throw FileError("write", path) }
    }

    /// Syncs the file and gives it its name, replacing what had it.
    public consuming func commit() throws(FileError) {
        guard fsync(descriptor) == 0 else { throw FileError("write", path) }
        close(descriptor)
        descriptor = -1
        guard unsafe rename(temporary, path) == 0 else {
            let code = errno
            unsafe unlink(temporary)
            throw FileError("rename", path, code: code)
        }
        syncDirectory(parent(of: path))
    }

    /// Writes a whole file at once.
    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644)
        throws(FileError)
    {
        let file = try AtomicFile(path, mode: mode)
        try file.write(bytes)
        try file.commit()
    }

    /// Writes a text as UTF-8.
    public static func write(_ text: String, to path: String, mode: UInt32 = 0o644)
        throws(FileError)
    {
        try write(Array(text.utf8), to: path, mode: mode)
    }
}

/// Asks the disk to remember a directory's entries.
///
/// Some file systems refuse; that is no error.
func syncDirectory(_ path: String) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
}
