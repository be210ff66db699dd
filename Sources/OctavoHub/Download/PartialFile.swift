import Glibc
internal import OctavoBase
import Synchronization

/// Opens the file that a download goes to, and locks it for this process.
///
/// - Throws: `HubError.alreadyDownloading` if another process holds it.
func openPartial(_ path: String, for expected: TreeEntry) throws -> Int32 {
    while true {
        // A link left in this place would lead the download elsewhere.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw FileError("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw HubError.alreadyDownloading(path: expected.path.description)
        }
        // Who held it until now may have given it its final name, or removed it.
        var (opened, named) = (stat(), stat())
        if unsafe fstat(descriptor, &opened) == 0, unsafe lstat(path, &named) == 0,
            opened.st_dev == named.st_dev, opened.st_ino == named.st_ino
        {
            return descriptor
        }
        close(descriptor)
    }
}

/// A file on its way from a hub: hashed as it arrives, kept under a stable name if the transfer
/// breaks, given its own name only when every byte is right.
final class PartialFile: ResumableSink {
    private let path: String
    private let expected: TreeEntry
    private let onProgress: @Sendable (Int) -> Void
    private let state: Mutex<State>

    private struct State: ~Copyable {
        let descriptor: Int32
        var hasher: ContentHasher
        var count: Int
        var isDropped = false

        deinit { close(descriptor) }
    }

    /// Opens the partial file and hashes what an earlier transfer left in it.
    ///
    /// - Throws: `HubError.alreadyDownloading` if another process holds it.
    init(_ path: String, for expected: TreeEntry, onProgress: @escaping @Sendable (Int) -> Void)
        throws
    {
        self.path = path
        self.expected = expected
        self.onProgress = onProgress
        let descriptor = try openPartial(path, for: expected)
        let hasher = expected.content.hasher(size: expected.size)
        let count: Int
        do {
            count = try Self.hashKept(descriptor, path, limit: expected.size, into: hasher)
        } catch {
            close(descriptor)
            throw error
        }
        state = Mutex(State(descriptor: descriptor, hasher: hasher, count: count))
    }

    /// Hashes what the file holds, and leaves it open at its end.
    ///
    /// - Returns: How many bytes that are; 0 if they were more than `limit`, and so removed.
    private static func hashKept(
        _ descriptor: Int32,
        _ path: String,
        limit: Int,
        into hasher: ContentHasher
    ) throws -> Int {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw FileError("read", path) }
        if Int(status.st_size) > limit {
            guard ftruncate(descriptor, 0) == 0 else { throw FileError("write", path) }
            return 0
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var count = 0
        while true {
            let piece = unsafe read(descriptor, &buffer, buffer.count)
            if piece < 0 && errno == EINTR { continue }
            guard piece >= 0 else { throw FileError("read", path) }
            if piece == 0 { return count }
            buffer.withRawBytes { hasher.update($0.extracting(0..<piece)) }
            count += piece
        }
    }

    /// How many bytes there are.
    var count: Int { state.withLock { $0.count } }

    /// How many bytes there are to be.
    var size: Int { expected.size }

    /// What is missing; nil where that is all.
    var range: String? { count > 0 ? "bytes=\(count)-" : nil }

    /// Accepts 200 (from the start) and a 206 that goes on exactly where this file ends.
    func accepts(_ response: WebResponse) throws -> Bool {
        switch response.status {
        case 200:
            try restart()
            return true
        case 206:
            let wanted = "bytes \(count)-\(expected.size - 1)/\(expected.size)"
            try requireRange(in: response, wanted, of: expected.path)
            return true
        default: return false
        }
    }

    func write(_ bytes: RawSpan) throws {
        let total = try state.withLock { state in
            guard bytes.byteCount <= expected.size - state.count else {
                throw HubError.wrongSize(
                    path: expected.path.description,
                    expected: expected.size,
                    found: state.count + bytes.byteCount
                )
            }
            var offset = 0
            while offset < bytes.byteCount {
                let written = unsafe bytes.withUnsafeBytes {
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: $0[offset...])
                    return unsafe Glibc.write(state.descriptor, rest.baseAddress, rest.count)
                }
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { throw FileError("write", path) }
                offset += written
            }
            state.hasher.update(bytes)
            state.count += bytes.byteCount
            return state.count
        }
        onProgress(total)
    }

    /// Empties the file.
    func restart() throws {
        try state.withLock { state in
            guard ftruncate(state.descriptor, 0) == 0, lseek(state.descriptor, 0, SEEK_SET) == 0
            else {
                throw FileError("write", path)
            }
            state.hasher = expected.content.hasher(size: expected.size)
            state.count = 0
        }
    }

    /// Checks length and digest, and gives the file its name.
    ///
    /// A wrong file is removed: resuming it would never make it right.
    func finish(as final: String) throws {
        try state.withLock { state in
            guard state.count == expected.size else {
                throw HubError.wrongSize(
                    path: expected.path.description,
                    expected: expected.size,
                    found: state.count
                )
            }
            let found = hexadecimal(state.hasher.finish())
            guard found == expected.content.description else {
                unsafe unlink(path)
                throw HubError.wrongDigest(
                    path: expected.path.description,
                    expected: expected.content.description,
                    found: found
                )
            }
            guard fsync(state.descriptor) == 0 else { throw FileError("write", path) }
            try moveFile(path, to: final)
        }
    }
}
