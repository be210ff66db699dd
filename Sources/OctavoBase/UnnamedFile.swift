import Glibc

/// A file without a name, on disk for as long as it is held: where something is put together that cannot
/// be put together in the order in which it goes out.
public struct UnnamedFile: ~Copyable {
    private let directory: String
    private let descriptor: Int32

    /// Makes a file in a directory that is there.
    public init(in directory: String) throws(FileError) {
        self.directory = directory
        let path = joined(directory, ".octavo-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError("create a file in", directory) }
        // From here on nobody can open it, and it goes when the process does.
        unsafe unlink(path)
    }

    deinit { close(descriptor) }

    /// Puts bytes at a place.
    public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        try writeAll(bytes, to: descriptor, at: offset, path: directory)
    }

    /// Writes its first bytes to an open file, a pipe for example.
    ///
    /// - Parameters:
    ///   - count: How many; it has as many.
    ///   - output: The file, open for writing.
    /// - Throws: When it cannot be read, or the other not written.
    public func copy(_ count: Int, to output: Int32) throws(FileError) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset = 0
        while offset < count {
            let wanted = min(buffer.count, count - offset)
            let found = unsafe buffer.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress, wanted, offset)
            }
            if found < 0, errno == EINTR { continue }
            guard found > 0 else { throw FileError("read a file in", directory) }
            try buffer.withRawBytes { (bytes) throws(FileError) in
                try writeAll(bytes.extracting(0..<found), to: output, path: "the output")
            }
            offset += found
        }
    }
}
