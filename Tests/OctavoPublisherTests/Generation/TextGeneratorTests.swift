import OctavoBase
import OctavoModel
import OctavoTestSupport
import Testing

@testable import OctavoPublisher

/// Generation on the tiny model, in which a byte is a token, against `LanguageModel.generate`.
@Suite("Texts and answers")
struct TextGeneratorTests {
    /// Runs a body with a model of its own.
    private func withModel(
        template: String? = TinyModel.simpleTemplate,
        context: Int = 512,
        change: @escaping @Sendable (inout [String: (shape: [Int], values: [Float])]) -> Void = {
            _ in
        },
        _ body: (OpenModel) throws -> Void
    ) throws {
        try withTemporaryFolder { folder in
            var model = TinyModel.small
            (model.context, model.chatTemplate, model.change) = (context, template, change)
            try model.write(to: folder)
            try body(try OpenModel(folder))
        }
    }

    private func bytes(_ tokens: [Int]) -> [UInt8] {
        tokens.filter { $0 >= 2 }.map { UInt8($0 - 2) }
    }

    private func request(
        limit: Int? = nil,
        temperature: Double = 0,
        seed: UInt64 = 1,
        stops: [String] = [],
        mayReuse: Bool = false
    ) throws -> GenerationRequest {
        try GenerationRequest(
            limit: limit,
            rule: SamplingRule(temperature: temperature),
            seed: seed,
            stops: stops,
            mayReuse: mayReuse
        )
    }

