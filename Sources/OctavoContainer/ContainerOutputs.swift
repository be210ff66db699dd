public import OctavoBase

/// A container in a file that appears under its name when it is whole.
public final class ContainerFileOutput: ContainerOutput {
    private var file: AtomicFile?

    /// Starts a file that will be called `path`; its directory must exist.
    public init(_ path: String) throws(FileError) { file = try AtomicFile(path) }

    /// Puts bytes at a place.
    public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        try file?.write(bytes, at: offset)
    }

    /// Cuts off what was written beyond the end, and gives the file its name.
    public func finish(length: Int) throws(FileError) {
        guard let file = file.take() else { return }
        try file.resize(to: length)
        try file.commit()
    }
}

/// A container that goes to a pipe, from its first byte to its last: it is put together in a file without a
/// name, since its header says what comes of all its data.
public final class ContainerStreamOutput: ContainerOutput {
    private let file: UnnamedFile
    private let descriptor: Int32

    /// Writes to an open file, by way of a file in a directory.
    public init(to descriptor: Int32, by directory: String) throws(FileError) {
        self.descriptor = descriptor
        file = try UnnamedFile(in: directory)
    }

    /// Puts bytes at a place.
    public func write(_ bytes: RawSpan, at offset: Int) throws(FileError) {
        try file.write(bytes, at: offset)
    }

    /// Sends all of it.
    public func finish(length: Int) throws(FileError) {
        try file.copy(length, to: descriptor)
    }
}
