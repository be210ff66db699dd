import OctavoBase
import Testing

// Swift's Float16 is the independent truth for IEEE halves; bfloat16 is checked by hand.

@Test
func everyHalfWidensAsSwiftDoes() {
    for bits in UInt16.min...UInt16.max {
        let expected = Float(Float16(bitPattern: bits))
        let widened = Half.widen(bits)
        if expected.isNaN {
            #expect(widened.isNaN)
            #expect(Half.narrow(widened) & 0x7FFF > 0x7C00)
        } else if widened.bitPattern != expected.bitPattern || Half.narrow(widened) != bits {
            Issue.record("half \(bits): widened to \(widened), narrowed to \(Half.narrow(widened))")
        }
    }
}

/// Around every half: the half itself, the middle between it and the next, and the floats beside both.
@Test
func everyBoundaryNarrowsAsSwiftDoes() {
    for bits in UInt16(0)...0x7C00 {
        let low = Half.widen(bits)
        // Beyond the greatest finite half, the next would be 65536.
        let high: Float = bits >= 0x7BFF ? 65536 : Half.widen(bits + 1)
        let middle = (low + high) / 2
        for value in [low, low.nextUp, middle.nextDown, middle, middle.nextUp, high.nextDown] {
            for signed in [value, -value] where Half.narrow(signed) != Float16(signed).bitPattern {
                Issue.record("\(signed) narrowed to \(Half.narrow(signed))")
            }
        }
    }
}

@Test
func randomFloatsNarrowAsSwiftDoes() {
    var generator = SeededGenerator(seed: 16)
    for _ in 0..<200_000 {
        let value = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
        let narrowed = Half.narrow(value)
        if value.isNaN {
            #expect(narrowed & 0x7FFF > 0x7C00 && narrowed >> 15 == value.bitPattern >> 31)
        } else if narrowed != Float16(value).bitPattern {
            Issue.record("\(value) narrowed to \(narrowed)")
        }
    }
}

@Test
func everyBrainFloatComesBack() {
    for bits in UInt16.min...UInt16.max {
        let widened = Half.widenBrain(bits)
        #expect(widened.bitPattern == UInt32(bits) << 16)
        // NaN stays NaN, made quiet.
        let expected = widened.isNaN ? bits | 0x40 : bits
        if Half.narrowBrain(widened) != expected { Issue.record("bfloat16 \(bits)") }
    }
}

/// Of the two neighbours the nearer, and of two as near the even one.
@Test(
    arguments: [
        (0x3F80_0000, 0x3F80), (0x3F80_7FFF, 0x3F80), (0x3F80_8000, 0x3F80), (0x3F80_8001, 0x3F81),
        (0x3F81_8000, 0x3F82),
        (0x3F81_7FFF, 0x3F81), (0xBF81_8000, 0xBF82), (0x0000_8000, 0x0000), (0x0000_8001, 0x0001),
        (0x007F_FFFF, 0x0080),
        (0x7F7F_7FFF, 0x7F7F), (0x7F7F_8000, 0x7F80), (0xFF7F_FFFF, 0xFF80), (0x7F80_0000, 0x7F80),
        (0x7F80_0001, 0x7FC0),
        (0xFFFF_FFFF, 0xFFFF), (0x8000_0000, 0x8000),
    ] as [(UInt32, UInt16)]
)
func aFloatRoundsToTheNearestBrainFloat(bits: UInt32, brain: UInt16) {
    #expect(Half.narrowBrain(Float(bitPattern: bits)) == brain)
}
