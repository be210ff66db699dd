import OctavoBase

/// A matrix of halves as a container stores it with loss: what is stored, and what this decodes to.
public struct LossyMatrix: Sendable {
    let encoding: PartEncoding
    let stored: [UInt8]
    /// `[rows, columns]`.
    let shape: [Int]

    /// The bytes that are stored.
    public var storedSize: Int { stored.count }

    /// A matrix as integers of 8 bits with a scale for each group; nil if a number is not finite or too large for
    /// a scale.
    ///
    /// - Parameters:
    ///   - values: Numbers, row by row.
    ///   - columns: How many make a row.
    ///   - group: How many have a scale; it divides the rows.
    public init?(integersFor values: [Float], columns: Int, group: Int) {
        precondition(group > 0 && columns > 0 && columns % group == 0)
        precondition(values.count % columns == 0)
        guard let stored = nearestIntegers(values, group: group) else { return nil }
        encoding = .int8(group: group)
        self.stored = stored
        shape = [values.count / columns, columns]
    }

    /// A matrix as sums of codebook entries.
    ///
    /// - Parameters:
    ///   - codebooks: `[codebooks, 2^bits, group]`, halves in value.
    ///   - bits: The bits of a code.
    ///   - group: How many neighbours in a row a code stands for.
    ///   - scales: `[rows]`, halves in value.
    ///   - codes: `[rows, groups, codebooks]`.
    public init(codebooks: [Float], bits: Int, group: Int, scales: [Float], codes: [UInt16]) {
        precondition(1...16 ~= bits && group > 0 && !scales.isEmpty)
        let count = (codebooks.count / group) >> bits
        precondition(count > 0 && codebooks.count == count << bits * group)
        precondition(codes.count % (scales.count * count) == 0)
        encoding = .additive(codebooks: count, bits: bits, group: group)
        shape = [scales.count, codes.count / (scales.count * count) * group]
        let unused = 16 - bits
        let signed = codes.map { UInt16(bitPattern: Int16(bitPattern: $0 << unused) >> unused) }
        let packed = signed.map(\.littleEndian).byteArray.withRawBytes {
            packedBits($0, width: 2, bits: bits)
        }
        guard let packed else { preconditionFailure("codes are cut to the bits they have") }
        let halves = (codebooks + scales).map { Half.narrow($0).littleEndian }.byteArray
        stored = halves + packed
    }

    /// The numbers that the halves are, row by row.
    public func values(threads: Int) -> [Float] {
        let size = 2 * shape[0] * shape[1]
        let length = PartReader.range(0, size: .max, encoding).count
        let pieces = parallelMap((size + length - 1) / length, threads: threads) { index in
            let piece = piece(PartReader.range(index, size: size, encoding), .f16)
            guard let halves = [UInt16](copying: piece) else {
                preconditionFailure("a piece is of whole groups of halves")
            }
            return halves
        }
        var values: [Float] = []
        values.reserveCapacity(shape[0] * shape[1])
        for piece in pieces { values += piece.lazy.map { Half.widen($0) } }
        return values
    }

    /// Some of the bytes that this decodes to: whole groups of halves or brain floats.
    func piece(_ range: Range<Int>, _ dtype: DType) -> [UInt8] {
        stored.withRawBytes { encoding.matrix(range, of: $0, shape: shape, dtype: dtype) }
    }
}

extension PartEncoding {
    /// Whether it is one of integers with scales, or of codes with codebooks.
    public var isOfGroups: Bool {
        switch self {
        case .int8, .additive: true
        default: false
        }
    }

    /// Some bytes of a matrix that is stored as groups: whole groups.
    func matrix(_ range: Range<Int>, of stored: RawSpan, shape: [Int], dtype: DType) -> [UInt8] {
        switch self {
        case .int8(let group):
            let width = group + 2
            let bytes = stored.extracting(
                range.lowerBound / 2 / group * width..<range.upperBound / 2 / group * width
            )
            return scaledFloats(bytes, group: group, dtype: dtype)
        case .additive(_, _, let group):
            let groups = range.lowerBound / 2 / group..<range.upperBound / 2 / group
            return additivePart(shape)?.weights(groups, of: stored, dtype: dtype) ?? []
        default: return []
        }
    }

    /// Whether the bits after the last code of a matrix are zero.
    func endsClean(_ stored: RawSpan, shape: [Int]) -> Bool {
        additivePart(shape)?.endsClean(stored) ?? true
    }

    private func additivePart(_ shape: [Int]) -> AdditivePart? {
        guard case .additive(let codebooks, let bits, let group) = self else { return nil }
        return AdditivePart(
            codebooks: codebooks,
            bits: bits,
            group: group,
            rows: shape[0],
            columns: shape[1]
        )
    }
}
