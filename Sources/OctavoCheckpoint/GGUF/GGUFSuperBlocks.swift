// Blocks of 256 elements: groups of 16 or 32 with scales of few bits, which share one or two halves.
// Products and sums are rounded one by one, in the order that formats/gguf.md gives (G15).

extension GGUFBlock {
    /// Calls `body` for each of the sixteen groups of 16 elements whose low bits are spread over
    /// planes of 32 bytes: four planes of two bits make one half of the block.
    ///
    /// - Parameter body: Is given the group, the half of the block it is in, its plane there, and
    ///   where in a plane it begins.
    @inline(__always)
    private func groups(_ body: (_ group: Int, _ half: Int, _ plane: Int, _ start: Int) -> Void) {
        for group in 0..<16 { body(group, group / 8, group % 8 / 2, group % 2 * 16) }
    }

    @inline(__always)
    func decodeQ2_K() {
        let (allScales, allLeast) = (half(80), half(82))
        groups { group, half, plane, start in
            let pair = byte(group)
            let scale = allScales * Float(pair & 15)
            let least = allLeast * Float(pair >> 4)
            for i in 0..<16 {
                let bits = byte(16 + 32 * half + start + i) &>> Int32(2 * plane) & 3
                set(16 * group + i, scale * Float(bits) - least)
            }
        }
    }

    @inline(__always)
    func decodeQ3_K() {
        let allScales = half(108)
        groups { group, half, plane, start in
            let low = byte(96 + group % 8) >> Int32(group / 8 * 4) & 15
            let high = byte(104 + group % 4) >> Int32(group / 4 * 2) & 3
            let scale = allScales * Float((low | high << 4) - 32)
            for i in 0..<16 {
                let bits = byte(32 + 32 * half + start + i) &>> Int32(2 * plane) & 3
                // The third bit is in a plane of its own, and counts where it is not set.
                let third = byte(start + i) &>> Int32(4 * half + plane) & 1
                set(16 * group + i, scale * Float(bits - 4 + 4 * third))
            }
        }
    }

    @inline(__always)
    func decodeQ6_K() {
        let allScales = half(208)
        groups { group, half, plane, start in
            let scale = allScales * Float(signedByte(192 + group))
            let low = 64 * half + 32 * (plane % 2) + start
            for i in 0..<16 {
                let bits = byte(low + i) &>> Int32(plane / 2 * 4) & 15
                let high = byte(128 + 32 * half + start + i) &>> Int32(2 * plane) & 3
                set(16 * group + i, scale * Float((bits | high << 4) - 32))
            }
        }
    }

    @inline(__always)
    func decodeQ4_K() {
        for group in 0..<8 {
            let (scale, least) = scaleAndLeast(group)
            let start = 16 + group / 2 * 32
            for i in 0..<32 {
                let bits = byte(start + i) &>> Int32(group % 2 * 4) & 15
                set(32 * group + i, scale * Float(bits) - least)
            }
        }
    }

    @inline(__always)
    func decodeQ5_K() {
        for group in 0..<8 {
            let (scale, least) = scaleAndLeast(group)
            let start = 48 + group / 2 * 32
            for i in 0..<32 {
                let bits = byte(start + i) &>> Int32(group % 2 * 4) & 15
                let fifth = byte(16 + i) &>> Int32(group) & 1
                set(32 * group + i, scale * Float(bits | fifth << 4) - least)
            }
        }
    }

    /// The scale and the offset of a group of Q4_K or Q5_K.
    ///
    /// Twelve bytes from the fourth hold six bits for each of the eight groups twice: the first four
    /// groups whole, the other four with their upper two bits above those of the first.
    @inline(__always)
    private func scaleAndLeast(_ group: Int) -> (Float, Float) {
        let scale: Int32
        let least: Int32
        if group < 4 {
            scale = byte(4 + group) & 63
            least = byte(8 + group) & 63
        } else {
            scale = byte(8 + group) & 15 | (byte(group) & 0xC0) >> 2
            least = byte(8 + group) >> 4 | (byte(4 + group) & 0xC0) >> 2
        }
        return (half(0) * Float(scale), half(2) * Float(least))
    }

    @inline(__always)
    func decodeIQ4_XS() {
        let (allScales, highBits) = (half(0), word(2))
        for group in 0..<8 {
            let low = byte(4 + group / 2) >> Int32(group % 2 * 4) & 15
            let high = Int32(truncatingIfNeeded: highBits >> UInt32(2 * group) & 3)
            let values = unevenLevels.scaled(by: allScales * Float((low | high << 4) - 32))
            nibbles(8 + 16 * group) { set(32 * group + $0, values[Int($1)]) }
        }
    }
}
