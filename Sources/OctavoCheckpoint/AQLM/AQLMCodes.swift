internal import OctavoBase

/// The dtypes that codes are read from; the layout has one for each number of bits (A4).
let codeTypes: Set<DType> = [.i8, .u8, .i16, .u16, .i32, .u32, .i64, .u64]

/// Reads codes stored in any of ``codeTypes``, signed or not (A6).
///
/// - Parameters:
///   - tensor: `[outGroups, inGroups, codebooks]`, or the first two exchanged.
///   - bits: 1 to 16.
///   - transposed: Whether the first two dimensions are exchanged.
/// - Returns: Codes below 2^bits, groups of rows first.
/// - Throws: ``AQLMError/codeOutOfRange(tensor:found:bits:)``.
func plainCodes(
    _ tensor: CheckpointTensor,
    bits: Int,
    transposed: Bool
) throws(AQLMError) -> [UInt16] {
    guard case .dtype(let dtype) = tensor.type else { return [] }
    func read<Stored: FixedWidthInteger & BitwiseCopyable>(
        _ type: Stored.Type
    ) throws(AQLMError) -> [UInt16] {
        let stored: [Stored]
        do throws(CheckpointError) {
            stored = try tensor.withBytes { [Stored](copying: $0) } ?? []
        } catch { throw .unreadable(tensor: tensor.name, reason: "\(error)") }
        let mask = Int64(1) << bits - 1
        let range = -(Int64(1) << (bits - 1))...mask
        // The least and the largest are looked at once: a test of each code would cost more than the rest.
        for extreme in [stored.min(), stored.max()] {
            guard let extreme, Int64(exactly: extreme).map(range.contains) != true else { continue }
            throw .codeOutOfRange(tensor: tensor.name, found: "\(extreme)", bits: bits)
        }
        return stored.map { UInt16(truncatingIfNeeded: $0) & UInt16(mask) }
    }
    let codes =
        switch dtype {
        case .i8: try read(Int8.self)
        case .u8: try read(UInt8.self)
        case .i16: try read(Int16.self)
        case .u16: try read(UInt16.self)
        case .i32: try read(Int32.self)
        case .u32: try read(UInt32.self)
        case .i64: try read(Int64.self)
        default: try read(UInt64.self)
        }
    guard transposed else { return codes }
    return exchanged(codes, rows: tensor.shape[0], columns: tensor.shape[1])
}

/// Exchanges the first two dimensions of `[rows, columns, n]`.
private func exchanged(_ codes: [UInt16], rows: Int, columns: Int) -> [UInt16] {
    let depth = codes.count / max(1, rows * columns)
    var result: [UInt16] = []
    result.reserveCapacity(codes.count)
    for column in 0..<columns {
        for row in 0..<rows {
            let start = (row * columns + column) * depth
            result += codes[start..<start + depth]
        }
    }
    return result
}

/// Makes the bytes of a `codes` tensor: each code as a signed number of so many bits, extended to
/// the width of its dtype (A6).
///
/// - Parameters:
///   - codes: Codes below 2^bits.
///   - bits: 1 to 16.
/// - Returns: One byte for each code up to 8 bits, two above.
public func packedCodes(_ codes: [UInt16], bits: Int) -> [UInt8] {
    let unused = 16 - bits
    func extended(_ code: UInt16) -> UInt16 {
        UInt16(bitPattern: Int16(bitPattern: code << unused) >> unused)
    }
    if bits <= 8 { return codes.map { UInt8(truncatingIfNeeded: extended($0)) } }
    let words = codes.map { extended($0).littleEndian }
    return words.byteArray
}
