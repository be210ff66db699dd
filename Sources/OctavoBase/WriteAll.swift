import Glibc

/// Writes all bytes to an open file, in as many calls as that takes.
///
/// - Parameters:
///   - bytes: What is written.
///   - descriptor: The file, open for writing; where it stands moves on.
///   - path: What the file is called in an error.
/// - Throws: When the system refuses; some of the bytes may have been written.
public func writeAll(_ bytes: RawSpan, to descriptor: Int32, path: String) throws(FileError) {
    var offset = 0
    while offset < bytes.byteCount {
        let written = unsafe bytes.withUnsafeBytes {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: $0[offset...])
            return unsafe write(descriptor, rest.baseAddress, rest.count)
        }
        if written < 0 {
            if errno == EINTR { continue }
            throw FileError("write", path)
        }
        offset += written
    }
}

/// Writes all bytes to a place in an open file.
///
/// - Parameters:
///   - bytes: What is written.
///   - descriptor: The file, open for writing; where it stands does not change.
///   - offset: The place, from the start.
///   - path: What the file is called in an error.
/// - Throws: When the system refuses; some of the bytes may have been written.
public func writeAll(
    _ bytes: RawSpan,
    to descriptor: Int32,
    at offset: Int,
    path: String
) throws(FileError) {
    var done = 0
    while done < bytes.byteCount {
        let written = unsafe bytes.withUnsafeBytes {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: $0[done...])
            return unsafe pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
        }
        if written < 0 {
            if errno == EINTR { continue }
            throw FileError("write", path)
        }
        done += written
    }
}
