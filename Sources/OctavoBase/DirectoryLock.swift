import Glibc
import Synchronization

/// Keeps a directory for one process, by a lock on a file in it that ends with the process.
public final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// Locks a directory.
    ///
    /// - Parameters:
    ///   - directory: A directory that is there.
    ///   - file: The name of the file in it that is locked; made if it is not there, and left behind.
    /// - Throws: When the file cannot be opened, or another process has the lock
    ///   (``FileError/isHeldElsewhere``).
    public init(_ directory: String, file: String = "lock") throws(FileError) {
        let path = joined(directory, file)
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            throw FileError("lock", path, code: code)
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit { release() }

    /// Gives the directory free.
    public func release() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // Closing alone would not do while a process that is just being started still shares the file.
            flock(descriptor, LOCK_UN)
            close(descriptor)
            descriptor = -1
        }
    }
}

extension FileError {
    /// Whether another process has the lock that was asked for.
    public var isHeldElsewhere: Bool { operation == "lock" && code == EWOULDBLOCK }
}
