import OctavoModel
import OctavoQuantizer
import Testing

@Suite
struct LayerWorkTests {
    private func work(_ text: String, _ outputs: Int, _ inputs: Int, _ effort: Effort) throws
        -> Double
    {
        estimatedWork(
            scheme: try #require(Scheme(text)),
            outputs: outputs,
            inputs: inputs,
            effort: effort
        )
    }

    /// More effort, outputs, inputs, codebooks, entries: more work.
    @Test
    func grows() throws {
        let base = try work("2x8g8", 576, 576, .standard)
        #expect(try work("2x8g8", 576, 576, .quick) < base)
        #expect(try work("2x8g8", 576, 576, .max) > base)
        // All that counts is done for each output.
        let wide = try work("2x8g8", 1152, 576, .standard) / base
        #expect(wide > 1.5 && wide < 2.1)
        // Searches grow with the inputs, products with their square.
        let deep = try work("2x8g8", 576, 1152, .standard) / base
        #expect(deep > 2 && deep < 4)
        for more in ["3x8g8", "2x9g8", "4x8g8", "1x16g8"] {
            #expect(try work(more, 576, 576, .standard) > base)
        }
    }

    /// By hand, one stage: a sweep over an 8 x 16 layer in the scheme 1x1g8 scores two entries of eight for
    /// 16 groups and does four products of 2 · 8 · 16 · 16, three of them in the solution.
    @Test
    func sweepByHand() throws {
        let work = LayerWork(
            scheme: try #require(Scheme("1x1g8")),
            outputs: 8,
            inputs: 16,
            options: .init()
        )
        let scores = 16 * 2 * 16.0
        let preparation = 2 * 2 * 2 * 64.0
        #expect(work.operations(.sweep(1)) == scores + preparation + 4 * 4096)
    }

    /// All products of quick effort on an 8 x 16 layer: two rounds and one refinement, all of whose inputs are refined at
    /// once, with feedback among 16 inputs; a sweep; and what rounding takes.
    @Test
    func productsByHand() throws {
        let work = LayerWork(
            scheme: try #require(Scheme("1x1g8")),
            outputs: 8,
            inputs: 16,
            options: .init(effort: .quick)
        )
        let (product, feedback, solution) = (4096.0, 8 * 16 * 16.0, 3 * 4096.0)
        let rounds = 2 * (feedback + solution)
        let refinement = feedback + product + solution
        let sweep = product + solution
        #expect(work.products == rounds + refinement + sweep + 3 * product)
        #expect(work.products + work.searches == work.total)
        // What is no product does not go with the square of the inputs.
        let deep = LayerWork(
            scheme: try #require(Scheme("1x1g8")),
            outputs: 8,
            inputs: 32,
            options: .init(effort: .quick)
        )
        #expect(deep.searches == 2 * work.searches)
    }
}
