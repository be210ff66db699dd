import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoTestSupport
import Testing

/// Published AQLM checkpoints, opened as users open them, against logits that transformers computed
/// in float32 from the weights they stand for.
@Suite("Golden AQLM checkpoints", .enabled(if: Shared.isHere))
struct GoldenTests {
    /// Two float32 implementations that sum in different orders agree to a few 1e-6 of the spread;
    /// 1e-4 leaves room for other processors, and no error of mathematics fits in it.
    @Test(
        arguments: [
            "llama-1x8g8", "llama-2x8g8", "llama-1x12g8", "llama-4x8g16", "gemma-2x8g8",
            "phi3-2x8g8", "qwen2-2x8g8",
        ]
    )
    func agree(name: String) throws {
        let path = Shared.path("golden/aqlm/" + name)
        let golden = try JSON(parsing: readFile(path + "/golden.json"))
        let tokens = try #require(golden["input_ids"]?.array).compactMap(\.integer)
        let model = try OpenModel(path)
        #expect(model.scheme.map { "\($0)" } == name.split(separator: "-").last.map(String.init))
        let logits = try model.languageModel().logits(for: tokens)
        #expect(logits.rows == tokens.count)
        for (row, key) in [(7, "logits_pos7"), (tokens.count - 1, "logits_last")] {
            let expected = try #require(golden[key]?.array).compactMap(\.number).map(Float.init)
            #expect(relativeDistance(logits.row(row), from: expected) < 1e-4, "\(key)")
        }
    }

    @Test(
        "they verify, without a record to compare with",
        arguments: ["llama-2x8g8", "llama-1x12g8", "gemma-2x8g8", "phi3-2x8g8", "qwen2-2x8g8"]
    )
    func verifies(name: String) throws {
        let model = try OpenModel(Shared.path("golden/aqlm/" + name))
        let report = try verify(model, VerificationRequest(threads: 2))
        #expect(report.holds)
        let outcomes = Dictionary(uniqueKeysWithValues: report.checks.map { ($0.name, $0.outcome) })
        #expect(outcomes["files"] == .skipped && outcomes["quantized layers"] == .passed)
    }
}
