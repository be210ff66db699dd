internal import Glibc
internal import OctavoBase

/// Makes a directory that only its owner may enter, with all that will be in it; takes the right to
/// from others if it is there.
func makePrivateDirectory(_ path: String) throws {
    try makeDirectory(path)
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { throw FileError("read", path) }
    if status.st_mode & 0o077 == 0 { return }
    guard unsafe chmod(path, 0o700) == 0 else { throw FileError("protect", path) }
}
