import OctavoBase

/// A matrix as sums of codebook entries: codebooks and scales as halves, then packed codes.
struct AdditivePart {
    let codebooks: Int
    let bits: Int
    let group: Int
    let rows: Int
    let columns: Int

    private var entryBytes: Int { 2 * (codebooks << bits) * group }
    private var groupsOfRow: Int { columns / group }
    /// How many groups of weights there are.
    var groups: Int { rows * groupsOfRow }

    /// Whether the bits after the last code are zero.
    func endsClean(_ stored: RawSpan) -> Bool {
        BitReader(stored, bits: bits).endsClean(after: groups * codebooks)
    }

    /// The weights of some groups, as halves or brain floats.
    ///
    /// Entries are added in the order of the codebooks in f32, the sum multiplied by the row's scale, the
    /// product rounded.
    func weights(_ range: Range<Int>, of stored: RawSpan, dtype: DType) -> [UInt8] {
        let codes = stored.extracting(entryBytes + 2 * rows..<stored.byteCount)
        let reader = BitReader(codes, bits: bits)
        func half(_ byte: Int) -> Float {
            unsafe Half.widen(
                UInt16(
                    littleEndian: stored.unsafeLoadUnaligned(
                        fromByteOffset: byte,
                        as: UInt16.self
                    )
                )
            )
        }
        var weights: [UInt16] = []
        weights.reserveCapacity(range.count * group)
        var sums = [Float](repeating: 0, count: group)
        for index in range {
            for i in 0..<group { sums[i] = 0 }
            for book in 0..<codebooks {
                let entry = (book << bits) + Int(reader.code(index * codebooks + book))
                for i in 0..<group { sums[i] += half(2 * (entry * group + i)) }
            }
            let scale = half(entryBytes + 2 * (index / groupsOfRow))
            for sum in sums {
                let value = sum * scale
                weights.append(
                    (dtype == .bf16 ? Half.narrowBrain(value) : Half.narrow(value)).littleEndian
                )
            }
        }
        return weights.byteArray
    }
}
