import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Checking any card")
struct CardCheckTests {
    /// A sound card, in which each case below changes one thing.
    private static let sound = """
        ---
        language:
        - "en"
        license: "apache-2.0"
        library_name: "transformers"
        pipeline_tag: "text-generation"
        base_model: "a/b"
        base_model_relation: "quantized"
        tags:
        - "aqlm"
        model-index:
        - name: "m"
          results:
          - task: {type: "text-generation"}
            dataset: {type: "wiki", name: "Wiki"}
            metrics:
            - {type: "perplexity", value: 3.5}
        ---
        # A model

        Text.
        """

    @Test("a sound card has no finding")
    func acceptsSound() {
        #expect(checkCard(Array(Self.sound.utf8)).isEmpty)
    }

    @Test(
        "each fault is found by its rule and line",
        arguments: [
            ("- \"en\"", "- no", "language", 3), ("- \"en\"", "- English", "language", 3),
            ("- \"en\"", "- {a: b}", "language", 3),
            ("\"apache-2.0\"", "\"apache\"", "license", 4),
            ("license: \"apache-2.0\"\n", "", "license", nil),
            ("\"apache-2.0\"", "other", "license_name", 4),
            ("\"apache-2.0\"", "other\nlicense_name: x\nlicense_link: /x", "license_link", 6),
            ("\"apache-2.0\"", "llama3.2", "attribution", 4),
            ("\"apache-2.0\"", "{a: b}", "license", 4),
            ("library_name: \"transformers\"\n", "", "library_name", nil),
            ("\"text-generation\"\nbase", "\"Text Generation\"\nbase", "pipeline_tag", 6),
            ("\"a/b\"", "\"./b\"", "base_model", 7),
            ("\"quantized\"", "\"smaller\"", "base_model_relation", 8),
            ("base_model_relation: \"quantized\"\n", "", "base_model_relation", 7),
            ("tags:\n- \"aqlm\"", "tags: aqlm", "tags", 9),
            ("- \"aqlm\"", "- 2024-01-01", "tags", 10),
            ("- \"aqlm\"", "- 1.5", "tags", 10), ("- \"aqlm\"", "\t- aqlm", "metadata", 10),
            ("name: \"m\"", "title: \"m\"", "model-index", 12),
            ("value: 3.5", "value: .nan", "model-index", 17),
            (", value: 3.5", "", "model-index", 17), ("type: \"wiki\", ", "", "model-index", 15),
            (
                "    metrics:\n    - {type: \"perplexity\", value: 3.5}\n", "    metrics: 3\n",
                "model-index", 16
            ),
            ("# A model", "A model", "text", nil), ("# A model\n\nText.", "", "text", nil),
            ("Text.", "Text {{x}}.", "text", 21),
            ("Text.", "hf_abcdefghijklmnopqrstuvwxyz", "secret", 21),
            ("license:", "library_name: x\nlicense:", "metadata", 6),
            ("---\n# A", "# A", "metadata", 1),
            ("---\n# A", "--- \n# A", "metadata", 18), ("---\nlang", "lang", "metadata", 1),
            ("\"a/b\"", "&x a/b", "metadata", 7),
        ] as [(String, String, String, Int?)]
    )
    func finds(from: String, to: String, rule: String, line: Int?) throws {
        let changed = Self.sound.replacing(from, with: to, maxReplacements: 1)
        try #require(changed != Self.sound)
        let findings = checkCard(Array(changed.utf8))
        #expect(findings.contains { $0.rule == rule && $0.line == line }, "\(findings.map(\.text))")
        // One change is one fault, or two where a word is wrong for two reasons.
        #expect((1...2).contains(findings.count), "\(findings.map(\.text))")
    }

    @Test("bytes that are no text, a mark before the metadata, and ten megabytes")
    func bytes() async throws {
        #expect(checkCard([0xFF, 0xFE]).map(\.rule) == ["metadata"])
        let marked = checkCard([0xEF, 0xBB, 0xBF] + Array(Self.sound.utf8))
        #expect(marked.map(\.line) == [1])
        #expect(checkCard(Array(Self.sound.replacing("\n", with: "\r\n").utf8)).isEmpty)
        try await withTemporaryDirectory { directory in
            let path = joined(directory, "README.md")
            try AtomicFile.write([UInt8](repeating: 0x61, count: 10_000_000), to: path)
            #expect(try checkCard(at: directory).map(\.rule) == ["size"])
            #expect(throws: FileError.self) { try checkCard(at: joined(directory, "none")) }
        }
    }

    @Test("in a folder the file that a licence links to must be there")
    func folders() async throws {
        try await withTemporaryDirectory { directory in
            let card = Self.sound.replacing(
                "\"apache-2.0\"",
                with: "other\nlicense_name: x\nlicense_link: LICENSE"
            )
            try AtomicFile.write(card, to: joined(directory, "README.md"))
            #expect(try checkCard(at: directory).map(\.rule) == ["license_link"])
            #expect(try checkCard(at: joined(directory, "README.md")).isEmpty)
            try AtomicFile.write("x", to: joined(directory, "LICENSE"))
            #expect(try checkCard(at: directory).isEmpty)
        }
    }
}
