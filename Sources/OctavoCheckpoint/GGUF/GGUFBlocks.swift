// Blocks of 32 elements: a scale or two, sometimes a plane of fifth bits, and a nibble or a byte each.
// Products and sums are rounded one by one, in the order that formats/gguf.md gives (G15).

extension GGUFBlock {
    /// Calls `body` with each of 32 elements and its nibble: the low halves of the sixteen bytes are
    /// the first sixteen elements, the high halves the rest.
    @inline(__always)
    func nibbles(_ offset: Int, _ body: (_ i: Int, _ nibble: Int32) -> Void) {
        for i in 0..<16 {
            let pair = byte(offset + i)
            body(i, pair & 15)
            body(16 + i, pair >> 4)
        }
    }

    @inline(__always)
    func decodeQ4_0() {
        let scale = half(0)
        nibbles(2) { set($0, scale * Float($1 - 8)) }
    }

    @inline(__always)
    func decodeQ4_1() {
        let (scale, least) = (half(0), half(2))
        nibbles(4) { set($0, scale * Float($1) + least) }
    }

    @inline(__always)
    func decodeQ5_0() {
        let (scale, fifth) = (half(0), word(2))
        nibbles(6) { set($0, scale * Float(($1 | fifthBit(fifth, $0)) - 16)) }
    }

    @inline(__always)
    func decodeQ5_1() {
        let (scale, least, fifth) = (half(0), half(2), word(4))
        nibbles(8) { set($0, scale * Float($1 | fifthBit(fifth, $0)) + least) }
    }

    @inline(__always)
    func decodeQ8_0() {
        let scale = half(0)
        for i in 0..<32 { set(i, scale * Float(signedByte(2 + i))) }
    }

    @inline(__always)
    func decodeIQ4_NL() {
        let values = unevenLevels.scaled(by: half(0))
        nibbles(2) { set($0, values[Int($1)]) }
    }

    @inline(__always)
    func decodeMXFP4() {
        let values = floatLevels.scaled(by: halvedPower(exponent: byte(0)))
        nibbles(1) { set($0, values[Int($1)]) }
    }
}

/// Bit `i` of a plane of 32, as the fifth bit of a number.
@inline(__always)
private func fifthBit(_ plane: UInt32, _ i: Int) -> Int32 {
    Int32(truncatingIfNeeded: (plane &>> UInt32(truncatingIfNeeded: i) & 1) &<< 4)
}

/// The value 2^(exponent - 128) that MXFP4's levels, doubled to be whole, are multiplied by.
@inline(__always)
private func halvedPower(exponent: Int32) -> Float {
    let bits = UInt32(truncatingIfNeeded: exponent)
    // The two least are subnormal: one bit, which moves.
    return Float(bitPattern: bits < 2 ? 0x0020_0000 << bits : (bits - 1) << 23)
}

/// What a nibble stands for, before scaling.
typealias Levels = InlineArray<16, Float>

extension Levels {
    /// All levels times a scale.
    @inline(__always)
    func scaled(by scale: Float) -> Levels { Levels { scale * self[$0] } }
}

/// The levels of IQ4_NL and IQ4_XS: denser around zero, as weights are.
let unevenLevels: Levels = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
]

/// The levels of MXFP4, doubled: floats of one sign, two exponent bits and one of mantissa.
private let floatLevels: Levels = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12]
