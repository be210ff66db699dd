import Glibc
internal import OctavoBase
internal import Synchronization

/// A large file on its way from a hub, several ranges at a time.
///
/// Which ranges are whole stands in a file beside it (`.ranges`), so that an interrupted download goes on with the others.
/// Hashing follows the arriving ranges in order; the file gets its own name only when every byte is right, whatever the
/// ranges were said to be.
final class RangedFile: Sendable {
    /// What the name of a file that comes in ranges ends in.
    static let suffix = ".in-ranges"

    private let path: String
    private let expected: TreeEntry
    private let rangeSize: Int
    private let onProgress: @Sendable (Int) -> Void
    private let descriptor: Int32
    private let state: Mutex<State>
    private let hashing: Mutex<Hashing>

    private struct State {
        /// The ranges that are whole, by number.
        var whole: Set<Int>
        /// How many bytes of others have come.
        var counts: [Int: Int] = [:]
    }

    private struct Hashing: ~Copyable {
        let hasher: ContentHasher
        /// The first range that is not hashed.
        var next = 0
    }

    /// Opens the partial file and finds out what an earlier download left in it.
    ///
    /// - Throws: `HubError.alreadyDownloading` if another process holds it.
    init(
        _ path: String,
        for expected: TreeEntry,
        rangeSize: Int,
        onProgress: @escaping @Sendable (Int) -> Void
    ) throws {
        self.path = path
        self.expected = expected
        self.rangeSize = rangeSize
        self.onProgress = onProgress
        descriptor = try openPartial(path, for: expected)
        var status = stat()
        let isWhole = unsafe fstat(descriptor, &status) == 0 && Int(status.st_size) == expected.size
        let whole = isWhole ? Self.wholeRanges(path, expected.size, rangeSize) : []
        state = Mutex(State(whole: whole))
        hashing = Mutex(Hashing(hasher: expected.content.hasher(size: expected.size)))
        // A disk that is too full shows now, not after hours of transfer.
        let kept = isWhole ? Int(status.st_blocks) * 512 : 0
        try requireSpace(max(0, expected.size - kept), in: parent(of: path))
        guard ftruncate(descriptor, expected.size) == 0 else { throw FileError("write", path) }
    }

    deinit { close(descriptor) }

    /// The ranges that are missing, by number.
    var missing: [Int] {
        let whole = state.withLock { $0.whole }
        return (0..<count).filter { !whole.contains($0) }
    }

    private var count: Int { pieceCount(of: expected.size, each: rangeSize) }

    private func range(_ number: Int) -> Range<Int> {
        let start = number * rangeSize
        return start..<(start + min(rangeSize, expected.size - start))
    }

    /// What takes a range.
    func sink(_ number: Int) -> RangeSink {
        RangeSink(expected.path, range(number), of: expected.size) { [self] bytes, offset in
            try writeAll(bytes, to: descriptor, at: offset, path: path)
            note(number, offset + bytes.byteCount - number * rangeSize)
        }
    }

    private func note(_ number: Int, _ count: Int) {
        let total = state.withLock { state in
            state.counts[number] = count
            return state.whole.reduce(0) { $0 + range($1).count }
                + state.counts.values.reduce(0, +)
        }
        onProgress(total)
    }

    /// Takes note that a range is whole, and hashes as far as the file is without a gap.
    func finish(_ number: Int) throws {
        // A list that says more than the disk holds would have the whole file fetched again.
        guard fdatasync(descriptor) == 0 else { throw FileError("write", path) }
        try state.withLock { state in
            state.counts[number] = nil
            state.whole.insert(number)
            let list = state.whole.sorted().map { JSON.integer($0) }
            let json = JSON.object([
                "size": .integer(expected.size), "range_size": .integer(rangeSize),
                "whole": .array(list),
            ])
            try AtomicFile.write(json.text(.compact), to: path + ".ranges")
        }
        try hashOn()
    }

    private func hashOn() throws {
        let file = try ReadableFile(path)
        try hashing.withLock { hashing in
            let whole = state.withLock { $0.whole }
            while whole.contains(hashing.next) {
                try file.forEachPiece(of: range(hashing.next)) { hashing.hasher.update($0) }
                hashing.next += 1
            }
        }
    }

    /// Checks the digest, and gives the file its name.
    ///
    /// A wrong file is removed: resuming it would never make it right.
    func finish(as final: String) throws {
        try hashOn()
        let found = hashing.withLock { hexadecimal($0.hasher.finish()) }
        unsafe unlink(path + ".ranges")
        guard found == expected.content.description else {
            unsafe unlink(path)
            throw HubError.wrongDigest(
                path: expected.path.description,
                expected: expected.content.description,
                found: found
            )
        }
        guard fsync(descriptor) == 0 else { throw FileError("write", path) }
        try moveFile(path, to: final)
    }

    /// Removes what there is: it comes in another way.
    func discard() { Self.remove(path) }

    /// Removes a partial file in this form, if there is one.
    static func remove(_ path: String) {
        unsafe unlink(path + ".ranges")
        unsafe unlink(path)
    }

    /// The ranges that an earlier download finished; none if it cut the file otherwise.
    private static func wholeRanges(_ path: String, _ size: Int, _ rangeSize: Int) -> Set<Int> {
        guard let bytes = try? readFile(path + ".ranges", limit: 1 << 20),
            let json = try? JSON(parsing: bytes), json["size"]?.integer == size,
            json["range_size"]?.integer == rangeSize
        else { return [] }
        let count = pieceCount(of: size, each: rangeSize)
        return Set((json["whole"]?.array ?? []).compactMap(\.integer).filter { (0..<count) ~= $0 })
    }
}
