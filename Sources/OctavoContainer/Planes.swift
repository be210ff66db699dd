import OctavoBase

/// Takes halves or brain floats apart: turned left by one bit, the upper byte has a float's exponent (and of
/// halves the first bits of the mantissa), the lower one the rest and the sign.
///
/// - Parameter bytes: An even number of bytes.
/// - Returns: The upper bytes and the lower ones.
func splitPlanes(_ bytes: RawSpan) -> [[UInt8]] {
    let count = bytes.byteCount / 2
    func plane(_ shift: UInt16) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { plane, filled in
            unsafe bytes.withUnsafeBytes { stored in
                for i in 0..<count {
                    let bits = unsafe UInt16(
                        littleEndian: stored.loadUnaligned(fromByteOffset: 2 &* i, as: UInt16.self)
                    )
                    let turned = bits << 1 | bits >> 15
                    unsafe plane[i] = UInt8(truncatingIfNeeded: turned >> shift)
                }
            }
            filled = count
        }
    }
    return [plane(8), plane(0)]
}

/// Puts planes of equal length together again.
func mergePlanes(_ upper: [UInt8], _ lower: [UInt8]) -> [UInt8] {
    let count = min(upper.count, lower.count)
    return unsafe [UInt8](unsafeUninitializedCapacity: 2 * count) { bytes, filled in
        unsafe upper.withUnsafeBufferPointer { upper in
            unsafe lower.withUnsafeBufferPointer { lower in
                for i in 0..<count {
                    let turned = unsafe UInt16(upper[i]) << 8 | UInt16(lower[i])
                    let bits = turned >> 1 | turned << 15
                    unsafe bytes[2 &* i] = UInt8(truncatingIfNeeded: bits)
                    unsafe bytes[2 &* i &+ 1] = UInt8(truncatingIfNeeded: bits >> 8)
                }
            }
        }
        filled = 2 * count
    }
}
