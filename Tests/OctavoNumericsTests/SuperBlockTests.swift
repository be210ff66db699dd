import OctavoBase
import OctavoNumerics
import Testing

/// Blocks of 256 as formats/gguf.md lays them out, decoded here by hand.
private func decoded(_ bytes: [UInt8], _ format: SuperBlocks) -> [Float] {
    func half(_ at: Int) -> Float { Half.widen(UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8) }
    return (0..<256).map { i in
        switch format {
        case .q4:
            let g = i / 32
            func s(_ k: Int) -> Int { Int(bytes[4 + k]) }
            let a = g < 4 ? s(g) & 63 : s(g + 4) & 15 | (s(g - 4) >> 6) << 4
            let b = g < 4 ? s(g + 4) & 63 : s(g + 4) >> 4 | (s(g) >> 6) << 4
            let pair = Int(bytes[16 + 32 * (i / 64) + i % 32])
            let q = i / 32 % 2 == 0 ? pair & 15 : pair >> 4
            return half(0) * Float(a) * Float(q) - half(2) * Float(b)
        case .q6:
            let (h, j, l) = (i / 128, i % 128 / 32, i % 32)
            let low = Int(bytes[64 * h + 32 * (j % 2) + l]) >> (j < 2 ? 0 : 4) & 15
            let high = Int(bytes[128 + 32 * h + l]) >> (2 * j) & 3
            let scale = Int8(bitPattern: bytes[192 + i / 16])
            return half(208) * Float(scale) * Float(low + 16 * high - 32)
        }
    }
}

private func squaredError(_ values: [Float], _ bytes: [UInt8], _ format: SuperBlocks) -> Double {
    var error = 0.0
    for block in 0..<values.count / 256 {
        let stored = Array(bytes[block * format.byteCount..<(block + 1) * format.byteCount])
        for (a, b) in zip(values[block * 256..<(block + 1) * 256], decoded(stored, format)) {
            error += Double(a - b) * Double(a - b)
        }
    }
    return error
}

@Suite("Blocks of 256 with scales of scales")
struct SuperBlockTests {
    private static func normal(_ count: Int, seed: UInt64, spread: Float = 1) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            spread * Float((0..<12).reduce(-6.0) { sum, _ in sum + generator.nextUnit() })
        }
    }

    @Test(
        "every instruction set gives the same bytes",
        arguments: [SuperBlocks.q4, .q6],
        InstructionSet.available
    )
    func isExact(format: SuperBlocks, isa: InstructionSet) {
        for (seed, spread) in [(1, 1), (2, 1e-7), (3, 1e4), (4, 0)] as [(UInt64, Float)] {
            let values = Self.normal(256 * 9, seed: seed, spread: spread)
            let expected = format.encode(values, 0..<values.count, on: .scalar)
            #expect(format.encode(values, 0..<values.count, on: isa) == expected)
            // A part is what it is in the whole.
            #expect(
                format.encode(values, 256..<768, on: isa)
                    == Array(expected[format.byteCount..<3 * format.byteCount])
            )
        }
    }

    /// The format's levels between least and largest of each group, scales exact.
    ///
    /// What rounding alone costs is a twelfth of the step squared for each number. A search must come below it, though its scales have
    /// few bits.
    @Test("the error is below that of even steps between extremes")
    func searches() {
        let values = Self.normal(256 * 64, seed: 5)
        func even(_ size: Int, _ levels: Float, symmetric: Bool) -> Double {
            stride(from: 0, to: values.count, by: size).reduce(0) { sum, start in
                let group = values[start..<start + size]
                let (low, high) = (group.min() ?? 0, group.max() ?? 0)
                let step = symmetric ? max(-low, high) / (levels / 2) : (high - low) / (levels - 1)
                let shift = symmetric ? 0 : low
                return group.reduce(sum) { sum, x in
                    let error = ((x - shift) / step).rounded() * step + shift - x
                    return sum + Double(error * error)
                }
            }
        }
        let q4 = SuperBlocks.q4.encode(values, 0..<values.count)
        #expect(squaredError(values, q4, .q4) < 0.9 * even(32, 16, symmetric: false))
        let q6 = SuperBlocks.q6.encode(values, 0..<values.count)
        #expect(squaredError(values, q6, .q6) < 1.05 * even(16, 64, symmetric: true))
    }

    @Test(
        "zeros, equal numbers and single ones keep their place",
        arguments: [SuperBlocks.q4, .q6]
    )
    func edges(format: SuperBlocks) {
        func roundTrip(_ values: [Float]) -> [Float] {
            decoded(format.encode(values, 0..<256), format)
        }
        #expect(roundTrip([Float](repeating: 0, count: 256)).allSatisfy { $0 == 0 })
        // The half that shares of a scale have is 127 · 32 times smaller in one, 63 · 15 times in the other, and
        // no longer a normal one for numbers much below these.
        let small: Float = format == .q4 ? 3e-5 : 0.1
        for value in [Float(-0.75), 0.75, 65000, -65000, small] {
            let found = roundTrip([Float](repeating: value, count: 256))
            // One rounding of a half, and of codes of six bits or more.
            #expect(found.allSatisfy { abs($0 - value) <= abs(value) * 0.02 }, "\(value)")
        }
        var single = [Float](repeating: 0, count: 256)
        single[77] = -3
        let found = roundTrip(single)
        #expect(abs(found[77] + 3) < 0.01)
        #expect(found.enumerated().allSatisfy { $0.offset == 77 || abs($0.element) < 0.01 })
        // Numbers that no half is near to come out as zeros, not as something else.
        #expect(roundTrip([Float](repeating: 1e-30, count: 256)).allSatisfy { abs($0) < 1e-6 })
    }

    /// What lies on the format's own levels is met exactly, but for one rounding of scales.
    @Test("numbers that a block can hold are found again")
    func findsLevels() {
        let values = (0..<256).map { Float($0 * 7 % 16) * 0.5 - 2 }
        let found = decoded(SuperBlocks.q4.encode(values, 0..<256), .q4)
        #expect(zip(found, values).allSatisfy { abs($0 - $1) < 0.01 })
        // Each group has the level that scales are sought by, the last one.
        let six = (0..<256).map { i -> Float in
            let level = i % 16 == 0 ? -32 : i * 7 % 64 - 32
            return Float(level) * 0.25
        }
        let again = decoded(SuperBlocks.q6.encode(six, 0..<256), .q6)
        #expect(zip(again, six).allSatisfy { abs($0 - $1) < 0.02 })
    }
}
