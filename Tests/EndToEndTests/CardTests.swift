import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Measuring, and writing the card of what was measured")
struct CardTests {
    @Test("what evaluate measures stands on the card, with what the original's card says")
    func wholeCard() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.addFolded()
            try box.add("a.txt", String(repeating: "the sea is wide. ", count: 20))
            try box.add("b.txt", String(repeating: "ships sail over it. ", count: 20))
            try box.add(
                "small.jsonl",
                """
                {"query": "the sea is", "choices": ["wide", "dry"], "gold": 0}
                {"question": "ships", "options": ["sail", "fly"], "answer": "A"}
                """
            )
            let measured = try await box.succeed(
                "evaluate folded --teacher model --text a.txt --text b.txt --sequence-length 32 --task small.jsonl "
                    + "--samples --max-tokens 4 --speed --threads 2 --json"
            )
            let json = try measured.json()
            #expect(json["evaluations"]?.array?.count == 2 && json["samples"]?.array?.count == 5)
            #expect(json["tasks"]?.array?.first?["questions"] == 2)
            #expect(json["speed"]?["decoded_tokens_per_second"]?.number ?? 0 > 0)
            try box.add("measured.json", measured.output)
            try box.add(
                "model/README.md",
                "---\nlicense: llama3.2\nlanguage: no\ntags: [chat]\nextra_gated_prompt: terms\n---\n# Tiny\n"
            )
            try box.add("model/LICENSE.txt", "terms")

            let arguments =
                "card folded --base meta/tiny --base-directory model --evaluation measured.json --output folded/README.md"
            let refused = try await box.fail(arguments)
            #expect(refused.contains("gated") && refused.contains("--accept-license"))
            let written = try await box.succeed(arguments + " --accept-license")
            #expect(written.notes.contains("begins with \"Llama\""))
            let card = String(decoding: try readFile(box("folded/README.md")), as: UTF8.self)
            for words in [
                "language:\n- \"no\"", "license: \"llama3.2\"", "- \"chat\"",
                "base_model: \"meta/tiny\"",
                "Built with Llama", "| a.txt |", "| small | 2 | acc_norm |", "tokens per second",
                "### Samples",
                "[LICENSE.txt](LICENSE.txt)",
            ] {
                #expect(card.contains(words), "\(words)")
            }
            try await box.succeed("card --check folded/README.md")
            let checked = try await box.succeed("card --check folded --json")
            #expect(try checked.json()["holds"] == true)
        }
    }

    @Test("the original's card and licence come from a hub, at the commit that was asked for")
    func fromHub() async throws {
        try await withSandbox { box in
            try box.addModel("base")
            try await box.addFolded()
            try box.add("base/README.md", "---\nlicense: [mit]\ntags: [small]\n---\n# Base\n")
            try box.add("base/NOTICE.txt", "by Ada")
            try await box.withHub { hub in
                let pushed = try await box.succeed("push base ada/base --json", environment: hub)
                let commit = try #require(try pushed.json()["commit"]?.string)
                let card = try await box.succeed(
                    "card folded --base hub:ada/base",
                    environment: hub
                )
                for words in [
                    "base_model: \"ada/base\"", "license: \"mit\"", "- \"small\"",
                    "commit `\(commit)`",
                    "[NOTICE.txt](NOTICE.txt)",
                ] {
                    #expect(card.output.contains(words), "\(words)")
                }
                // Of the weights nothing was fetched.
                #expect(!card.notes.contains("safetensors"))
                let missing = try await box.fail(
                    "card folded --base hub:ada/none",
                    environment: hub
                )
                #expect(missing.contains("ada/none"))
            }
        }
    }

    @Test(
        "a card without a licence is refused, one with faults does not pass, and a template is looked at"
    )
    func refusals() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            #expect(try await box.fail("card folded").contains("--license"))
            try box.add("card.mustache", "# {{title}}\n\n{{titel}}\n")
            let template = try await box.fail("card folded --license mit --template card.mustache")
            #expect(template.contains("line 3") && template.contains("did you mean"))
            try box.add("card.mustache", "# {{title}}: {{scheme}}\n")
            let card = try await box.succeed("card folded --license mit --template card.mustache")
            #expect(card.output.hasSuffix("# folded: 2x4g8\n"))
            // A template of one's own may leave out what a licence demands, but then there is no card.
            let faulty = try await box.fail("card folded --license gemma --template card.mustache")
            #expect(faulty.contains("Gemma Terms of Use"))

            try box.add("bad.md", "---\nlicense: mitt\ntags: x\n---\n# A\n\nb\n")
            let checked = try await box.run("card --check bad.md --json")
            #expect(checked.status == 1)
            let findings = try #require(try checked.json()["findings"]?.array)
            #expect(findings.contains { $0["rule"] == "license" && $0["line"] == 2 })
            #expect(findings.contains { $0["rule"] == "tags" && $0["line"] == 3 })
            #expect(try await box.run("card --check bad.md").output.contains("as \"mit\""))
        }
    }
}
