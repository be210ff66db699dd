import OctavoBase

/// The tree of digests that a content id is the root of (RFC 6962, section 2.1).
///
/// A leaf is the SHA-256 of a 0 byte and what it stands for, a node that of a 1 byte and its two
/// children, so that neither passes for the other; the left child has the largest power of two of the
/// leaves. The container's length, and with it the number of leaves, goes into the id.
enum MerkleTree {
    /// The bytes that a leaf stands for.
    static let leafSize = 1 << 20

    /// How many leaves stand for so many bytes of data.
    static func leafCount(_ bytes: Int) -> Int { (bytes + leafSize - 1) / leafSize }

    /// The digest of a leaf.
    static func leaf(_ bytes: RawSpan) -> [UInt8] { hash(0, bytes) }

    /// The digest of a leaf.
    static func leaf(_ bytes: [UInt8]) -> [UInt8] { hash(0, bytes) }

    /// The root over leaves of 32 bytes each, one after the other, of which there is at least one.
    static func root(_ leaves: [UInt8]) -> [UInt8] {
        var level = leaves
        // An odd one at the end moves up as it is: this gives the tree of the RFC.
        while level.count > 32 {
            var next: [UInt8] = []
            next.reserveCapacity(level.count / 2 + 32)
            for start in stride(from: 0, to: level.count, by: 64) {
                let pair = level[start..<min(start + 64, level.count)]
                next += pair.count == 64 ? hash(1, Array(pair)) : Array(pair)
            }
            level = next
        }
        return level
    }

    /// The content id.
    ///
    /// - Parameters:
    ///   - preamble: Its 32 bytes before the id.
    ///   - header: The header with its padding, which is the first leaf.
    ///   - leaves: The leaves of the data, 32 bytes each.
    /// - Returns: It.
    static func contentID(preamble: [UInt8], header: RawSpan, leaves: [UInt8]) -> Digest {
        Digest(bytes: hash(2, preamble + root(leaf(header) + leaves)))
    }

    private static func hash(_ prefix: UInt8, _ bytes: RawSpan) -> [UInt8] {
        let hasher = ContentHasher(.sha256)
        hasher.update([prefix])
        hasher.update(bytes)
        return hasher.finish()
    }

    private static func hash(_ prefix: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        bytes.withRawBytes { hash(prefix, $0) }
    }
}
