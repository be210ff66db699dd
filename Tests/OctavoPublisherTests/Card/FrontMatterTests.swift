import OctavoBase
@testable import OctavoPublisher
import OctavoTestSupport
import Testing
import Yams

@Suite("The metadata of a card from outside")
struct FrontMatterTests {
    private func facts(_ card: String) async throws -> BaseModelFacts {
        try await withTemporaryDirectory { directory in
            try AtomicFile.write(card, to: joined(directory, "README.md"))
            return try BaseModelFacts(directory: directory)
        }
    }

    @Test("what is the model's is carried, what is its publication's is not")
    func carries() async throws {
        let facts = try await facts(
            """
            ---
            language: [en, no, "de"]
            license: llama3.2
            pipeline_tag: text-generation
            base_model: other/older
            tags: [pytorch, chat, GGUF, 4-bit, "region:us", chat, math]
            widget: [{text: hello}]
            co2_eq_emissions: 3
            datasets: [x/y]
            model-index: [{name: them, results: []}]
            extra_gated_prompt: |-
              ### Terms "unclosed
              * one
              & two: 'three
            ---
            # Base
            """
        )
        #expect(facts.languages == ["en", "no", "de"] && facts.licenses == ["llama3.2"])
        #expect(facts.tags == ["chat", "math"] && facts.pipelineTag == "text-generation")
        #expect(facts.isGated)
    }

