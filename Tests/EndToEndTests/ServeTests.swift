import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Serving a model")
struct ServeTests {
    /// A sandbox with a model, in which a script runs while the model is served: `$base` is the server's address.
    private func served(_ options: String, _ script: String, in box: Sandbox) async throws
        -> Finished
    {
        try await box.run(
            "serve model --port 0 \(options)",
            prelude: """
                :; "$@" >address 2>log & process=$!
                until [ -s address ] || [ ! -e /proc/$process/exe ]; do sleep 0.1; done
                base=$(head -n 1 address)
                \(script)
                while [ -e /proc/$process/exe ]; do kill -INT $process; sleep 2; done
                wait $process; status=$?; cat log >&2; exit $status;
                """
        )
    }

    private func withModel(_ body: (Sandbox) async throws -> Void) async throws {
        try await withSandbox { box in
            var model = TinyModel.small
            model.chatTemplate = TinyModel.simpleTemplate
            try model.write(to: box("model"))
            try await body(box)
        }
    }

    @Test(
        "the address is printed, requests are told of without what they say, an interrupt ends it"
    )
    func serves() async throws {
        try await withModel { box in
            try box.add(
                "text.json",
                #"{"model": "model", "prompt": "secret words", "max_tokens": 5, "seed": 1}"#
            )
            try box.add(
                "chat.json",
                #"{"messages": [{"role": "user", "content": "more words"}], "stream": true, "max_tokens": 5}"#
            )
            let finished = try await served(
                "",
                """
                cat address
                curl -sf "$base/completions" --json @text.json >one
                curl -sf "$base/completions" --json @text.json >two
                curl -sfN "$base/chat/completions" --json @chat.json >events
                curl -s "$base/completions" -d nonsense >error
                """,
                in: box
            )
            #expect(finished.status == 0, "\(finished.notes)")
            #expect(finished.output.wholeMatch(of: /http:\/\/127\.0\.0\.1:\d+\/v1\n/) != nil)
            let answers = try ["one", "two"].map { try JSON(parsing: readFile(box($0))) }
            #expect(answers[0]["usage"]?["prompt_tokens"] == 12)
            #expect(answers[0]["choices"] == answers[1]["choices"])
            let events = String(decoding: try readFile(box("events")), as: UTF8.self)
            #expect(events.hasPrefix("data: {") && events.hasSuffix("data: [DONE]\n\n"))
            let error = try JSON(parsing: readFile(box("error")))
            #expect(error["error"]?["type"] == "invalid_request_error")
            #expect(finished.notes.contains("POST /v1/completions 200, 12 + "))
            #expect(finished.notes.contains("POST /v1/chat/completions 200, "))
            #expect(finished.notes.contains("POST /v1/completions 400, "))
            #expect(!finished.notes.contains("words") && !finished.notes.contains("nonsense"))
        }
    }

    @Test("a key in a file is asked for, and told nobody")
    func key() async throws {
        try await withModel { box in
            try box.add("key.txt", "0123456789abcdef0123\n")
            let finished = try await served(
                "--host 0.0.0.0 --api-key-file key.txt --model-name other --context 64",
                """
                base=$(echo $base | sed s/0.0.0.0/127.0.0.1/)
                curl -s -o models -w '%{http_code} ' "$base/models"
                curl -s -o models -w '%{http_code}' -H "Authorization: Bearer 0123456789abcdef0123" "$base/models"
                """,
                in: box
            )
            #expect(finished.status == 0, "\(finished.notes)")
            #expect(finished.output == "401 200")
            let models = try JSON(parsing: readFile(box("models")))
            #expect(models["data"]?.array?.first?["id"] == "other")
            #expect(models["data"]?.array?.first?["max_model_len"] == 64)
            #expect(!finished.notes.contains("0123"))
            #expect(finished.notes.contains("can be read by others"))
        }
    }

    @Test(
        "what cannot be served is an error with advice",
        arguments: [
            ("serve model --host example.org --no-key", "is no address", "in numbers"),
            ("serve model --port 0 --context 100000", "expected 1 to the model's 256", "--context"),
            ("serve model --api-key-file short.txt", "is no API key", "openssl rand"),
            ("serve model --api-key-file none.txt", "none.txt", "check the path"),
            ("serve none", "none", "check the path"),
        ]
    )
    func refuses(arguments: String, words: String, advice: String) async throws {
        try await withModel { box in
            try box.add("short.txt", "short\n")
            let notes = try await box.fail(arguments)
            #expect(notes.contains(words) && notes.contains(advice), "\(notes)")
        }
    }
}
