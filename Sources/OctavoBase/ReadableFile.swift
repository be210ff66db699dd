import Glibc

/// A file that is read a piece at a time.
///
/// What is read counts as no memory of the process, as pages of a `MappedFile` do, and a file that
/// somebody cuts off meanwhile ends early instead of ending the process.
public final class ReadableFile: Sendable {
    /// Where it is.
    public let path: String
    /// Its length in bytes when it was opened.
    public let count: Int
    private let descriptor: Int32

    /// Opens a regular file.
    ///
    /// - Throws: When it is not there, may not be read, or is a directory (`EISDIR`).
    public init(_ path: String) throws(FileError) {
        self.path = path
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("open", path) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw FileError("read", path, code: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw FileError("read", path, code: EISDIR)
        }
        count = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// Reads bytes into a buffer.
    ///
    /// - Parameters:
    ///   - buffer: Where they go.
    ///   - offset: Where they begin in the file.
    /// - Returns: How many came: fewer than the buffer holds only at the end of the file.
    /// - Throws: When the system refuses.
    public func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError)
        -> Int
    {
        var done = 0
        while done < buffer.count {
            let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let piece = unsafe pread(descriptor, rest.baseAddress, rest.count, offset + done)
            if piece < 0 && errno == EINTR { continue }
            guard piece >= 0 else { throw FileError("read", path) }
            if piece == 0 { break }
            done += piece
        }
        return done
    }

    /// Passes bytes of the file on, a piece after the other.
    ///
    /// - Parameters:
    ///   - range: Which; what lies behind the end of the file is left out.
    ///   - body: Takes the next bytes.
    /// - Throws: When the system refuses, and what `body` throws.
    public func forEachPiece(
        of range: Range<Int>,
        _ body: (RawSpan) throws -> Void
    ) throws {
        var buffer = [UInt8](repeating: 0, count: min(range.count, 1 << 20))
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = min(buffer.count, range.upperBound - offset)
            let count = try unsafe buffer.withUnsafeMutableBytes {
                try unsafe read(
                    into: UnsafeMutableRawBufferPointer(rebasing: $0[..<wanted]),
                    at: offset
                )
            }
            guard count > 0 else { return }
            try buffer.withRawBytes { try body($0.extracting(0..<count)) }
            offset += count
        }
    }
}
