import Glibc

/// A file mapped for reading: its bytes are fetched from disk as they are touched.
///
/// The file must not be shortened while it is mapped. Octavo itself replaces files by renaming,
/// which leaves the mapping of the old one whole.
@safe
public final class MappedFile: Sendable {
    /// Where the file was when it was opened.
    public let path: String
    /// Its length in bytes.
    public let count: Int
    // Read-only for as long as it lives, so any thread may read it.
    private nonisolated(unsafe) let base: UnsafeRawPointer

    /// Maps a regular file.
    ///
    /// - Throws: When it cannot be opened, or is a directory, a device or a pipe.
    public init(_ path: String) throws(FileError) {
        // A pipe would keep the call waiting for a writer, a terminal would become the process's own.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw FileError("open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError("read", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(
                "read",
                path,
                code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL
            )
        }
        self.path = path
        count = Int(status.st_size)
        guard count > 0 else {
            unsafe base = UnsafeRawPointer(
                UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
            )
            return
        }
        let mapping = unsafe mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
            throw FileError("map", path)
        }
        unsafe base = UnsafeRawPointer(mapping)
    }

    /// Stands for a file that is not on this machine: none of its bytes are here.
    public init(elsewhere path: String) {
        self.path = path
        count = 0
        unsafe base = UnsafeRawPointer(
            UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
        )
    }

    deinit {
        if count == 0 {
            unsafe base.deallocate()
        } else {
            unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
        }
    }

    /// All bytes of the file.
    public var bytes: RawSpan {
        @_lifetime(borrow self)
        get {
            let span = unsafe RawSpan(_unsafeStart: base, byteCount: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The SHA-256 of the whole file.
    public func digest() -> Digest { Digest(of: bytes) }
}
