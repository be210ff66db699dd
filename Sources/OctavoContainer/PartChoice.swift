import OctavoBase

extension PartEncoder {
    /// Whether the bytes that are stored stand for others than those given.
    var isLossy: Bool { if case .lossless = plan.form { false } else { true } }

    /// The encoding that makes a few pieces of a large part smallest.
    func choice(threads: Int) -> PartEncoding {
        switch plan.form {
        case .int8(let group): return .int8(group: group)
        case .additive(let codebooks, let bits, let group, _):
            return .additive(codebooks: codebooks, bits: bits, group: group)
        case .lossless: break
        }
        let candidates = candidates
        guard !candidates.isEmpty else { return .raw }
        let sizes = parallelMap(candidates.count, threads: threads) { index in
            let encoding = candidates[index]
            let count = pieceCount(encoding)
            var stored = 0
            var size = 0
            for sample in Set([0, count / 2, count - 1]) {
                guard let piece = piece(sample, as: encoding) else { return Double.infinity }
                stored += piece.bytes.count
                size += PartReader.range(sample, size: self.size, encoding).count
            }
            return Double(stored) / Double(size)
        }
        let best = zip(candidates, sizes).min { $0.1 < $1.1 }
        guard let best, best.1 <= 1 - Double(Self.leastSaving) / 100 else { return .raw }
        return best.0
    }

    /// A piece as it is stored, and the bytes that this stands for; nil if it cannot be stored so.
    func stored(
        _ index: Int,
        as encoding: PartEncoding
    ) -> (encoded: EncodedPiece, decoded: [UInt8])? {
        let dtype = plan.tensor?.dtype ?? .f16
        switch (plan.form, encoding) {
        case (.int8(let group), _):
            guard let bytes = rounded(index, group: group) else { return nil }
            let decoded = bytes.withRawBytes { scaledFloats($0, group: group, dtype: dtype) }
            return (EncodedPiece(bytes: bytes), decoded)
        case (.additive(let codebooks, let bits, let group, let stored), _):
            let shape = plan.tensor?.shape ?? [0, 0]
            let matrix = AdditivePart(
                codebooks: codebooks,
                bits: bits,
                group: group,
                rows: shape[0],
                columns: shape[1]
            )
            let range = PartReader.range(index, size: size, encoding)
            let groups = range.lowerBound / 2 / group..<range.upperBound / 2 / group
            let decoded = stored.withRawBytes {
                matrix.weights(groups, of: $0, dtype: dtype)
            }
            return (EncodedPiece(bytes: []), decoded)
        case (.lossless, _):
            guard let piece = piece(index, as: encoding) else { return nil }
            let range = PartReader.range(index, size: size, encoding)
            return (piece, plan.source.withBytes(range) { $0.array })
        }
    }
}

/// A part of at most one piece, encoded as small as it gets.
struct SmallPart: Sendable {
    let entry: PartEntry
    let stored: [UInt8]

    init(_ encoder: PartEncoder) throws {
        let size = encoder.size
        var best = PartEncoding.raw
        var stored = encoder.plan.source.withBytes(0..<size) { $0.array }
        var decoded = stored
        if encoder.isLossy {
            best = encoder.choice(threads: 1)
            var bytes: [UInt8] = []
            decoded = []
            for index in 0..<encoder.pieceCount(best) {
                guard let piece = encoder.stored(index, as: best) else {
                    throw ContainerWriteError.values(tensor: encoder.plan.tensor?.name ?? "")
                }
                bytes += piece.encoded.bytes
                decoded += piece.decoded
            }
            if case .additive(_, _, _, let encoded) = encoder.plan.form { bytes = encoded }
            stored = bytes
        } else {
            let limit = size - (size * PartEncoder.leastSaving + 99) / 100
            for encoding in encoder.candidates where encoder.pieceCount(encoding) == 1 {
                guard let piece = encoder.piece(0, as: encoding) else { continue }
                let bytes = piece.bytes + piece.table.map(\.littleEndian).byteArray
                if bytes.count <= limit, bytes.count < stored.count {
                    (best, stored) = (encoding, bytes)
                }
            }
        }
        self.stored = stored
        entry = PartEntry(
            encoding: best,
            size: size,
            length: stored.count,
            digest: Digest(of: decoded),
            tensor: encoder.plan.tensor
        )
    }
}
