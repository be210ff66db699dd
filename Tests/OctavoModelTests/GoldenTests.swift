import Foundation
import OctavoBase
@testable import OctavoModel
import OctavoNumerics
import OctavoTestSupport
import Testing

/// Logits of tiny checkpoints against those that transformers computes for them in float32.
@Suite
struct GoldenTests {
    /// Two float32 implementations that sum in different orders agree to a few 1e-6 here; 1e-4 of
    /// the logits' spread leaves room for other processors, and no error of mathematics fits in it.
    static let tolerance = 1e-4

    @Test(arguments: Fixture.names)
    func fixturesAgree(name: String) throws {
        let folder = try Fixture.folder(name)
        let model = try LanguageModel(folder: folder)
        try check(model.logits(for: folder.tokens), folder)

        // One window is the whole text: transformers' loss is the mean over all but the first token.
        let loss = try model.textLoss([folder.tokens])
        let expected = try #require(folder.golden["mean_nll"]?.number)
        #expect(loss.count == folder.tokens.count - 1)
        #expect(abs(loss.mean - expected) < Self.tolerance * expected)
    }

    /// transformers forms the frequencies in float32, powers included: a few units in the last place.
    @Test(arguments: Fixture.names)
    func rotaryFrequenciesAgree(name: String) throws {
        let folder = try Fixture.folder(name)
        let configuration = try ModelConfiguration(json: folder.configuration)
        let found = configuration.rotary.frequencies(headDimension: configuration.headDimension)
        let expected = folder.numbers("inverse_frequencies")
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-6 * b) }
    }

    @Test(
        .enabled(if: Shared.isHere),
        arguments: [
            "llama-1x8g8", "llama-2x8g8", "llama-1x12g8", "llama-4x8g16", "gemma-2x8g8",
            "phi3-2x8g8", "qwen2-2x8g8", "mixtral-2x8g8",
        ]
    )
    func additiveModelsAgree(name: String) throws {
        let folder = try SafetensorsFolder(Shared.path("golden/aqlm/" + name))
        try check(LanguageModel(folder: folder).logits(for: folder.tokens), folder)
    }

    /// These were made by converting the module to 16 bits and back, and with it its tables of rotary
    /// frequencies, which a model loaded from a file has in full; so the tables are rounded here too.
    @Test(
        .enabled(if: Shared.isHere),
        arguments: [
            "llama", "llama3-rope-tied", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3",
            "phi3", "mixtral", "qwen3-moe",
        ]
    )
    func denseModelsAgree(name: String) throws {
        let folder = try SafetensorsFolder(Shared.path("golden/models/" + name))
        let model = try LanguageModel(folder: folder)
        let isBrain = folder.configuration["dtype"] == "bfloat16"
        let width = model.configuration.headDimension
        let rotary = RotaryTables(model.configuration, lengths: [folder.tokens.count]) {
            embedding,
            positions,
            length in
            let frequencies = embedding.frequencies(headDimension: width, length: length).map {
                isBrain
                    ? Half.widenBrain(Half.narrowBrain(Float($0)))
                    : Half.widen(Half.narrow(Float($0)))
            }
            return embedding.table(headDimension: width, positions: positions) {
                Double(Float($0) * frequencies[$1])
            }
        }
        var hidden = try model.ends.embed(folder.tokens)
        for block in model.blocks {
            block.forward(
                &hidden,
                layout: BatchLayout(lengths: [folder.tokens.count]),
                rotary: rotary,
                Execution()
            )
        }
        try check(model.ends.logits(hidden, Execution()), folder)
    }

    /// Every family, with windows, biases and rotations that reach beyond the original context.
    @Test(arguments: Fixture.families)
    func familiesAgree(name: String) throws {
        let folder = try Fixture.family(name)
        let model = try LanguageModel(folder: folder)
        try check(model.logits(for: folder.tokens), folder)
        let loss = try model.textLoss([folder.tokens])
        let expected = try #require(folder.golden["mean_nll"]?.number)
        #expect(abs(loss.mean - expected) < Self.tolerance * expected)
        // Some rotate a short text otherwise than the beginning of a long one.
        let length = try #require(folder.golden["prefix_length"]?.integer)
        let prefix = try model.logits(for: Array(folder.tokens[..<length]))
        #expect(
            relativeDistance(prefix.row(length - 1), folder.numbers("logits_prefix"))
                < Self.tolerance
        )
    }

    private func check(_ logits: Matrix, _ folder: SafetensorsFolder) throws {
        #expect(relativeDistance(logits.row(7), folder.numbers("logits_pos7")) < Self.tolerance)
        #expect(
            relativeDistance(logits.row(logits.rows - 1), folder.numbers("logits_last"))
                < Self.tolerance
        )
        let argmax = (0..<logits.rows).map { row in
            let values = Array(logits.row(row))
            return values.indices.max { values[$0] < values[$1] }
        }
        #expect(argmax == folder.golden["argmax"]?.array?.map(\.integer))
    }
}
