import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Sizes of a real artifact")
struct SizeTests {
    /// Two blocks with linears of 32→32, 32→16, 32→16, 32→32, 32→64, 32→64 and 64→32: 9216 weights
    /// and 256 outputs in each.
    @Test("bytes and bits are those counted by hand")
    func countsByHand() async throws {
        try await withModels { place in
            let sizes = try OpenModel(place.folded).sizes
            // Two codes of one byte for eight weights; codes of four bits are stored in bytes.
            #expect(sizes.bytes[.codes] == 2 * 9216 / 8 * 2)
            // Fourteen linears, two codebooks of 16 entries of eight halves.
            #expect(sizes.bytes[.codebooks] == 14 * 2 * 16 * 8 * 2)
            #expect(sizes.bytes[.scales] == 2 * 256 * 2)
            // The embedding, two norms a block and the last one, in halves.
            #expect(sizes.bytes[.unquantized] == (258 * 32 + 5 * 32) * 2)
            #expect(sizes.quantizedWeights == 18432 && sizes.otherWeights == 8416)
            #expect(sizes.quantizedBits == Double((4608 + 7168 + 1024) * 8) / 18432)
            #expect(sizes.totalBits == Double((4608 + 7168 + 1024 + 16832) * 8) / 26848)
        }
    }

    @Test("a model that is not quantized has one part")
    func countsDense() async throws {
        try await withModels { place in
            let sizes = try OpenModel(place.model).sizes
            #expect(sizes.bytes == [.unquantized: 26848 * 4])
            #expect(sizes.quantizedBits == nil && sizes.totalBits == 32)
        }
    }
}
