import OctavoBase

/// Packs signed codes, each in its low bits, the first in the lowest bits of the first byte.
///
/// - Parameters:
///   - bytes: Signed numbers of one or two bytes.
///   - width: 1 or 2.
///   - bits: 1 to 8 times the width.
/// - Returns: The packed codes; nil if one of them is not a number of so many bits, sign-extended.
func packedBits(_ bytes: RawSpan, width: Int, bits: Int) -> [UInt8]? {
    let count = bytes.byteCount / width
    let length = (count * bits + 7) / 8
    let unused = 16 - bits
    var mismatch: UInt16 = 0
    let packed = unsafe [UInt8](unsafeUninitializedCapacity: length) { packed, filled in
        var window: UInt64 = 0
        var held = 0
        var next = 0
        unsafe bytes.withUnsafeBytes { stored in
            for i in 0..<count {
                let code: UInt16 =
                    unsafe width == 1
                    ? UInt16(bitPattern: Int16(Int8(bitPattern: stored[i])))
                    : UInt16(
                        littleEndian: stored.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self)
                    )
                let extended = UInt16(bitPattern: Int16(bitPattern: code << unused) >> unused)
                mismatch |= extended ^ code
                window |= UInt64(code & (0xFFFF >> unused)) << held
                held &+= bits
                while held >= 8 {
                    unsafe packed[next] = UInt8(truncatingIfNeeded: window)
                    next &+= 1
                    window >>= 8
                    held &-= 8
                }
            }
        }
        if held > 0 { unsafe packed[next] = UInt8(truncatingIfNeeded: window) }
        filled = length
    }
    return mismatch == 0 ? packed : nil
}

/// Reads packed codes.
struct BitReader: ~Escapable {
    private let packed: RawSpan
    private let bits: Int
    private let mask: UInt32

    /// Reads codes of 1 to 16 bits.
    @_lifetime(copy packed)
    init(_ packed: RawSpan, bits: Int) {
        self.packed = packed
        self.bits = bits
        mask = (1 << UInt32(bits)) - 1
    }

    /// The code of an index; what lies beyond the bytes is zero.
    func code(_ index: Int) -> UInt16 {
        let bit = index &* bits
        let byte = bit >> 3
        let window: UInt32
        if byte &+ 4 <= packed.byteCount {
            window = unsafe UInt32(
                littleEndian: packed.unsafeLoadUnaligned(fromByteOffset: byte, as: UInt32.self)
            )
        } else {
            var bytes: UInt32 = 0
            for i in 0..<3 where byte + i < packed.byteCount {
                let next = unsafe packed.unsafeLoadUnaligned(
                    fromByteOffset: byte + i,
                    as: UInt8.self
                )
                bytes |= UInt32(next) << UInt32(8 * i)
            }
            window = bytes
        }
        return UInt16(truncatingIfNeeded: (window >> UInt32(bit & 7)) & mask)
    }

    /// Whether the bits after so many codes are zero.
    func endsClean(after count: Int) -> Bool {
        guard let rest = [UInt8](packed.array.suffix(1)).first, count * bits % 8 != 0 else {
            return true
        }
        return rest >> UInt8(count * bits % 8) == 0
    }
}

/// Unpacks codes to signed numbers of one or two bytes.
func unpackedBits(_ packed: RawSpan, count: Int, width: Int, bits: Int) -> [UInt8] {
    let reader = BitReader(packed, bits: bits)
    let unused = 16 - bits
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * width)
    for i in 0..<count {
        let code = Int16(bitPattern: reader.code(i) << unused) >> unused
        bytes.append(UInt8(truncatingIfNeeded: code))
        if width == 2 { bytes.append(UInt8(truncatingIfNeeded: code >> 8)) }
    }
    return bytes
}
