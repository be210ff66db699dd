import OctavoBase
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Templates for cards")
struct CardTemplateTests {
    private func render(_ template: String, _ card: ModelCard? = nil) async throws -> String {
        try await withTemporaryDirectory { directory in
            let path = joined(directory, "card.mustache")
            try AtomicFile.write(template, to: path)
            let text = try (card ?? CardFixture.measured()).markdown(template: path)
            let body = text.split(
                separator: "---\n",
                maxSplits: 2,
                omittingEmptySubsequences: false
            )
            return String(try #require(body.last))
        }
    }

    @Test("a template writes the text behind the metadata, which stays")
    func renders() async throws {
        let text = try await render(
            "# {{title}}\n{{#evaluations}}\n* {{text}}: {{ quantized }}\n{{/evaluations}}\n"
        )
        #expect(text == "# Llama-Tiny-2x8g8\n* wiki.txt: 40.124\n* c4\\|no.txt: 30.500\n")
        #expect(
            try await render("{{! nothing }}{{^isTuned}}plain{{/isTuned}} {{{title}}} {{&scheme}}")
                == "plain Llama-Tiny-2x8g8 2x8g8"
        )
        // An empty text is no to a section.
        var card = try CardFixture.unmeasured()
        card.record.calibration.text = []
        #expect(try await render("a{{#calibrationDigest}}b{{/calibrationDigest}}c", card) == "ac")
    }

    @Test(
        "what a template may not have is refused by its line",
        arguments: [
            ("a\n{{titel}}", 2, "did you mean \"title\""),
            ("{{#evaluations}}{{name}}{{/evaluations}}", 1, "not known here"),
            ("{{text}}", 1, "not known"), ("\n\n{{#isTuned}}x", 3, "without an end"),
            ("{{/isTuned}}", 1, "no section"),
            ("{{#isTuned}}{{/isGated}}", 1, "{{/isTuned}}"), ("x\n{{title", 2, "without an end"),
            ("{{> other}}", 1, "one template"), ("{{<a}}{{/a}}", 1, "one template"),
            ("{{$a}}{{/a}}", 1, "one template"),
            ("{{=<% %>=}}", 1, "one template"), ("{{% CONTENT_TYPE:HTML}}", 1, "one template"),
            ("{{uppercased(title)}}", 1, "not known"), ("{{}}", 1, "not known"),
            (String(repeating: "{{#isTuned}}", count: 9), 1, "nested too deep"),
        ]
    )
    func refuses(template: String, line: Int, words: String) async throws {
        let error = await #expect(throws: CardTemplateError.self) { try await render(template) }
        let text = String(describing: error)
        #expect(text.contains("line \(line): ") && text.contains(words), "\(text)")
    }

    @Test("a template that would write without end is refused before it does")
    func bounds() async throws {
        var card = try CardFixture.measured()
        card.record.files = (0..<500).map {
            FileRecord(path: "f\($0)", size: 1, digest: Digest(of: ""))
        }
        for inner in ["x", ""] {
            let open = String(repeating: "{{#files}}", count: 8)
            let close = String(repeating: "{{/files}}", count: 8)
            let error = await #expect(throws: CardTemplateError.self) {
                try await render("\n" + open + inner + close, card)
            }
            #expect(String(describing: error).contains("line 2"))
        }
        await #expect(throws: CardTemplateError.self) {
            try await render(String(repeating: "x", count: 1_100_000))
        }
    }

    @Test("every variable stands in the documentation")
    func isDocumented() throws {
        let page = String(
            decoding: try readFile(packageRoot + "/docs/model-card.md"),
            as: UTF8.self
        )
        for variable in CardVariable.all {
            for name in [variable.name] + variable.members {
                #expect(page.contains("`\(name)`"), "\(name)")
            }
        }
    }
}
