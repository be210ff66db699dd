import OctavoBase
import OctavoPublisher
import Testing
import Yams

@Suite("The model card")
struct ModelCardTests {
    private let sizes = CardFixture.sizes

    private func card(_ change: (inout ModelCard) -> Void = { _ in }) throws -> String {
        var card = try CardFixture.unmeasured()
        change(&card)
        return try card.markdown()
    }

    /// The metadata block, read by a YAML parser.
    private func metadata(_ card: String) throws -> [String: Any] {
        let parts = card.split(separator: "---\n", maxSplits: 2, omittingEmptySubsequences: false)
        try #require(parts.count == 3 && parts[0].isEmpty)
        return try #require(try Yams.load(yaml: String(parts[1])) as? [String: Any])
    }

    @Test("bytes are told apart, bits counted with all that a layer stores")
    func countsBits() {
        #expect(sizes.bytes == [.codes: 16, .codebooks: 8192, .scales: 8, .unquantized: 20])
        #expect(sizes.quantizedWeights == 64)
        #expect(sizes.quantizedBits == Double((16 + 8192 + 8) * 8) / 64)
        #expect(sizes.totalBits == Double((16 + 8192 + 8 + 20) * 8) / 74)
    }

    @Test("the metadata block is YAML that means what was given, even where YAML sets traps")
    func writesMetadata() throws {
        let text = try card {
            $0.base = "org/base"
            $0.license = "apache-2.0"
            $0.languages = ["en", "no"]
        }
        let metadata = try metadata(text)
        #expect(metadata["base_model"] as? String == "org/base")
        #expect(metadata["base_model_relation"] as? String == "quantized")
        #expect(text.contains("`org/base` quantized with AQLM"))
        #expect(metadata["license"] as? String == "apache-2.0")
        #expect(metadata["language"] as? [String] == ["en", "no"])
        #expect((metadata["tags"] as? [String])?.contains("aqlm") == true)
    }

    @Test("what nobody measured is called so; what was measured stands there")
    func saysWhatWasMeasured() throws {
        let bare = try card()
        #expect(bare.contains("not measured"))
        #expect(bare.contains("A language model quantized with AQLM"))
        #expect(try metadata(bare)["base_model"] == nil)
        let measured = try card {
            $0.evaluations = [
                EvaluationReport(
                    text: "a.txt",
                    digest: Digest(of: ""),
                    windowLength: 512,
                    windows: 60,
                    perplexity: 40.1239,
                    comparison: .init(
                        teacherPerplexity: 23.5,
                        divergence: 0.71234,
                        agreement: 0.654
                    )
                )
            ]
        }
        #expect(measured.contains("| a.txt | 60 × 512 | 23.500 | 40.124 | 0.7123 | 65.4 % |"))
        #expect(!measured.contains("Perplexity and KL to the original: not measured"))
    }

    @Test("names from outside cannot be read as markup of the template")
    func leavesTextAlone() throws {
        let text = try card { $0.title = "{{scheme}} <b> & \"x\"" }
        #expect(text.contains("# {{scheme}} <b> & \"x\""))
    }

    @Test("losses are summarized by kind in the model's order")
    func summarizes() {
        let losses = KindLoss.summarize([
            LayerRecord(name: "m.0.v_proj", relativeLoss: 0.1),
            LayerRecord(name: "m.0.q_proj", relativeLoss: 0.5),
            LayerRecord(name: "m.1.v_proj", relativeLoss: 0.3),
        ])
        #expect(losses.map(\.kind) == ["v_proj", "q_proj"])
        #expect(losses.map(\.count) == [2, 1])
        #expect(
            losses.first.map { abs($0.mean - 0.2) < 1e-7 && abs($0.worst - 0.3) < 1e-7 } == true
        )
    }

    @Test(
        "numbers come out as people write them",
        arguments: [
            (0.0, 2, "0.00"), (1.005, 1, "1.0"), (2.0665, 3, "2.067"), (-0.04, 1, "0.0"),
            (-1.25, 1, "-1.3"), (1234.5, 0, "1235"), (.infinity, 2, "inf"), (0.009, 3, "0.009"),
        ]
    )
    func writesDecimals(value: Double, digits: Int, text: String) {
        #expect(decimal(value, digits: digits) == text)
    }

    @Test(arguments: [
        (0, "0 B"), (999, "999 B"), (84_600_000, "84.6 MB"), (5_000_000_000, "5.0 GB"),
    ])
    func writesBytes(count: Int, text: String) { #expect(byteText(count) == text) }
}
