internal import Glibc
internal import OctavoBase

/// Does something that one thread of one process at a time may do; the lock ends with the process.
func withLockedFile<R>(_ path: String, _ body: () throws -> R) throws -> R {
    let lock = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard lock >= 0 else { throw FileError("open", path) }
    // Each opening of the file has its own lock, so threads wait for each other too.
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 {
        guard errno == EINTR else { throw FileError("lock", path) }
    }
    return try body()
}
