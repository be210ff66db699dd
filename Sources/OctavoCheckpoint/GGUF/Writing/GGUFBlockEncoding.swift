// Blocks of 32 elements, encoded bit for bit as the `gguf` package of PyPI and llama.cpp's reference
// encode them: one scale, or a scale and an offset, which the extremes of the block give.

extension GGUFBlockEncoder {
    @inline(__always)
    func encodeQ8_0() {
        var largest: Float = 0
        for i in 0..<32 { largest = max(largest, abs(element(i))) }
        let scale = largest / 127
        let inverse = scale == 0 ? 0 : 1 / scale
        setHalf(0, scale)
        for i in 0..<32 { set(2 + i, lowByte(roundedAwayFromZero(element(i) * inverse))) }
    }

    /// Nibbles around zero: the element of the largest magnitude becomes -8.
    @inline(__always)
    func encodeQ4_0() {
        let scale = extreme / -8
        let inverse = scale == 0 ? 0 : 1 / scale
        setHalf(0, scale)
        setNibbles(2) { min(floored(element($0) * inverse + 8.5), 15) }
    }

    @inline(__always)
    func encodeQ4_1() {
        var (least, largest) = (element(0), element(0))
        for i in 1..<32 {
            least = min(least, element(i))
            largest = max(largest, element(i))
        }
        let scale = (largest - least) / 15
        let inverse = scale == 0 ? 0 : 1 / scale
        setHalf(0, scale)
        setHalf(2, least)
        setNibbles(4) { min(floored((element($0) - least) * inverse + 0.5), 15) }
    }

    /// Five bits around zero, the fifths in a plane of their own.
    @inline(__always)
    func encodeQ5_0() {
        let scale = extreme / -16
        let inverse = scale == 0 ? 0 : 1 / scale
        setHalf(0, scale)
        func level(_ i: Int) -> UInt8 {
            lowByte(min(floored(element(i) * inverse + 16.5), 31))
        }
        for i in 0..<4 {
            var bits: UInt8 = 0
            for j in 0..<8 { bits |= (level(8 * i + j) >> 4 & 1) << UInt8(j) }
            set(2 + i, bits)
        }
        for i in 0..<16 { set(6 + i, level(i) & 15 | level(16 + i) << 4) }
    }

    /// The first element of the largest magnitude, with its sign.
    @inline(__always)
    private var extreme: Float {
        var found = element(0)
        for i in 1..<32 where abs(element(i)) > abs(found) { found = element(i) }
        return found
    }

    /// Stores 32 nibbles: the first sixteen are the low halves of the bytes, the others the high ones.
    @inline(__always)
    private func setNibbles(_ offset: Int, _ level: (Int) -> Float) {
        for i in 0..<16 {
            set(offset + i, lowByte(level(i)) & 15 | lowByte(level(16 + i)) << 4)
        }
    }
}

/// Adding this to a number and taking it away again rounds it to a whole one, ties to even, if its
/// magnitude is below 2^22; what the sum has in its low bits is the whole number itself.
let rounder: Float = 0x1.8p23

/// The low byte of a whole number, negative ones in two's complement.
@inline(__always)
func lowByte(_ whole: Float) -> UInt8 { UInt8(truncatingIfNeeded: (whole + rounder).bitPattern) }

/// The nearest whole number, of two the one farther from zero.
@inline(__always)
private func roundedAwayFromZero(_ value: Float) -> Float {
    let even = (value + rounder) - rounder
    // A tie that went towards zero leaves a half of the value's own sign.
    let rest = value - even
    return even + (rest == 0.5 && value > 0 ? 1 : 0) - (rest == -0.5 && value < 0 ? 1 : 0)
}

/// The greatest whole number that is not greater.
@inline(__always)
private func floored(_ value: Float) -> Float {
    let even = (value + rounder) - rounder
    return even > value ? even - 1 : even
}
