import OctavoBase
import Testing

/// Values worked out from the definitions of the formats; a fixture of OctavoCheckpointTests has all 256
/// of each.
@Suite
struct Float8Tests {
    @Test(
        arguments: [
            // One, the largest, the smallest normal and the smallest subnormal number, and minus two.
            (
                Float8.widenE4M3,
                [(0x38, 1), (0x7E, 448), (0x08, 0x1p-6), (0x01, 0x1p-9), (0xC0, -2)]
            ),
            (
                Float8.widenE5M2,
                [(0x3C, 1), (0x7B, 57344), (0x04, 0x1p-14), (0x01, 0x1p-16), (0xC0, -2)]
            ),
            (
                Float8.widenE4M3FNUZ,
                [(0x40, 1), (0x7F, 240), (0x08, 0x1p-7), (0x01, 0x1p-10), (0xC8, -2)]
            ),
            (
                Float8.widenE5M2FNUZ,
                [(0x40, 1), (0x7F, 57344), (0x04, 0x1p-15), (0x01, 0x1p-17), (0xC4, -2)]
            ),
            (Float8.widenE8M0, [(127, 1), (254, 0x1p127), (1, 0x1p-126), (0, 0x1p-127)]),
        ] as [(@Sendable (UInt8) -> Float, [(UInt8, Float)])]
    )
    func valuesAreThoseOfTheDefinition(
        _ widen: @Sendable (UInt8) -> Float,
        _ values: [(UInt8, Float)]
    ) {
        for (byte, value) in values { #expect(widen(byte) == value, "\(byte)") }
    }

    @Test
    func whatIsNoNumber() {
        #expect([0x7F, 0xFF].allSatisfy { Float8.widenE4M3($0).isNaN })
        #expect(Float8.widenE5M2(0x7C) == .infinity)
        #expect(Float8.widenE5M2(0xFD).isNaN)
        #expect(Float8.widenE4M3FNUZ(0x80).isNaN)
        #expect(Float8.widenE5M2FNUZ(0x80).isNaN)
        #expect(Float8.widenE8M0(255).isNaN)
    }
}
