import Glibc
internal import OctavoBase

extension CheckpointTensor {
    /// Whether another tensor has the same type, the same shape and the same stored bytes.
    ///
    /// False for tensors whose elements do not follow one another or are encoded, or of which GGUF has
    /// changed the values in another way: those may be equal all the same.
    public func hasSameBytes(as other: CheckpointTensor) -> Bool {
        guard type == other.type, shape == other.shape, transform == other.transform,
            layout == nil, other.layout == nil, encoded == nil, other.encoded == nil,
            byteCount == other.byteCount
        else { return false }
        let step = 1 << 24
        for start in stride(from: 0, to: byteCount, by: step) {
            let count = min(step, byteCount - start)
            let pieces = [self, other].map {
                $0.range.lowerBound + start..<$0.range.lowerBound + start + count
            }
            let isSame = areEqual(
                file.bytes.extracting(pieces[0]),
                other.file.bytes.extracting(pieces[1])
            )
            file.release(pieces[0])
            other.file.release(pieces[1])
            guard isSame else { return false }
        }
        return true
    }
}

/// Whether two runs of bytes are the same.
private func areEqual(_ a: RawSpan, _ b: RawSpan) -> Bool {
    guard a.byteCount == b.byteCount else { return false }
    return unsafe a.withUnsafeBytes { a in
        unsafe b.withUnsafeBytes { b in
            guard let first = a.baseAddress, let second = b.baseAddress else { return true }
            return unsafe memcmp(first, second, a.count) == 0
        }
    }
}