    @Test(
        "licences and languages in every form that is used",
        arguments: [
            ("license: mit", ["mit"]), ("license: [mit, apache-2.0]", ["mit", "apache-2.0"]),
            ("license:\n- mit", ["mit"]), ("license: \"mit\" # free", ["mit"]), ("license:", []),
            ("a: 1", []),
            ("license: ''", []), ("license: null", []),
        ]
    )
    func readsLicenses(yaml: String, licenses: [String]) async throws {
        #expect(try await facts("---\n\(yaml)\n---\n").licenses == licenses)
        #expect(
            try await facts("---\r\n\(yaml.replacing("\n", with: "\r\n"))\r\n---\r\n").licenses
                == licenses
        )
        #expect(try await facts("\u{FEFF}---\n\(yaml)\n---\n").licenses == licenses)
    }

    @Test(
        "a card without metadata, and no card, say nothing",
        arguments: ["# Base\n", "", "----\n", " \n"]
    )
    func nothing(card: String) async throws {
        #expect(try await facts(card) == BaseModelFacts())
    }

    @Test(
        "hostile metadata is refused by its line",
        arguments: [
            ("---\nlicense: mit\n", "line 1: metadata without an end"),
            ("---\na: &x [1]\nb: *x\n---\n", "line 2: \"&x\" in column 4"),
            ("---\na: 1\nb: *x\n---\n", "line 3: \"*x\""),
            ("---\na:\n- - &x 1\n---\n", "line 3"), ("---\na: {b: [c, &x d]}\n---\n", "&x"),
            ("---\na: !!str &x d\n---\n", "&x"), ("---\n? &x a\n: 1\n---\n", "&x"),
            ("---\na: \"\\\"\" \nb: &x 1\n---\n", "&x"), ("---\na: 'it''s'\nb: &x 1\n---\n", "&x"),
            ("---\na: |\n  &no\nb: &x 1\n---\n", "line 4"),
            ("---\na: b\n  \"c\nd: &x 1\n---\n", "line 4"),
            ("---\nlicense: mit\nlicense: gpl\n---\n", "\"license\" twice"),
            ("---\nno: 1\n\"no\": 2\n---\n", "\"no\" twice"),
            ("---\n- a\n---\n", "no mapping"), ("---\njust text\n---\n", "no mapping"),
            ("---\na: [1\n---\n", "no YAML"), ("---\na: \tb: c\n---\n", "no YAML"),
            ("---\nlicense: {a: b}\n---\n", "\"license\" is a mapping"),
            ("---\nlicense: [[a]]\n---\n", "a list with a list"),
            ("---\ntags: {a: 1}\n---\n", "\"tags\""),
            ("---\n[a]: 1\n---\n", "a key"),
        ]
    )
    func refuses(card: String, words: String) async throws {
        let error = await #expect(throws: FrontMatterError.self) { try await facts(card) }
        #expect(String(describing: error).contains(words), "\(String(describing: error))")
    }

    @Test("what looks like an anchor inside a text is none")
    func readsTexts() async throws {
        let card = """
            ---
            title: a & b * c
            other: "&x *y"
            more: '*z'
            url: http://x/&y
            folded: >
              &a
               *b

              c
            # &comment
            words: one
              *two
            flow: [a*b, "&c"]
            license: mit
            ---
            """
        #expect(try await facts(card).licenses == ["mit"])
    }

    @Test("depth and size have bounds, in time too")
    func bounds() async throws {
        let deep = [
            "a: " + String(repeating: "[", count: 100_000),
            String(repeating: "- ", count: 50_000) + "a",
            (0..<200).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"),
        ]
        for yaml in deep {
            let error = await #expect(throws: FrontMatterError.self) {
                try await facts("---\n\(yaml)\n---\n")
            }
            guard case .depth = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        let long = "---\na: " + String(repeating: "x", count: 300_000) + "\n---\n"
        await #expect(
            throws: FrontMatterError.tooLarge(what: "metadata", bytes: 300_004, limit: 262_144)
        ) {
            try await facts(long)
        }
        let huge = "---\nlicense: mit\n---\n" + String(repeating: "x\n", count: 5_000_000)
        let error = await #expect(throws: FrontMatterError.self) { try await facts(huge) }
        #expect(String(describing: error).contains("4194304"))
        // Long text behind the metadata is a card like any other.
        let text = "---\nlicense: mit\n---\n" + String(repeating: "x\n", count: 1_000_000)
        #expect(try await facts(text).licenses == ["mit"])
    }

    /// Texts of what YAML is made of: where the guard lets one through, no node that Yams finds has an anchor.
    @Test("the guard misses no anchor")
    func missesNone() throws {
        var generator = SeededGenerator(seed: 8)
        let pieces = [
            "&x ", "*x", "a", ": ", "- ", "\n", "\n  ", "\n ", "\"", "'", "|\n", ">-\n", "[", "]",
            "{", "}", ", ", "#",
            " #", "? ", "!t ", "\\", ":", "b c",
        ]
        var (passed, refused) = (0, 0)
        for _ in 0..<40_000 {
            let count = Int.random(in: 2...14, using: &generator)
            let yaml =
                (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
                + "\n"
            guard (try? YAMLGuard.check(yaml, firstLine: 1)) != nil else {
                refused += 1
                continue
            }
            guard let node = try? Yams.compose(yaml: yaml) else { continue }
            passed += 1
            #expect(!hasAnchor(node), "\(yaml.debugDescription)")
        }
        // It is no test if nothing passes or nothing is refused.
        #expect(passed > 1000 && refused > 1000)
    }

    private func hasAnchor(_ node: Node) -> Bool {
        if node.anchor != nil { return true }
        switch node {
        case .sequence(let items): return items.contains(where: hasAnchor)
        case .mapping(let pairs): return pairs.contains { hasAnchor($0.key) || hasAnchor($0.value) }
        case .scalar, .alias: return false
        }
    }

    @Test("licence files are found by name and copied as they are")
    func copiesLicenses() async throws {
        try await withTemporaryDirectory { directory in
            let (from, to) = (joined(directory, "from"), joined(directory, "to"))
            try makeDirectory(to)
            try write(
                [
                    "LICENSE": [1], "LICENSE.txt": [2], "Notice": [3], "USE_POLICY.md": [4],
                    "gemma-license.txt": [5],
                    "license.py": [6], "config.json": [7], "README.md": [8], "folder/LICENSE": [9],
                ],
                to: from
            )
            let names = ["LICENSE", "LICENSE.txt", "Notice", "USE_POLICY.md", "gemma-license.txt"]
            #expect(try copyLicenseFiles(from: from, to: to) == names)
            #expect(
                try contents(of: to).mapValues(\.count) == Dictionary(names.map { ($0, 1) }) { $1 }
            )
            #expect(try BaseModelFacts(directory: from).licenseFiles == names)
        }
    }
}
