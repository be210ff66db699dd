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

    /// Fetches a part and decodes it.
    ///
    /// - Parameter part: One of ``header``.
    /// - Returns: Its bytes.
    /// - Throws: What the source throws, or the rule that what it gave breaks.
    public func bytes(of part: ContainerPart) async throws -> [UInt8] {
        guard part.size > 0 else { return [] }
        let (start, leaf) = (preamble.dataStart, MerkleTree.leafSize)
        let first = (part.stored.lowerBound - start) / leaf
        let last = (part.stored.upperBound - start - 1) / leaf
        let range = start + first * leaf..<min(preamble.fileLength, start + (last + 1) * leaf)
        let fetched = try await Self.fetch(source, range)
        return try fetched.withRawBytes { (bytes) throws(ContainerError) in
            for index in first...last {
                let from = (index - first) * leaf
                let digest = MerkleTree.leaf(
                    bytes.extracting(from..<min(bytes.byteCount, from + leaf))
                )
                guard digest[...] == header.leaves[32 * index..<32 * index + 32] else {
                    throw ContainerError(
                        .leafDigest,
                        "the bytes that were sent from \(start + index * leaf) on do not have their digest"
                    )
                }
            }
            let from = part.stored.lowerBound - range.lowerBound
            let stored = bytes.extracting(from..<from + part.stored.count)
            let reader = try PartReader(part, stored)
            var content: [UInt8] = []
            for index in 0..<reader.pieceCount { content += try reader.piece(index, stored) }
            guard Digest(of: content) == part.digest else {
                throw ContainerError(.partDigest, "a part does not decode to its bytes")
            }
            return content
        }
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
