/// How many bytes of tensors are held in memory at once for those that a container stores of them.
///
/// A file of tensors as they are can claim no more than it has. An encoded tensor can: frames of equal bytes are some
/// 20,000 times shorter than what they stand for, and codes of one bit 16,384 times. Of weights no encoding makes so few bytes; what
/// claims more is refused where all of it would have to be in memory, and read in pieces elsewhere.
enum Expansion {
    /// What may be held of anything, however few bytes it is stored in.
    private static let allowance = 1 << 26
    /// How often the stored bytes: four times what the smallest scheme reaches that is of use, 8 bits for 32 weights.
    private static let factor = 256

    /// The most bytes that may be held of what is stored in so many.
    static func limit(stored: Int) -> Int { max(allowance, factor * stored) }
}

extension Checkpoint {
    /// Refuses a model whose tensors are stored in too few bytes to be held in memory all at once.
    ///
    /// - Throws: ``CheckpointError/expansion(tensor:bytes:stored:)``.
    public func requireWholeInMemory() throws(CheckpointError) {
        let encoded = tensors.filter { $0.encoded != nil }
        let bytes = encoded.reduce(0) { $0 + $1.byteCount }
        let stored = encoded.reduce(0) { $0 + $1.range.count }
        guard bytes <= Expansion.limit(stored: stored) else {
            throw .expansion(tensor: nil, bytes: bytes, stored: stored)
        }
    }
}
