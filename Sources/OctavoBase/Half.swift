/// Conversions between 16-bit and 32-bit floats, rounding to nearest with ties to even.
///
/// Plain integer arithmetic without branches, so that the compiler can do many at a time on any
/// processor; exact for subnormals, infinities and NaN.
public enum Half {
    /// Widens an IEEE half.
    ///
    /// Every value is exact; NaN stays NaN.
    @inlinable
    public static func widen(_ half: UInt16) -> Float {
        let magnitude = UInt32(half & 0x7FFF)
        // Shifting the exponent into place leaves it 112 too small; one multiplication mends that
        // for normal and subnormal numbers alike.
        let scaled = Float(bitPattern: magnitude << 13) * Float(bitPattern: 0x7780_0000)
        let special: UInt32 = magnitude >= 0x7C00 ? 0x7F80_0000 : 0
        return Float(bitPattern: scaled.bitPattern | special | UInt32(half & 0x8000) << 16)
    }

    /// Rounds to an IEEE half: beyond 65519 becomes infinite, NaN stays NaN.
    @inlinable
    public static func narrow(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: (bits >> 16) & 0x8000)
        let magnitude = bits & 0x7FFF_FFFF
        if magnitude >= 0x4780_0000 {
            return sign | (magnitude > 0x7F80_0000 ? 0x7E00 : 0x7C00)
        }
        if magnitude < 0x3880_0000 {
            // Subnormal: adding 0.5 puts the wanted bits at the end of the mantissa, rounded.
            let shifted = Float(bitPattern: magnitude) + 0.5
            return sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- 0x3F00_0000)
        }
        let odd = (magnitude >> 13) & 1
        let rounded = magnitude &+ 0xC800_0FFF &+ odd
        return sign | UInt16(truncatingIfNeeded: rounded >> 13)
    }

    /// Widens a bfloat16: always exact.
    @inlinable
    public static func widenBrain(_ brain: UInt16) -> Float {
        Float(bitPattern: UInt32(brain) << 16)
    }

    /// Rounds to a bfloat16; NaN stays NaN.
    @inlinable
    public static func narrowBrain(_ value: Float) -> UInt16 {
        let bits = value.bitPattern
        if bits & 0x7FFF_FFFF > 0x7F80_0000 { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
        return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) >> 16)
    }
}
