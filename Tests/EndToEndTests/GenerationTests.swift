import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Generating text")
struct GenerationTests {
    /// A sandbox with the model `model`, whose context is as given.
    private func withModel(
        context: Int = 512,
        template: String? = TinyModel.simpleTemplate,
        isEndless: Bool = false,
        _ body: (Sandbox) async throws -> Void
    ) async throws {
        try await withSandbox { box in
            var model = TinyModel.small
            (model.context, model.chatTemplate) = (context, template)
            // The token that ends a text is never the likeliest.
            if isEndless { model.change = TinyModel.withoutEnd }
            try model.write(to: box("model"))
            try await body(box)
        }
    }

    @Test("a prompt, and the same in a file, are continued alike; stop strings cut")
    func prompts() async throws {
        try await withModel { box in
            try box.add("prompt.txt", "The sea is")
            let options = "generate model --max-tokens 30 --json --stop never"
            let first = try await box.succeed(options, more: ["--prompt", "The sea is"]).json()
            let second = try await box.succeed(options + " --prompt-file prompt.txt").json()
            #expect(first["text"] == second["text"])
            #expect(first["usage"]?["prompt_tokens"] == 10)
            #expect(first["usage"]?["completion_tokens"] == first["tokens"])
            let text = try #require(first["text"]?.string)
            let letter = try #require(text.first { $0.isASCII })
            let cut = try await box.succeed(
                options,
                more: ["--prompt", "The sea is", "--stop", String(letter)]
            ).json()
            #expect(cut["finish_reason"] == "stop")
            #expect(cut["text"]?.string.map { text.hasPrefix($0) && !$0.contains(letter) } == true)
            // Nothing but the prompt and the text, and a line's end.
            let plain = try await box.succeed(
                "generate model --max-tokens 30",
                more: ["--prompt", "The sea is"]
            )
            #expect(plain.output == "The sea is" + printable(text) + "\n")
            #expect(plain.notes.contains("10 tokens of prompt"))
        }
    }

    @Test("the options of drawing matter, and a seed repeats them")
    func drawing() async throws {
        try await withModel { box in
            func text(_ options: String) async throws -> String {
                let report = try await box.succeed(
                    "generate model --max-tokens 24 --json \(options)",
                    more: ["--prompt", "abc"]
                ).json()
                return try #require(report["text"]?.string)
            }
            let greedy = try await text("")
            #expect(try await text("--temperature 1 --top-k 1 --seed 5") == greedy)
            #expect(try await text("--temperature 1 --top-p 0.000001") == greedy)
            #expect(try await text("--temperature 1 --min-p 1 --seed 7") == greedy)
            let hot = "--temperature 2 --top-k 50 --top-p 0.99 --min-p 0.001 --seed"
            #expect(try await text(hot + " 1") == text(hot + " 1"))
            #expect(try await text(hot + " 1") != text(hot + " 2"))
            #expect(try await text("--repetition-penalty 100") != greedy)
        }
    }

    @Test("messages are answered with the model's template")
    func chat() async throws {
        try await withModel { box in
            try box.add(
                "list.json",
                #"[{"role": "system", "content": "s"}, {"role": "user", "content": "Hi"}]"#
            )
            try box.add(
                "object.json",
                #"{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "Hi"}]}"#
            )
            let options = "generate model --max-tokens 12 --json"
            let said = try await box.succeed(options + " --message Hi --system s").json()
            // <bos>system: s\nuser: Hi\nassistant: , a byte a token.
            #expect(said["usage"]?["prompt_tokens"]?.integer == 1 + 10 + 9 + 11)
            #expect(said["prompt"] == nil)
            for file in ["list.json", "object.json"] {
                let answer = try await box.succeed(options + " --chat \(file)").json()
                #expect(answer["text"] == said["text"])
            }
        }
    }

    @Test(
        "what cannot be continued is refused with advice",
        arguments: [
            ("--message Hi", nil, "no chat template", "chat_template"),
            ("--message Hi", "{{ raise_exception('no') }}", "refuses the conversation", "change"),
            ("--message Hi", "{% raw %}", "not supported", "--prompt"),
            ("--chat bad.json", nil, "bad.json: ", "docs/inference.md"),
            ("--chat empty.json", nil, "messages is empty", "docs/inference.md"),
            ("--prompt-file latin.txt", nil, "no text in UTF-8", "docs/inference.md"),
            ("--prompt-file none.txt", nil, "none.txt", "check the path"),
            (
                "--prompt-file long.txt", nil, "600 tokens, expected fewer than the context of 512",
                "shorten"
            ),
        ] as [(String, String?, String, String)]
    )
    func refuses(options: String, template: String?, words: String, advice: String) async throws {
        try await withModel(template: template) { box in
            try box.add("bad.json", "{")
            try box.add("empty.json", "[]")
            try AtomicFile.write([0xE9, 0x41], to: box("latin.txt"))
            try box.add("long.txt", String(repeating: "a", count: 600))
            let notes = try await box.fail("generate model \(options)")
            #expect(notes.contains(words) && notes.contains(advice), "\(notes)")
        }
    }

    @Test("an interrupt ends the text, and what there is of it is shown whole")
    func interrupt() async throws {
        // Long enough that no machine is done with it before it is interrupted. A shell lets what runs in its
        // background ignore interrupts, so that one which comes too early for the binary's own care is lost; the
        // next comes a minute later, as a second one would end the binary at once.
        try await withModel(context: 200_000, isEndless: true) { box in
            for form in ["", "--json"] {
                let finished = try await box.run(
                    "generate model --prompt a --max-tokens 199000 \(form)",
                    prelude: """
                        :; "$@" >out 2>notes & process=$!
                        until [ -s out ] || [ -n "\(form)" ] || [ ! -e /proc/$process/exe ]; do sleep 0.1; done
                        [ -z "\(form)" ] || sleep 1
                        while [ -e /proc/$process/exe ]; do
                            kill -INT $process
                            for _ in $(seq 600); do [ -e /proc/$process/exe ] || break; sleep 0.1; done
                        done
                        wait $process; status=$?; cat out; cat notes >&2; exit $status;
                        """
                )
                #expect(finished.status == 130, "\(finished.notes)")
                if form.isEmpty {
                    #expect(finished.output.hasSuffix("\n"))
                    #expect(!finished.output.unicodeScalars.contains("\u{1B}"))
                    #expect(finished.notes.contains("; interrupted"))
                } else {
                    let report = try finished.json()
                    #expect(report["finish_reason"] == "cancelled")
                }
                #expect(finished.errors.isEmpty)
            }
        }
    }
}
