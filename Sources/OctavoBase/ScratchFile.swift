import Glibc

/// Floats on disk that end with the process: a file without a name, mapped into memory, whose pages
/// the system may put back to disk whenever it needs the room.
///
/// Not for several threads at once.
@safe
public final class ScratchFile {
    /// How many floats there is room for.
    public let count: Int
    private let base: UnsafeMutablePointer<Float>

    /// Makes a file with room for some floats, all of it reserved: a full disk says so now.
    ///
    /// - Parameters:
    ///   - directory: Where; a directory that is there.
    ///   - count: How many floats, at least 1.
    /// - Throws: When there is no room, or no file can be made.
    public init(in directory: String, count: Int) throws(FileError) {
        precondition(count > 0)
        self.count = count
        let path = joined(directory, ".activations")
        let flags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC
        _ = unsafe unlink(path)
        let descriptor = unsafe open(path, flags, 0o600)
        guard descriptor >= 0 else { throw FileError("create", path) }
        defer { close(descriptor) }
        // From here on nobody can open it, and it goes when the mapping does.
        guard unsafe unlink(path) == 0 else { throw FileError("unlink", path) }
        let bytes = count * MemoryLayout<Float>.size
        // Storing into a page that the disk has no room for would kill the process.
        let code = posix_fallocate(descriptor, 0, bytes)
        guard code == 0 else { throw FileError("reserve", path, code: code) }
        let mapping = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else {
            throw FileError("map", path)
        }
        unsafe base = mapping.bindMemory(to: Float.self, capacity: count)
    }

    deinit { unsafe munmap(base, count * MemoryLayout<Float>.size) }

    /// Returns floats from the file.
    public func read(_ range: Range<Int>) -> [Float] {
        precondition(0 <= range.lowerBound && range.upperBound <= count)
        let floats = unsafe Array(
            UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
        )
        release(range)
        return floats
    }

    /// Puts floats into the file.
    public func write(_ floats: [Float], at start: Int) {
        precondition(0 <= start && start + floats.count <= count)
        unsafe floats.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            unsafe (base + start).update(from: source, count: floats.count)
        }
        release(start..<start + floats.count)
    }

    /// Takes whole pages out of the process's memory; the file keeps what they hold.
    private func release(_ range: Range<Int>) {
        let page = Int(getpagesize()) / MemoryLayout<Float>.size
        let first = (range.lowerBound + page - 1) / page * page
        let last = range.upperBound / page * page
        guard first < last else { return }
        unsafe madvise(base + first, (last - first) * MemoryLayout<Float>.size, MADV_DONTNEED)
    }
}
