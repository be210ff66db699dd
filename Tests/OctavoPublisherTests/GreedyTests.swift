import Foundation
import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoTestSupport
import Testing

/// What a model writes when it is run as it is stored, beside what it writes in single precision.
@Suite
struct GreedyTests {
    /// Quantized models: small ones, and one of the caller's, named by the environment.
    static var models: [String] {
        let own = ProcessInfo.processInfo.environment["OCTAVO_FOLDED"].map { [$0] } ?? []
        guard Shared.isHere else { return own }
        return own
            + ["llama-2x8g8", "llama-4x8g16", "llama-1x12g8", "gemma-2x8g8", "qwen2-2x8g8"].map {
                Shared.path("golden/aqlm/\($0)")
            }
    }

    /// Five prompts, 256 tokens each: the same tokens, or at the first other one two that the reference holds for
    /// nearly as likely.
    @Test(.enabled(if: !models.isEmpty), arguments: models)
    func writesWhatTheReferenceWrites(path: String) throws {
        let model = try OpenModel(path)
        let fast = try model.inferenceModel()
        let reference = try model.languageModel().dequantized()
        let vocabulary = reference.configuration.vocabularySize
        let length = min(256, reference.configuration.contextLength - 4)
        for prompt in 0..<5 {
            var text = (1...4).map { (prompt * 997 + $0 * 131) % vocabulary }
            var states = [CachePrecision.half, .float].map {
                DecodingState(
                    configuration: reference.configuration,
                    sequences: 1,
                    capacity: text.count + length,
                    precision: $0
                )
            }
            var next = text
            for _ in 0..<length {
                let found = try fast.extend(&states[0], with: [next])
                let expected = try reference.extend(
                    &states[1],
                    with: [next],
                    Execution(evaluation: .dequantized)
                )
                let (token, other) = (likeliest(expected), likeliest(found))
                if token != other {
                    let spread = deviation(expected.elements)
                    let gap = expected[0, token] - expected[0, other]
                    // Verification allows as much between logits through tables and others.
                    #expect(
                        gap < 5e-2 * spread,
                        "prompt \(prompt), token \(text.count): \(gap) of \(spread)"
                    )
                    break
                }
                text.append(token)
                next = [token]
            }
        }
    }

    /// Every product of a pass through tables is within a thousandth of what formed weights make of the same inputs.
    @Test(.enabled(if: !models.isEmpty), arguments: models)
    func productsAreWithinAThousandth(path: String) throws {
        let model = try OpenModel(path).inferenceModel()
        let tokens = (0..<16).map { ($0 * 997 + 131) % model.configuration.vocabularySize }
        let layout = BatchLayout(lengths: [tokens.count])
        let rotary = model.configuration.rotaryTables(lengths: layout.lengths)
        let exact = Execution(evaluation: .dequantized)
        var hidden = try model.ends.embed(tokens)
        for (index, block) in model.blocks.enumerated() {
            let x = block.attentionInput(hidden, exact)
            let attended = block.attended(x, layout: layout, rotary: rotary, exact)
            var middle = hidden
            block.add(.outputProjection, of: attended, to: &middle, exact)
            let y = block.feedForwardInput(middle, exact)
            let gated = block.gated(y, exact)
            for (name, input) in [
                (LinearName.queryProjection, x), (.keyProjection, x), (.valueProjection, x),
                (.outputProjection, attended), (.gateProjection, y), (.upProjection, y),
                (.downProjection, gated),
            ] where block.linearNames.contains(name) {
                let formed = block.output(name, of: input, exact)
                let found = block.output(name, of: input, Execution(evaluation: .lookup))
                var (errors, norms) = ([Double](), [Double]())
                for row in 0..<formed.rows {
                    let pairs = zip(formed.row(row), found.row(row))
                    errors.append(
                        pairs.reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
                    )
                    norms.append(formed.row(row).reduce(0) { $0 + Double($1) * Double($1) })
                }
                let all = (errors.reduce(0, +) / max(norms.reduce(0, +), 1e-30)).squareRoot()
                let rows = zip(errors, norms).map { ($0 / max($1, 1e-30)).squareRoot() }
                #expect(all < 1e-3, "block \(index), \(name.rawValue)")
                // A token whose outputs nearly cancel, as values of an attention sink do, has a larger share.
                #expect(rows.allSatisfy { $0 < 2e-3 }, "block \(index), \(name.rawValue): \(rows)")
            }
            block.forward(&hidden, layout: layout, rotary: rotary, exact)
        }
    }

    private func likeliest(_ logits: Matrix) -> Int { indexOfLargest(logits.elements.span) }

    private func deviation(_ values: [Float]) -> Float {
        let mean = values.reduce(0, +) / Float(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count))
            .squareRoot()
    }
}
