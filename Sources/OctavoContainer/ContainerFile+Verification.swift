internal import OctavoBase

extension ContainerFile {
    /// Checks that every MiB has its digest, and what is between parts is zero (C23, C24): then every byte is
    /// what the content id stands for.
    ///
    /// - Parameters:
    ///   - threads: How many take part.
    ///   - progress: Told how many bytes have been looked at.
    /// - Throws: The first breach in the order of the file.
    public func verifyBytes(
        threads: Int,
        progress: (Int) -> Void = { _ in }
    ) throws(ContainerError) {
        let count = MerkleTree.leafCount(file.count - preamble.dataStart)
        let batch = 64 * max(1, threads)
        for first in stride(from: 0, to: count, by: batch) {
            let isWhole = parallelMap(min(batch, count - first), threads: threads) { index in
                let range = leafRange(first + index)
                file.prefetch(range)
                let digest = MerkleTree.leaf(file.bytes.extracting(range))
                file.release(range)
                let start = 32 * (first + index)
                return digest[...] == header.leaves[start..<start + 32]
            }
            if let damaged = isWhole.firstIndex(of: false) {
                throw damage(leafRange(first + damaged))
            }
            progress(leafRange(first + isWhole.count - 1).upperBound)
        }
        for gap in header.gaps {
            guard file.bytes.extracting(gap).array.allSatisfy({ $0 == 0 }) else {
                throw ContainerError(
                    .padding,
                    "bytes \(gap.lowerBound) to \(gap.upperBound) are between parts and not zero"
                )
            }
        }
    }

    private func leafRange(_ index: Int) -> Range<Int> {
        let start = preamble.dataStart + index * MerkleTree.leafSize
        return start..<min(file.count, start + MerkleTree.leafSize)
    }

    private func damage(_ range: Range<Int>) -> ContainerError {
        var inside = "nothing"
        for contained in header.files {
            if let part = contained.parts.first(where: { $0.stored.overlaps(range) }) {
                inside = part.tensor.map { "tensor \"\($0.name)\"" } ?? "\"\(contained.path)\""
                break
            }
        }
        return ContainerError(
            .leafDigest,
            "bytes \(range.lowerBound) to \(range.upperBound), from \(inside) on, do not have their digest"
        )
    }

    /// Checks that every part decodes to the bytes that it stands for (C25 to C28).
    ///
    /// - Parameters:
    ///   - threads: How many take part.
    ///   - progress: Told how many bytes of the container have been decoded.
    /// - Throws: The first breach.
    public func verifyParts(threads: Int, progress: (Int) -> Void = { _ in }) throws {
        for contained in header.files {
            for part in contained.parts {
                try forEachPiece(of: part, threads: threads) { _ in }
                progress(part.stored.upperBound)
            }
        }
    }
}
