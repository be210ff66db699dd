import OctavoModel
import OctavoNumerics
import Testing

@Suite
struct SchemeTests {
    @Test(arguments: [
        ("2x8g8", 2, 8, 8), ("1x16g16", 1, 16, 16), ("8x1g1024", 8, 1, 1024), ("4x8g16", 4, 8, 16),
    ])
    func readsAndWrites(text: String, codebooks: Int, bits: Int, groupSize: Int) throws {
        let scheme = try #require(Scheme(text))
        #expect((scheme.codebooks, scheme.bits, scheme.groupSize) == (codebooks, bits, groupSize))
        #expect(scheme.entries == 1 << bits)
        #expect(scheme.description == text)
    }

    @Test(arguments: [
        "", "2x8", "x8g8", "2xg8", "2x8g", "2x8g8 ", " 2x8g8", "+2x8g8", "02x8g8", "2X8G8", "2g8x8",
        "0x8g8", "9x8g8", "2x0g8", "2x17g8", "2x8g0", "2x8g1025", "2x8g8g8", "2x-8g8", "２x8g8",
        "99999999999999999999x8g8",
    ])
    func refuses(_ text: String) { #expect(Scheme(text) == nil) }

    /// By hand: codes + 16 bits for each codebook number + 16 bits a row.
    @Test(arguments: [
        ("2x8g8", 4096, 4096, 2.0 + 65536.0 / 16_777_216 + 16.0 / 4096),
        ("1x16g8", 4096, 4096, 2.0 + 0.5 + 16.0 / 4096),
        ("1x16g8", 576, 576, 2.0 + 8_388_608.0 / 331_776 + 16.0 / 576),
    ])
    func averageBits(text: String, outputs: Int, inputs: Int, bits: Double) throws {
        let scheme = try #require(Scheme(text))
        #expect(abs(scheme.averageBits(outputs: outputs, inputs: inputs) - bits) < 1e-12)
    }
}

@Suite
struct AdditiveLayerTests {
    private func layer(
        outputs: Int = 2,
        inputs: Int = 4,
        codes: [UInt16] = [0, 1, 1, 1, 1, 0, 0, 0],
        codebooks: [Float] = [1, 2, 3, 4, 10, 20, 30, 40],
        scales: [Float] = [1, -2]
    ) throws -> AdditiveLayer {
        try AdditiveLayer(
            scheme: try #require(Scheme("2x1g2")),
            outputs: outputs,
            inputs: inputs,
            codes: codes,
            codebooks: codebooks,
            scales: scales
        )
    }

    @Test
    func weights() throws {
        #expect(try layer().dequantized().elements == [31, 42, 33, 44, -26, -48, -22, -44])
    }

    @Test
    func namedErrors() {
        typealias ShapeError = AdditiveLayer.ShapeError
        #expect(throws: ShapeError.indivisible(inputs: 3, groupSize: 2)) { try layer(inputs: 3) }
        #expect(throws: ShapeError.indivisible(inputs: 0, groupSize: 2)) { try layer(inputs: 0) }
        #expect(throws: ShapeError.indivisible(inputs: 4, groupSize: 2)) { try layer(outputs: -1) }
        #expect(throws: ShapeError.code(2, entries: 2)) {
            try layer(codes: [0, 1, 1, 2, 1, 0, 0, 0])
        }
        #expect(throws: ShapeError.count(of: "codes", found: 7, shape: [2, 2, 2])) {
            try layer(codes: [0, 1, 1, 1, 1, 0, 0])
        }
        #expect(throws: ShapeError.count(of: "codebooks", found: 9, shape: [2, 2, 2])) {
            try layer(codebooks: [1, 2, 3, 4, 10, 20, 30, 40, 50])
        }
        #expect(throws: ShapeError.count(of: "scales", found: 1, shape: [2])) {
            try layer(scales: [1])
        }
        // A product that overflows is no reason to crash.
        #expect(throws: ShapeError.count(of: "codes", found: 8, shape: [.max, 2, 2])) {
            try layer(outputs: .max)
        }
    }
}
