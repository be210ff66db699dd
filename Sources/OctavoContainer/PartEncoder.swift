import OctavoBase

/// A piece of a part, encoded.
struct EncodedPiece {
    /// The stored bytes.
    var bytes: [UInt8]
    /// What the table of blocks says of it.
    var table: [UInt32] = []
}

/// Encodes a part, a piece at a time, any piece first.
struct PartEncoder: Sendable {
    let plan: PartPlan
    /// What must at least be saved for bytes not to be stored as they are: hundredths.
    static let leastSaving = 3
    /// What GGUF's Q8_0 gives a scale.
    private static let exactGroup = 32

    init(_ plan: PartPlan) { self.plan = plan }

    var size: Int { plan.source.count }

    /// The encoding that is chosen already, if one is.
    var ready: PartEncoding? { if case .ready(let encoding) = plan.form { encoding } else { nil } }

    /// The encodings without loss that are worth a try.
    var candidates: [PartEncoding] {
        guard size > 0, case .lossless(let codeBits) = plan.form else { return [] }
        switch plan.tensor?.dtype {
        case nil: return [.zstd]
        case .bf16: return [.planes]
        case .f16:
            return size % (2 * Self.exactGroup) == 0
                ? [.planes, .int8(group: Self.exactGroup)] : [.planes]
        case .i8, .i16:
            guard let bits = codeBits, bits < (plan.tensor?.dtype == .i8 ? 8 : 16) else {
                return []
            }
            return [.bits(bits)]
        default: return []
        }
    }

    /// An entry with as many bytes as the part can take.
    var boundEntry: PartEntry {
        var length = size
        if case .encoded(let matrix) = plan.form { length = max(length, matrix.storedSize) }
        return PartEntry(
            encoding: ready ?? .raw,
            size: size,
            length: length + 8 * (PartEncoding.planes.blockCount(size) + 1) + size / 8,
            digest: Digest(of: ""),
            tensor: plan.tensor
        )
    }

    /// How many pieces there are in an encoding.
    func pieceCount(_ encoding: PartEncoding) -> Int {
        let piece = PartReader.range(0, size: .max, encoding).count
        return (size + piece - 1) / piece
    }

    /// Encodes a piece without loss; nil if that cannot be.
    func piece(_ index: Int, as encoding: PartEncoding) -> EncodedPiece? {
        let range = PartReader.range(index, size: size, encoding)
        if encoding == .columns { return EncodedPiece(bytes: columns(range)) }
        return plan.source.withBytes(range) { bytes in
            switch encoding {
            case .raw: return EncodedPiece(bytes: bytes.array)
            case .columns, .additive: return nil
            case .bits(let bits):
                let width = plan.tensor?.dtype == .i8 ? 1 : 2
                return packedBits(bytes, width: width, bits: bits).map { EncodedPiece(bytes: $0) }
            case .zstd: return Self.encoded([bytes.array])
            case .planes: return Self.encoded(splitPlanes(bytes))
            case .int8(let group):
                return exactIntegers(bytes, group: group).map { EncodedPiece(bytes: $0) }
            }
        }
    }

    /// Some bytes of a tensor with its first dimension last.
    private func columns(_ range: Range<Int>) -> [UInt8] {
        guard let rows = plan.tensor?.shape[0], rows > 0 else { return [] }
        return plan.source.withBytes(0..<size) { transposedBytes(range, of: $0, rows: rows) }
    }

    private static func encoded(_ planes: [[UInt8]]) -> EncodedPiece {
        var piece = EncodedPiece(bytes: [])
        for plane in planes {
            let stored = zstdFrame(plane) ?? plane
            piece.table.append(UInt32(stored.count))
            piece.bytes += stored
        }
        return piece
    }
}
