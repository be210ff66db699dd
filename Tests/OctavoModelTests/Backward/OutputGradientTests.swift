import Foundation
import OctavoModel
import OctavoNumerics
import Testing

/// Gradients of the outputs of linears, from a model that is loaded block by block.
@Suite
struct OutputGradientTests {
    @Test
    func everyLinearIsVisitedOnce() throws {
        let folder = try Fixture.folder(Fixture.names[0])
        let model = try LanguageModel(folder: folder)
        let layout = BatchLayout(lengths: [25, 15])
        let loss = TokenLoss.successors(of: folder.tokens, layout: layout, weight: 0.5)
        var visited: [(block: Int, name: LinearName, gradient: Matrix)] = []
        let value = try forEachOutputGradient(
            source: folder,
            ends: model.ends,
            loss: loss,
            tokens: folder.tokens,
            layout: layout,
            Execution(threads: 2)
        ) { visited.append((block: $0, name: $1, gradient: $2)) }

        let backwards: [LinearName] = [
            .downProjection, .gateProjection, .upProjection, .outputProjection, .queryProjection,
            .keyProjection, .valueProjection,
        ]
        #expect(visited.map(\.block) == [1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
        #expect(visited.map(\.name) == backwards + backwards)

        // A bias is added to every output: its gradient, which differences confirm elsewhere, is the
        // sum over tokens.
        let (expectedValue, gradients) = try model.gradients(
            of: loss,
            tokens: folder.tokens,
            layout: layout
        )
        #expect(abs(value - expectedValue) < 1e-6 * value)
        for (block, name, gradient) in visited {
            #expect(gradient.rows == 40)
            let expected = try #require(gradients.blocks[block].biases[name]).map(Double.init)
            let sums = (0..<gradient.columns).map { column in
                (0..<40).reduce(Float(0)) { $0 + gradient[$1, column] }
            }
            // Sums of 40 numbers in another order.
            #expect(normDistance(sums, expected) < 1e-5, "\(name)")
        }
    }

    @Test
    func unknownTokensAreNamed() throws {
        let folder = try Fixture.folder(Fixture.names[0])
        let model = try LanguageModel(folder: folder)
        #expect(throws: TokenError.unknown(token: 96, vocabularySize: 96)) {
            try forEachOutputGradient(
                source: folder,
                ends: model.ends,
                loss: .drawn(seed: 1),
                tokens: [5, 96],
                layout: BatchLayout(lengths: [2]),
                Execution()
            ) { _, _, _ in }
        }
    }

    /// With successors drawn from the model's own distribution the mean loss is the entropy and the
    /// mean gradient zero; both to the precision that so many draws give.
    @Test
    func drawnSuccessorsFollowTheModel() throws {
        let ends = try Fixture.model().ends
        let draws = 4000
        let row = ElementwiseNoise.matrix(1, ends.configuration.hiddenSize, seed: 2)
        var hidden = Matrix(
            rows: draws,
            columns: row.columns,
            elements: (0..<draws).flatMap { _ in row.elements }
        )
        let logits = ends.logits(row, Execution()).elements.map(Double.init)
        let entropy = logProbabilities(logits).reduce(0) { $0 - exp($1) * $1 }
        var none: EndGradients?
        let loss = ends.backward(
            &hidden,
            loss: .drawn(seed: 7),
            Execution(threads: 2),
            addingTo: &none
        )
        // The deviation of a draw's loss is about 1 nat.
        #expect(abs(loss / Double(draws) - entropy) < 4 / Double(draws).squareRoot())
        for column in 0..<hidden.columns {
            let values = (0..<draws).map { Double(hidden[$0, column]) }
            let mean = values.reduce(0, +) / Double(draws)
            let squares = values.reduce(0) { $0 + $1 * $1 } / Double(draws)
            #expect(abs(mean) < 5 * (squares / Double(draws)).squareRoot())
        }
    }
}
