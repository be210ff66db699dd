import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing
import Yams

@Suite("What a card must say, and may not")
struct CardRuleTests {
    private func metadata(_ card: ModelCard) throws -> [String: Any] {
        let parts = try card.markdown().split(
            separator: "---\n",
            maxSplits: 2,
            omittingEmptySubsequences: false
        )
        return try #require(try Yams.load(yaml: String(parts[1])) as? [String: Any])
    }

    @Test(
        "a licence's sentences stand on the card, and its wish for a name is told",
        arguments: [
            ("llama2", "LLAMA 2 Community License", true),
            ("llama3", "Built with Meta Llama 3", false),
            ("llama3.1", "Built with Llama", false),
            ("llama3.3", "Llama 3.3 is licensed under", false),
            ("gemma", "ai.google.dev/gemma/terms", true), ("apache-2.0", "`apache-2.0`", true),
        ]
    )
    func attributions(license: String, sentence: String, isAnyName: Bool) throws {
        var card = try CardFixture.unmeasured()
        card.license = license
        #expect(try card.markdown().contains(sentence))
        #expect((card.nameWarning == nil) == isAnyName)
        card.title = license == "llama3" ? "Llama-3-Tiny" : "llama-tiny"
        #expect(card.nameWarning == nil)
        #expect(checkCard(Array(try card.markdown().utf8), name: card.title).isEmpty)
        let cut = try card.markdown().replacing(sentence, with: "")
        #expect(checkCard(Array(cut.utf8)).isEmpty == (license == "apache-2.0"))
    }

    @Test("without a licence, or the word that a gate's terms were accepted, nothing is published")
    func permissions() throws {
        var card = try CardFixture.unmeasured()
        func refusal(accepting: Bool = false) -> String? {
            do throws(CardError) {
                try card.requirePermission(acceptsLicense: accepting)
                return nil
            } catch { return "\(error)" }
        }
        #expect(refusal()?.contains("declares no licence") == true)
        card.baseFacts = BaseModelFacts(
            repository: "meta/base",
            licenses: ["llama3.2"],
            isGated: true
        )
        #expect(refusal()?.contains("meta/base is gated") == true)
        #expect(refusal(accepting: true) == nil)
        // A licence that the user states does not open the gate.
        card.license = "mit"
        #expect(refusal()?.contains("gated") == true)
        card.baseFacts = nil
        #expect(refusal() == nil)
        card.license = "other"
        #expect(refusal()?.contains("a name and a link") == true)
        (card.licenseName, card.licenseLink) = ("mine", "LICENSE")
        #expect(refusal() == nil)
        #expect(try metadata(card)["license_name"] as? String == "mine")
        #expect(try metadata(card)["license_link"] as? String == "LICENSE")
    }

    @Test("several licences stay several; a path of this machine is no base")
    func carries() throws {
        var card = try CardFixture.unmeasured()
        card.baseFacts = BaseModelFacts(repository: "a/b", licenses: ["mit", "apache-2.0"])
        #expect(try metadata(card)["license"] as? [String] == ["mit", "apache-2.0"])
        #expect(try metadata(card)["base_model"] as? String == "a/b")
        for path in ["./model", "/models/a", "a/b/c", "..", "a\\b", "-a/b", "a b/c"] {
            card.base = path
            #expect(try metadata(card)["base_model"] == nil, "\(path)")
        }
    }

    @Test("results are of this artifact, in the hub's form")
    func modelIndex() throws {
        let metadata = try metadata(CardFixture.measured())
        let models = try #require(metadata["model-index"] as? [[String: Any]])
        let results = try #require(models.first?["results"] as? [[String: Any]])
        let sets = results.compactMap { ($0["dataset"] as? [String: Any])?["type"] as? String }
        #expect(sets == ["wiki", "c4-no", "arc"])
        let metrics = results.compactMap { $0["metrics"] as? [[String: Any]] }.flatMap(\.self)
        #expect(
            metrics.compactMap { $0["type"] as? String } == [
                "perplexity", "kl", "perplexity", "acc", "acc_norm",
            ]
        )
        #expect(
            metrics.compactMap { $0["value"] as? Double } == [40.1239, 0.71234, 30.5, 0.4, 0.42]
        )
        #expect(
            metadata["tags"] as? [String] == [
                "aqlm", "quantized", "2-bit", "octavo", "chat", "1.5", "no",
            ]
        )
        #expect(metadata["language"] as? [String] == ["en", "no"])
    }

    @Test(
        "texts of a publisher cannot end the metadata, open a fence, or pass for the card's headings"
    )
    func embedsTexts() throws {
        var card = try CardFixture.unmeasured()
        card.license = "mit"
        card.title = "A\n---\nlicense: gpl\n\u{1B}[31m"
        card.sections = [
            CardSection(title: "T\n---", text: "---\nlicense: gpl\n---\n# One\n~~~\nopen"),
            CardSection(title: "Next", text: "x"),
        ]
        let text = try card.markdown()
        #expect(try metadata(card)["license"] as? String == "mit")
        #expect(text.split(separator: "\n").count { $0 == "---" } == 2)
        #expect(
            !text.contains("\u{1B}")
                && text.split(separator: "\n").count {
                    $0.hasPrefix("# ") && !$0.contains("pip install")
                } == 1
        )
        #expect(text.split(separator: "\n").count { $0 == "~~~" } == 2)
        #expect(text.contains("\n## Next\n"))
    }

    @Test("experts, and nothing else, are said to fail in transformers 5")
    func experts() throws {
        var card = try CardFixture.unmeasured()
        #expect(try !card.markdown().contains("Not for transformers 5"))
        card.record.layers.append(
            LayerRecord(name: "model.layers.0.mlp.experts.3.up_proj", relativeLoss: 0.1)
        )
        #expect(try card.markdown().contains("Not for transformers 5"))
    }

    @Test("a plot needs two variants that have both, and escapes their names")
    func plots() throws {
        var card = try CardFixture.measured()
        card.variants = Array(card.variants.suffix(2))
        #expect(card.plot == nil)
        #expect(try !card.markdown().contains(ModelCard.plotPath))
        card.variants = [
            CardVariant(name: "<a> & \"b\"", bytes: 1000, bits: 2, divergence: 0.5),
            CardVariant(name: "c", bytes: 3_000_000_000, bits: 4, divergence: 0.1),
        ]
        let plot = try #require(card.plot)
        #expect(plot.contains("&lt;a&gt; &amp; &quot;b&quot;") && !plot.contains("<a>"))
        #expect(plot.contains("size, GB") && plot.contains("KL to the original"))
    }
}
