/// Floats of eight bits, widened; every value is exact.
///
/// Named as PyTorch and ml_dtypes name them: exponent bits, mantissa bits, `fn` for finite (no
/// infinities), `uz` for unsigned zero (what would be -0 is NaN).
public enum Float8 {
    /// Widens 4 bits of exponent, bias 7, and 3 of mantissa; all ones are NaN, and nothing is infinite.
    @inlinable
    public static func widenE4M3(_ byte: UInt8) -> Float {
        byte & 0x7F == 0x7F ? .nan : widen(byte, shift: 20, scale: 0x1p120)
    }

    /// Widens 5 bits of exponent and 2 of mantissa: the upper half of an IEEE half.
    @inlinable
    public static func widenE5M2(_ byte: UInt8) -> Float { Half.widen(UInt16(byte) << 8) }

    /// Widens 4 bits of exponent, bias 8, and 3 of mantissa; -0 is NaN, and nothing is infinite.
    @inlinable
    public static func widenE4M3FNUZ(_ byte: UInt8) -> Float {
        byte == 0x80 ? .nan : widen(byte, shift: 20, scale: 0x1p119)
    }

    /// Widens 5 bits of exponent, bias 16, and 2 of mantissa; -0 is NaN, and nothing is infinite.
    @inlinable
    public static func widenE5M2FNUZ(_ byte: UInt8) -> Float {
        byte == 0x80 ? .nan : widen(byte, shift: 21, scale: 0x1p111)
    }

    /// Widens an exponent alone: 2 to the power of the byte less 127; 255 is NaN.
    @inlinable
    public static func widenE8M0(_ byte: UInt8) -> Float {
        switch byte {
        case 0: 0x1p-127
        case 255: .nan
        default: Float(bitPattern: UInt32(byte) << 23)
        }
    }

    /// Puts exponent and mantissa where a Float has them, then mends the exponent's bias: one
    /// multiplication serves normal and subnormal numbers alike.
    @inlinable
    static func widen(_ byte: UInt8, shift: UInt32, scale: Float) -> Float {
        let magnitude = Float(bitPattern: UInt32(byte & 0x7F) << shift) * scale
        return byte & 0x80 == 0 ? magnitude : -magnitude
    }
}
