import OctavoBase
import OctavoModel
import OctavoPublisher
import OctavoTestSupport
import Testing

@testable import OctavoServer

@Suite("Answers of the server")
struct AnswerTests {
    /// What the generator makes of a prompt without any server, always taking the likeliest token.
    private func expected(
        _ live: LiveServer,
        _ prompt: String,
        limit: Int,
        stops: [String] = []
    ) throws -> GeneratedText {
        try live.generator.generate(
            after: live.generator.tokens(of: prompt),
            GenerationRequest(limit: limit, rule: SamplingRule(), seed: 0, stops: stops)
        )
    }

    @Test("a prompt is continued, whole and streamed, as text and as tokens")
    func completions() async throws {
        try await withServer { live in
            let text = try expected(live, "The sea", limit: 20)
            for prompt in [
                "\"The sea\"", "[\"The sea\"]", "[86,106,103,34,117,103,99]",
                "[[86,106,103,34,117,103,99]]",
            ] {
                let answer = try await live.send(
                    "POST",
                    "/v1/completions",
                    "{\"model\":\"tiny\",\"prompt\":\(prompt),\"max_tokens\":20,\"temperature\":0}"
                )
                #expect(answer.status == 200)
                let json = try answer.json()
                #expect(json["object"] == "text_completion" && json["model"] == "tiny")
                #expect(json["id"]?.string?.hasPrefix("cmpl-") == true)
                #expect(json["created"]?.integer.map { $0 > 1_700_000_000 } == true)
                let choice = try #require(json["choices"]?.array?.first)
                #expect(choice["text"]?.string == text.text)
                #expect(choice["finish_reason"] == "length" && choice["index"] == 0)
                #expect(json["usage"]?["prompt_tokens"] == 7)
                #expect(json["usage"]?["completion_tokens"] == 20)
                #expect(json["usage"]?["total_tokens"] == 27)
            }
            let streamed = try await live.send(
                "POST",
                "/v1/completions",
                #"{"prompt":"The sea","max_tokens":20,"temperature":0,"stream":true}"#
            )
            #expect(streamed.headers.contains("content-type: text/event-stream"))
            var events = streamed.events
            #expect(events.popLast() == "[DONE]")
            let pieces = try events.map { try JSON(parsing: Array($0.utf8)) }
            let choices = try pieces.map { try #require($0["choices"]?.array?.first) }
            #expect(choices.compactMap { $0["text"]?.string }.joined() == text.text)
            #expect(choices.last?["finish_reason"] == "length")
            #expect(choices.dropLast().allSatisfy { $0["finish_reason"] == .null })
            #expect(Set(pieces.compactMap { $0["id"]?.string }).count == 1)
            #expect(pieces.allSatisfy { $0["usage"] == nil })
            let line = try #require(try await live.waitForRecords(5).last).description
            #expect(line.hasPrefix("POST /v1/completions 200, 7 + 20 tokens, "))
        }
    }

    @Test("a conversation is answered, whole and streamed, with the numbers of tokens at the end")
    func chats() async throws {
        try await withServer { live in
            let prompt = "system: Be\nuser: Hi\nassistant: "
            // The template begins with <bos>, which a plain text does not.
            let tokens = [0] + (try live.generator.tokens(of: prompt))
            let text = try live.generator.generate(
                after: tokens,
                GenerationRequest(limit: 15, rule: SamplingRule(), seed: 0)
            )
            let messages =
                #""messages":[{"role":"developer","content":"Be"},{"role":"user","content":[{"type":"text","text":"H"},{"type":"text","text":"i"}]}],"max_completion_tokens":15,"temperature":0"#
            let whole = try await live.send("POST", "/v1/chat/completions", "{\(messages)}").json()
            #expect(whole["object"] == "chat.completion")
            let choice = try #require(whole["choices"]?.array?.first)
            #expect(choice["message"]?["content"]?.string == text.text)
            #expect(choice["message"]?["role"] == "assistant")
            #expect(whole["usage"]?["prompt_tokens"]?.integer == tokens.count)
            let streamed = try await live.send(
                "POST",
                "/v1/chat/completions",
                "{\(messages),\"stream\":true,\"stream_options\":{\"include_usage\":true}}"
            )
            var events = streamed.events
            #expect(events.popLast() == "[DONE]")
            let pieces = try events.map { try JSON(parsing: Array($0.utf8)) }
            #expect(pieces.allSatisfy { $0["object"] == "chat.completion.chunk" })
            #expect(pieces.last?["choices"] == [])
            #expect(pieces.last?["usage"]?["completion_tokens"] == 15)
            #expect(pieces.dropLast().allSatisfy { $0["usage"] == .null })
            let deltas = pieces.compactMap { $0["choices"]?.array?.first?["delta"] }
            #expect(deltas.first?["role"] == "assistant")
            #expect(deltas.compactMap { $0["content"]?.string }.joined() == text.text)
        }
    }

    @Test("stop strings end an answer, and a seed repeats it")
    func stopsAndSeeds() async throws {
        try await withServer { live in
            // A model of random weights says little; some beginning leads to two different characters.
            let found = try (97..<123).map { String(UnicodeScalar(UInt8($0))) }
                .compactMap { prompt -> (prompt: String, text: String, stop: Character)? in
                    let text = try expected(live, prompt, limit: 60).text
                    let stop = text.first { $0 != text.first && $0.isASCII && $0 >= " " }
                    return stop.map { (prompt, text, $0) }
                }.first
            let (prompt, text, letter) = try #require(found)
            let stop = JSON.string(String(letter)).text(.compact)
            let stopped = try await live.send(
                "POST",
                "/v1/completions",
                "{\"prompt\":\"\(prompt)\",\"max_tokens\":60,\"temperature\":0,\"stop\":[\(stop)]}"
            ).json()
            let choice = try #require(stopped["choices"]?.array?.first)
            #expect(choice["finish_reason"] == "stop")
            #expect(choice["text"]?.string == String(text.prefix { $0 != letter }))
            func drawn(_ more: String) async throws -> String? {
                try await live.send(
                    "POST",
                    "/v1/completions",
                    "{\"prompt\":\"a\",\"temperature\":1.5,\"top_k\":0\(more)}"
                ).json()["choices"]?.array?.first?["text"]?.string
            }
            let first = try await drawn(",\"seed\":-7")
            #expect(try await drawn(",\"seed\":-7") == first)
            #expect(try await drawn(",\"seed\":8") != first)
            #expect(try await drawn("") != drawn(""))
        }
    }

    @Test("what was computed of a conversation is used again when it goes on")
    func reuse() async throws {
        try await withServer { live in
            func usage(_ prompt: String) async throws -> JSON? {
                try await live.send(
                    "POST",
                    "/v1/completions",
                    "{\"prompt\":\"\(prompt)\",\"max_tokens\":2,\"temperature\":0}"
                ).json()["usage"]
            }
            let first = try await usage("The sea is")
            #expect(first?["prompt_tokens_details"]?["cached_tokens"] == 0)
            let second = try await usage("The sea was")
            #expect(second?["prompt_tokens_details"]?["cached_tokens"] == 8)
        }
    }

    @Test("models and health are told")
    func others() async throws {
        try await withServer(configure: { $0.modelName = "me/tiny" }) { live in
            let list = try await live.send("GET", "/v1/models").json()
            #expect(list["object"] == "list")
            #expect(list["data"]?.array?.map { $0["id"]?.string } == ["me/tiny"])
            for path in ["/v1/models/me/tiny", "/v1/models/me%2Ftiny"] {
                #expect(try await live.send("GET", path).json()["max_model_len"] == 512)
            }
            #expect(try await live.send("GET", "/v1/models/other").status == 404)
            #expect(try await live.send("GET", "/health?x=1").json()["status"] == "ok")
        }
    }

    @Test("several requests come over one connection")
    func keptConnection() async throws {
        try await withServer { live in
            let body = #"{"prompt":"a","max_tokens":2,"stream":true}"#
            let texts = [
                live.request("POST", "/v1/completions", body), live.request("GET", "/health"),
                // A body that nobody asked for is not taken for a request.
                live.request("GET", "/v1/models", live.request("GET", "/nothing")),
                live.request("POST", "/v1/completions", "{"),
                live.request("GET", "/v1/models"),
            ]
            let statuses = try await runBlocking { [port = live.port] in
                let connection = try RawConnection(port: port)
                // All at once: the server takes one after the other.
                connection.send(texts.joined())
                return try texts.map { _ in try connection.answer().status }
            }
            #expect(statuses == [200, 200, 200, 400, 200])
        }
    }
}
