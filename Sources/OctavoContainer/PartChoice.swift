import OctavoBase

extension PartEncoder {
    /// What is encoded already, if the part is.
    var matrix: LossyMatrix? { if case .encoded(let matrix) = plan.form { matrix } else { nil } }

    /// The encoding that makes a few pieces of a large part smallest.
    func choice(threads: Int) -> PartEncoding {
        if let ready { return ready }
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
        guard let piece = piece(index, as: encoding) else { return nil }
        let range = PartReader.range(index, size: size, encoding)
        return (piece, plan.source.withBytes(range) { $0.array })
    }
}

/// A part of at most one piece, encoded as small as it gets.
struct SmallPart: Sendable {
    let entry: PartEntry
    let stored: [UInt8]

    init(_ encoder: PartEncoder) {
        let size = encoder.size
        var best = PartEncoding.raw
        var stored = encoder.plan.source.withBytes(0..<size) { $0.array }
        var decoded = stored
        if let matrix = encoder.matrix {
            best = matrix.encoding
            stored = matrix.stored
            decoded = matrix.piece(0..<size, encoder.plan.tensor?.dtype ?? .f16)
        } else if let ready = encoder.ready {
            best = ready
            stored = encoder.piece(0, as: ready)?.bytes ?? stored
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