    @Test(
        "the tokens are those of the model alone, and the pieces are the text",
        arguments: [0, 0.9]
    )
    func sameTokens(temperature: Double) throws {
        try withModel { model in
            let generator = try TextGenerator(model, threads: 1)
            let prompt = try generator.tokens(of: "The sea is")
            #expect(bytes(prompt) == Array("The sea is".utf8))
            var pieces: [String] = []
            let text = try generator.generate(
                after: prompt,
                request(limit: 40, temperature: temperature),
                onText: { pieces.append($0) }
            )
            let expected = try model.languageModel().generate(
                after: prompt,
                limit: 40,
                stop: [1],
                sampler: Sampler(temperature: temperature, seed: 1)
            )
            #expect(text.tokens == expected)
            #expect(
                Array(text.text.utf8)
                    == Array(String(decoding: bytes(expected), as: UTF8.self).utf8)
            )
            #expect(pieces.joined() == text.text)
            #expect(text.finish == (expected.count == 40 ? .length : .stop))
            #expect(text.promptTokens == 10 && text.reusedTokens == 0)
            #expect(text.usage["total_tokens"]?.integer == 10 + expected.count)
        }
    }

    @Test("a long prompt goes through the model in pieces, to the same end")
    func longPrompt() throws {
        try withModel(context: 1024) { model in
            let generator = try TextGenerator(model, threads: 1)
            let prompt = (0..<700).map { 2 + $0 * $0 % 251 }
            let text = try generator.generate(after: prompt, request(limit: 8))
            let expected = try model.languageModel().generate(
                after: prompt,
                limit: 8,
                stop: [1],
                sampler: Sampler(temperature: 0, seed: 0)
            )
            #expect(text.tokens == expected)
        }
    }

    @Test("a stop string ends the text before it")
    func stopStrings() throws {
        try withModel { model in
            let generator = try TextGenerator(model, threads: 1)
            let prompt = try generator.tokens(of: "a")
            let whole = try generator.generate(after: prompt, request(limit: 200))
            let text = Array(whole.text.unicodeScalars)
            try #require(text.count > 12)
            for place in [0, 3, 7] {
                let stop = String(String.UnicodeScalarView(text[place..<place + 4]))
                // U+FFFD stands for bytes that are not those of the mark.
                guard !stop.contains("\u{FFFD}") else { continue }
                let found = try generator.generate(
                    after: prompt,
                    request(limit: 200, stops: ["never to be said", stop])
                )
                let end = try #require(whole.text.ranges(of: stop).first)
                #expect(found.text == whole.text[..<end.lowerBound])
                #expect(found.finish == .stop)
                #expect(found.tokens.count < whole.tokens.count)
            }
        }
    }

    @Test("a text ends where the context does, and when it is cancelled")
    func ends() throws {
        try withModel(context: 32) { model in
            // Without an end of its own it fills the context.
            let generator = try TextGenerator(model, threads: 1)
            let prompt = Array(repeating: 70, count: 30)
            let text = try generator.generate(after: prompt, request(limit: 10))
            #expect(text.tokens.count <= 2)
            #expect(throws: GenerationError.promptTooLong(tokens: 32, context: 32)) {
                try generator.generate(after: prompt + [5, 6], request())
            }
            #expect(throws: GenerationError.emptyPrompt) {
                try generator.generate(after: [], request())
            }
            var asked = 0
            let cancelled = try generator.generate(
                after: [70],
                request(),
                isCancelled: {
                    asked += 1
                    return asked > 4
                }
            )
            #expect(cancelled.finish == .cancelled)
            // Asked once before the prompt, then behind each token.
            #expect(cancelled.tokens.count == 4)
            let atOnce = try generator.generate(after: [70], request(), isCancelled: { true })
            #expect(atOnce.finish == .cancelled && atOnce.tokens.isEmpty)
        }
    }

    @Test("keys and values are used again where texts begin alike, and change nothing")
    func reuse() throws {
        try withModel { model in
            let fresh = try TextGenerator(model, threads: 1)
            let keeping = try TextGenerator(model, threads: 1, keepsState: true)
            let first = try keeping.tokens(of: "The sea is wide")
            let answer = try keeping.generate(after: first, request(limit: 9, mayReuse: true))
            #expect(answer.reusedTokens == 0)
            // What the model said, and more; another ending; the same; less; something else.
            let prompts: [([Int], Int)] = [
                (first + answer.tokens + [70, 71], first.count + 8), (first + [50], first.count),
                (first + [50], first.count), (Array(first[..<5]), 4), ([9, 9, 9], 0),
            ]
            for (prompt, reused) in prompts {
                let text = try keeping.generate(after: prompt, request(limit: 9, mayReuse: true))
                #expect(text.reusedTokens == reused)
                #expect(
                    text.tokens == (try fresh.generate(after: prompt, request(limit: 9)).tokens)
                )
            }
            // Only who asks for it gets it.
            let again = try keeping.generate(after: [9, 9, 9], request(limit: 9))
            #expect(again.reusedTokens == 0)
        }
    }

    @Test("conversations are written with the template, and end where its turns do")
    func conversations() throws {
        try withModel { model in
            let generator = try TextGenerator(model, threads: 1)
            let messages = try chatMessages(
                JSON(
                    parsing: Array(
                        #"[{"role": "system", "content": "Be"}, {"role": "user", "content": [{"type": "text", "text": "H"}, {"type": "text", "text": "i"}]}]"#
                            .utf8
                    )
                )
            )
            let tokens = try generator.tokens(of: messages)
            #expect(tokens.first == 0)
            #expect(
                String(decoding: bytes(tokens), as: UTF8.self)
                    == "system: Be\nuser: Hi\nassistant: "
            )
        }
        try withModel(
            template: "{% for m in messages %}{{ m.content }}{{ bos_token }}{% endfor %}"
        ) { model in
            let tokenizer = try model.tokenizer()
            #expect(try ChatFormat(model, tokenizer)?.endOfTurn(tokenizer) == 0)
        }
        try withModel(template: "{{ messages[0].content }} and more") { model in
            let tokenizer = try model.tokenizer()
            #expect(try ChatFormat(model, tokenizer)?.endOfTurn(tokenizer) == nil)
        }
    }

    @Test(
        "a template that is not there, not understood, or refuses is an error of its own",
        arguments: [
            (nil, "no chat template"), ("{% include 'x' %}", "the statement include"),
            ("{{ raise_exception('no users here') }}", "no users here"),
            ("", "the prompt is empty"),
        ] as [(String?, String)]
    )
    func badTemplates(template: String?, words: String) throws {
        try withModel(template: template) { model in
            let generator = try TextGenerator(model, threads: 1)
            #expect {
                _ = try generator.tokens(of: [.object(["role": "user", "content": "x"])])
            } throws: { $0 is GenerationError && "\($0)".contains(words) }
            // Texts do not need it.
            #expect(try generator.tokens(of: "a") == [99])
        }
    }

    @Test("a model that overflows is an error, not a text")
    func overflow() throws {
        try withModel(change: {
            $0["model.norm.weight"]?.values = Array(repeating: 3e38, count: 32)
        }) { model in
            let generator = try TextGenerator(model, threads: 1)
            #expect {
                _ = try generator.generate(after: [70], request(limit: 2))
            } throws: {
                guard case SamplingError.notFinite? = $0 as? SamplingError else { return false }
                return true
            }
        }
    }

    @Test("a context or stop strings that cannot be are refused")
    func refuses() throws {
        try withModel(context: 64) { model in
            for context in [0, -1, 65] {
                #expect(throws: GenerationError.context(found: context, most: 64)) {
                    _ = try TextGenerator(model, context: context, threads: 1)
                }
            }
        }
        for stops in [
            [""], ["a", ""], Array(repeating: "a", count: 17),
            [String(repeating: "a", count: 1025)],
        ] {
            #expect(throws: GenerationError.self) { _ = try request(stops: stops) }
        }
    }
}
