import OctavoBase

/// Bytes that are fetched a range at a time, from a hub for example.
public protocol ByteRangeSource: Sendable {
    /// How many there are.
    var count: Int { get }
    /// Fetches a range of them, all of it.
    func bytes(_ range: Range<Int>) async throws -> [UInt8]
}

/// A container that is read by ranges: opening it fetches its header alone, a part of it whole MiBs, each of
/// which is checked against its digest.
public struct RemoteContainer: Sendable {
    /// What its header says.
    public let header: ContainerHeader
    /// What precedes the header.
    public let preamble: ContainerPreamble
    private let source: any ByteRangeSource

    /// Fetches and checks preamble and header.
    ///
    /// - Throws: The first rule that the container breaks, or what the source throws.
    public init(_ source: any ByteRangeSource) async throws {
        self.source = source
        let length = min(ContainerPreamble.byteCount, source.count)
        let first = try await Self.fetch(source, 0..<length)
        let preamble = try first.withRawBytes { (bytes) throws(ContainerError) in
            try ContainerPreamble(bytes, available: source.count)
        }
        let text = try await Self.fetch(source, ContainerPreamble.byteCount..<preamble.dataStart)
        self.preamble = preamble
        header = try text.withRawBytes { (bytes) throws(ContainerError) in
            try ContainerHeader(bytes, preamble)
        }
    }

    /// Fetches parts and decodes them; a MiB that several of them lie in is fetched once.
    ///
    /// - Parameters:
    ///   - parts: Some of ``header``.
    ///   - limit: The most bytes that they may have together, decoded and stored: a header may claim any number.
    /// - Returns: The bytes of each.
    /// - Throws: ``FileError`` if they have more; what the source throws, or the rule that what it gave breaks.
    public func bytes(of parts: [ContainerPart], limit: Int) async throws -> [[UInt8]] {
        guard parts.reduce(0, { $0 + max($1.size, $1.stored.count) }) <= limit else {
            throw FileError(tooLarge: "the parts of a container")
        }
        let leaves = try await fetchLeaves(parts)
        return try parts.map { part in
            var stored: [UInt8] = []
            for index in leafIndices(part) {
                let bytes = leaves[index] ?? []
                let wanted = part.stored.clamped(to: leafRange(index..<index + 1))
                let start = leafRange(index..<index + 1).lowerBound
                stored += bytes[wanted.lowerBound - start..<wanted.upperBound - start]
            }
            return try stored.withRawBytes { (stored) throws(ContainerError) in
                try part.content(of: stored)
            }
        }
    }

    /// Fetches files whole.
    ///
    /// - Parameters:
    ///   - files: Some of ``header``.
    ///   - limit: As for parts.
    /// - Returns: Their bytes by their paths.
    /// - Throws: As for parts.
    public func contents(
        of files: [ContainedFile],
        limit: Int
    ) async throws -> [String: [UInt8]] {
        var parts = try await bytes(of: files.flatMap(\.parts), limit: limit)[...]
        var contents: [String: [UInt8]] = [:]
        for file in files {
            contents[file.path] = Array(parts.prefix(file.parts.count).joined())
            parts = parts.dropFirst(file.parts.count)
        }
        return contents
    }

    /// Fetches the leaves that parts lie in, those that follow one another at once, and checks their digests.
    private func fetchLeaves(_ parts: [ContainerPart]) async throws -> [Int: [UInt8]] {
        var leaves: [Int: [UInt8]] = [:]
        for run in runs(Set(parts.flatMap { leafIndices($0) }).sorted()) {
            let range = leafRange(run)
            let fetched = try await Self.fetch(source, range)
            for index in run {
                let place = leafRange(index..<index + 1)
                let leaf = Array(
                    fetched[
                        place.lowerBound - range.lowerBound..<place.upperBound - range.lowerBound
                    ]
                )
                guard MerkleTree.leaf(leaf)[...] == header.leaves[32 * index..<32 * index + 32]
                else {
                    throw ContainerError(
                        .leafDigest,
                        "the bytes that were sent from \(place.lowerBound) on do not have their digest"
                    )
                }
                leaves[index] = leaf
            }
        }
        return leaves
    }

    /// The leaves that a part lies in.
    private func leafIndices(_ part: ContainerPart) -> Range<Int> {
        guard !part.stored.isEmpty else { return 0..<0 }
        let (start, size) = (preamble.dataStart, MerkleTree.leafSize)
        return (part.stored.lowerBound - start) / size..<(part.stored.upperBound - 1 - start) / size
            + 1
    }

    /// The bytes of the file that leaves stand for.
    private func leafRange(_ leaves: Range<Int>) -> Range<Int> {
        let (start, size) = (preamble.dataStart, MerkleTree.leafSize)
        return start + leaves.lowerBound
            * size..<min(
                preamble.fileLength,
                start + leaves.upperBound * size
            )
    }

    private static func fetch(
        _ source: any ByteRangeSource,
        _ range: Range<Int>
    ) async throws -> [UInt8] {
        let bytes = try await source.bytes(range)
        guard bytes.count == range.count else {
            throw ContainerError(
                .fileLength,
                "\(bytes.count) bytes were sent for a range of \(range.count)"
            )
        }
        return bytes
    }
}

/// Numbers in order, those that follow one another as a range.
private func runs(_ numbers: [Int]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    for number in numbers {
        if let last = runs.last, last.upperBound == number {
            runs[runs.count - 1] = last.lowerBound..<number + 1
        } else {
            runs.append(number..<number + 1)
        }
    }
    return runs
}
