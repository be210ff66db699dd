import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoTestSupport
import Testing

/// Passes with products in bfloat16, against those in single precision.
@Suite
struct PrecisionTests {
    /// How far apart, relative to the second.
    private static func distance(_ a: [Float], _ b: [Float]) -> Double {
        let squares = zip(a, b).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        return (squares / b.reduce(0) { $0 + Double($1 * $1) }).squareRoot()
    }

    /// Expects numbers to differ as much as rounding makes them, and not at all where the processor lacks bfloat16.
    ///
    /// Each operand is off by up to 2⁻⁹ of itself; through a few layers, there and back, that adds up to some
    /// hundredths (0.07 at most was seen), while a product that is left out or transposed makes a difference of the
    /// order of 1.
    private static func compare(_ found: [Float], _ single: [Float], _ what: String) {
        let distance = distance(found, single)
        #expect(hasBfloatProducts ? 1e-4...0.2 ~= distance : distance == 0, "\(what) \(distance)")
    }

    /// Every family: biases, norms, tied and untied heads.
    @Test(arguments: Fixture.families)
    func passesAndGradients(name: String) throws {
        let folder = try Fixture.family(name)
        let model = try LanguageModel(folder: folder)
        let layout = BatchLayout(lengths: [folder.tokens.count])
        func run(_ precision: ProductPrecision) throws -> (Matrix, ModelGradients) {
            let execution = Execution(threads: 2, precision: precision)
            return (
                try model.logits(for: folder.tokens, execution),
                try model.gradients(
                    of: .successors(of: folder.tokens, layout: layout, weight: 1),
                    tokens: folder.tokens,
                    layout: layout,
                    execution
                ).gradients
            )
        }
        let (single, bfloat) = (try run(.single), try run(.bfloat))
        // Rounding may send a token to another expert.
        guard model.blocks[0].expertCount == nil else { return }
        Self.compare(bfloat.0.elements, single.0.elements, "logits")
        for (block, gradients) in bfloat.1.blocks.enumerated() {
            for (name, gradient) in gradients.weights {
                let expected = try #require(single.1.blocks[block].weights[name])
                Self.compare(gradient.elements, expected.elements, "\(block) \(name)")
            }
        }
    }

    /// The sums of products do not depend on threads.
    @Test
    func threadsDoNotMatter() throws {
        let folder = try Fixture.folder(#require(Fixture.names.first))
        let model = try LanguageModel(folder: folder)
        let logits = try [1, 2, 3].map {
            try model.logits(for: folder.tokens, Execution(threads: $0, precision: .bfloat))
        }
        if hasBfloatProducts { #expect(logits[1] == logits[0] && logits[2] == logits[0]) }
    }
}
