import Glibc

/// What the system knows of a file that changes whenever the file does: the cheap answer to whether what was
/// once hashed is still the same.
public struct FileStamp: Equatable, Sendable {
    /// The length in bytes.
    public let size: Int
    /// The number of the file on its disk.
    public let inode: Int
    /// When contents last changed, in nanoseconds since 1970.
    public let modified: Int
    /// When anything last changed, in nanoseconds since 1970.
    public let changed: Int

    /// Reads it; links are followed.
    public init(_ path: String) throws(FileError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileError("read", path) }
        size = Int(status.st_size)
        inode = Int(truncatingIfNeeded: status.st_ino)
        modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
        changed = status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
    }

    /// Reads what ``numbers`` wrote.
    public init?(numbers: [Int]) {
        guard numbers.count == 4 else { return nil }
        (size, inode, modified, changed) = (numbers[0], numbers[1], numbers[2], numbers[3])
    }

    /// For a journal.
    public var numbers: [Int] { [size, inode, modified, changed] }
}
