import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoServer

@Suite("What the server refuses")
struct RefusalTests {
    @Test("a request that is wrong is told which parameter, and why")
    func badRequests() async throws {
        let completion = "/v1/completions"
        let chat = "/v1/chat/completions"
        let cases: [(path: String, body: String, parameter: String?, words: String)] = [
            (completion, "", nil, "JSON"), (completion, "{", nil, "JSON"),
            (completion, "[]", nil, "not a JSON object"),
            (completion, "{\"prompt\":\"\u{0}\"}", nil, "JSON"),
            (completion, String(repeating: "[", count: 100_000), nil, "JSON"),
            (completion, "{}", "prompt", "missing"),
            (completion, #"{"prompt":null}"#, "prompt", "missing"),
            (completion, #"{"prompt":[]}"#, "prompt", "must be"),
            (completion, #"{"prompt":[1,"a"]}"#, "prompt", "must be"),
            (completion, #"{"prompt":[1.5]}"#, "prompt", "must be"),
            (completion, #"{"prompt":{"a":1}}"#, "prompt", "must be"),
            (completion, #"{"prompt":[[[1]]]}"#, "prompt", "must be"),
            (completion, #"{"prompt":[["a"]]}"#, "prompt", "must be"),
            (completion, #"{"prompt":["a","b"]}"#, "prompt", "Several prompts"),
            (completion, #"{"prompt":[258]}"#, "prompt", "token 258"),
            (completion, #"{"prompt":[-1]}"#, "prompt", "token -1"),
            (completion, #"{"prompt":"a","max_tokens":0}"#, "max_tokens", "at least 1"),
            (completion, #"{"prompt":"a","max_tokens":1.5}"#, "max_tokens", "whole number"),
            (completion, #"{"prompt":"a","max_tokens":"1"}"#, "max_tokens", "whole number"),
            (completion, #"{"prompt":"a","max_tokens":1e300}"#, "max_tokens", "whole number"),
            (completion, #"{"prompt":"a","temperature":-1}"#, "temperature", "0 or more"),
            (completion, #"{"prompt":"a","temperature":"hot"}"#, "temperature", "a number"),
            (completion, #"{"prompt":"a","top_p":0}"#, "top_p", "more than 0"),
            (completion, #"{"prompt":"a","min_p":2}"#, "min_p", "0 to 1"),
            (
                completion, #"{"prompt":"a","repetition_penalty":0}"#, "repetition_penalty",
                "0.01 to 100"
            ),
            (completion, #"{"prompt":"a","stop":""}"#, "stop", "0 bytes"),
            (completion, #"{"prompt":"a","stop":["a","b","c","d","e"]}"#, "stop", "up to 4"),
            (completion, #"{"prompt":"a","stop":[1]}"#, "stop", "strings"),
            (completion, #"{"prompt":"a","stop":7}"#, "stop", "must be"),
            (completion, #"{"prompt":"a","seed":"x"}"#, "seed", "whole number"),
            (completion, #"{"prompt":"a","stream":1}"#, "stream", "true or false"),
            (
                completion, #"{"prompt":"a","stream_options":{"include_usage":true}}"#,
                "stream_options", "goes with"
            ),
            (
                completion, #"{"prompt":"a","stream":true,"stream_options":{"odd":true}}"#, "odd",
                "Unrecognized"
            ),
            (completion, #"{"prompt":"a","n":2}"#, "n", "not supported"),
            (completion, #"{"prompt":"a","best_of":3}"#, "best_of", "not supported"),
            (completion, #"{"prompt":"a","echo":true}"#, "echo", "not supported"),
            (completion, #"{"prompt":"a","logprobs":0}"#, "logprobs", "not supported"),
            (completion, #"{"prompt":"a","suffix":"b"}"#, "suffix", "not supported"),
            (
                completion, #"{"prompt":"a","presence_penalty":0.5}"#, "presence_penalty",
                "not supported"
            ),
            (completion, #"{"prompt":"a","logit_bias":{"1":5}}"#, "logit_bias", "not supported"),
            (completion, #"{"prompt":"a","topp":1}"#, "topp", "Unrecognized"),
            (completion, #"{"prompt":"a","messages":[]}"#, "messages", "Unrecognized"),
            (chat, "{}", "messages", "missing"), (chat, #"{"messages":[]}"#, "messages", "empty"),
            (chat, #"{"messages":"a"}"#, "messages", "no list"),
            (chat, #"{"messages":[{"role":"user"}]}"#, "messages", "message 1 has no content"),
            (
                chat,
                #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}"#,
                "messages", "not text alone"
            ),
            (
                chat, #"{"messages":[{"role":"user","content":"a"}],"tools":[{}]}"#, "tools",
                "not supported"
            ),
            (
                chat,
                #"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_object"}}"#,
                "response_format", "not supported"
            ),
            (
                chat, #"{"messages":[{"role":"user","content":"a"}],"logprobs":true}"#, "logprobs",
                "not supported"
            ),
            (
                chat, #"{"messages":[{"role":"user","content":"a"}],"prompt":"a"}"#, "prompt",
                "Unrecognized"
            ),
        ]
        try await withServer { live in
            for (path, body, parameter, words) in cases {
                let answer = try await live.send("POST", path, body)
                #expect(answer.status == 400, "\(body.prefix(100))")
                let error = try answer.error()
                #expect(error.parameter == parameter, "\(body.prefix(100))")
                #expect(error.message.contains(words), "\(body.prefix(100)): \(error.message)")
            }
            // What asks for nothing special is no fault.
            let answer = try await live.send(
                "POST",
                "/v1/chat/completions",
                #"{"messages":[{"role":"user","content":"a","name":"ada"}],"n":1,"presence_penalty":0.0,"frequency_penalty":0,"logit_bias":{},"logprobs":false,"top_logprobs":null,"tools":[],"tool_choice":"none","response_format":{"type":"text"},"user":"x","store":true,"stop":null,"max_tokens":1,"modalities":["text"]}"#
            )
            #expect(answer.status == 200, "\(answer.body)")
        }
    }

    @Test("a prompt that fills the context, another model, and a template's own refusal")
    func unfit() async throws {
        try await withServer(template: "{{ raise_exception('users only') }}") { live in
            for stream in ["", ",\"stream\":true"] {
                let prompt = String(repeating: "a", count: 512)
                let long = try await live.send(
                    "POST",
                    "/v1/completions",
                    "{\"prompt\":\"\(prompt)\"\(stream)}"
                )
                #expect(long.status == 400)
                #expect(try long.error().code == "context_length_exceeded")
                #expect(try long.error().message.contains("512 tokens"))
                let refused = try await live.send(
                    "POST",
                    "/v1/chat/completions",
                    "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]\(stream)}"
                )
                #expect(refused.status == 400)
                #expect(try refused.error().message.contains("users only"))
            }
            let other = try await live.send(
                "POST",
                "/v1/completions",
                #"{"model":"gpt","prompt":"a"}"#
            )
            #expect(other.status == 404)
            #expect(try other.error().code == "model_not_found")
            #expect(try other.error().message.contains("\"tiny\""))
        }
    }

    @Test("what is not there, and other methods")
    func routes() async throws {
        try await withServer { live in
            for path in ["/", "/v1", "/v1/embeddings", "/v1/completions/x", "/v1//models"] {
                let answer = try await live.send("GET", path)
                #expect(answer.status == 404)
                #expect(try !answer.error().message.isEmpty)
            }
            let get = try await live.send("GET", "/v1/completions")
            #expect(get.status == 405 && get.headers.contains("allow: post"))
            #expect(try await live.send("DELETE", "/v1/models").status == 405)
            // An answer to HEAD has no body: the next answer begins at once.
            let answer = try await runBlocking { [live] in
                let connection = try RawConnection(port: live.port)
                connection.send(
                    live.request("HEAD", "/health") + live.request("GET", "/health", isLast: true)
                )
                return connection.receiveRest()
            }
            #expect(
                answer.components(separatedBy: "HTTP/1.1 ").map { $0.prefix(3) } == [
                    "", "405", "200",
                ]
            )
        }
    }

    @Test("a body that is too long, whether it says so or not")
    func largeBodies() async throws {
        try await withServer(configure: { $0.largestBody = 200_000 }) { live in
            func status(afterSending count: Int) async throws -> Int? {
                try await runBlocking { [live] in
                    let connection = try RawConnection(port: live.port)
                    connection.send(
                        "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: \(count)\r\n\r\n"
                    )
                    connection.send([UInt8](repeating: 0x20, count: count))
                    return connection.receive(through: "\r\n").flatMap {
                        Int($0.split(separator: " ")[1])
                    }
                }
            }
            #expect(try await status(afterSending: 300_000) == 413)
            // So much is not read to its end: the connection is closed, and the answer may go with it.
            #expect(try await status(afterSending: 80 << 20) ?? 413 == 413)
            #expect(try await live.waitForRecords(2).map(\.status) == [413, 413])
            let chunked = try await runBlocking { [live] in
                let connection = try RawConnection(port: live.port)
                connection.send(
                    "POST /v1/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                let piece = "8000\r\n" + String(repeating: " ", count: 0x8000) + "\r\n"
                for _ in 0..<10 { connection.send(piece) }
                connection.send("0\r\n\r\n" + live.request("GET", "/health"))
                return (try connection.answer().status, try connection.answer().status)
            }
            #expect(chunked == (413, 200))
        }
    }

    @Test("a key, where there is one")
    func keys() async throws {
        let key = "0123456789abcdef"
        try await withServer(key: key) { live in
            let cases: [([String], Int)] = [
                ([], 401), (["Authorization: Bearer 0123456789abcdeF"], 401),
                (["Authorization: Bearer"], 401), (["Authorization: Bearer \(key) x"], 401),
                (["Authorization: \(key)"], 401), (["Authorization: Basic \(key)"], 401),
                (["Authorization: Bearer \(key)"], 200), (["authorization: bearer \(key)"], 200),
                // With a key any page may ask.
                (["Authorization: Bearer \(key)", "Origin: https://example.org"], 200),
            ]
            for (headers, status) in cases {
                #expect(try await live.send("GET", "/v1/models", headers: headers).status == status)
                let body = #"{"prompt":"a","max_tokens":1}"#
                let answer = try await live.send("POST", "/v1/completions", body, headers: headers)
                #expect(answer.status == status)
                if status == 401 { #expect(try answer.error().code == "invalid_api_key") }
            }
            #expect(try await live.send("GET", "/health").status == 200)
            // No key is in what is told of requests.
            #expect(live.records.all.allSatisfy { !$0.description.contains("0123") })
        }
    }

    @Test("pages of other origins, without a key")
    func foreignPages() async throws {
        try await withServer { live in
            let cases: [(String, Int)] = [
                ("Origin: https://example.org", 403), ("Origin: null", 403),
                ("Origin: http://127.0.0.1.example.org", 403),
                ("Origin: http://localhost:3000", 200),
                ("Origin: http://[::1]:3000", 200), ("Origin: http://127.0.0.1", 200),
            ]
            for (header, status) in cases {
                let answer = try await live.send("GET", "/v1/models", headers: [header])
                #expect(answer.status == status, "\(header)")
            }
            for (host, status) in [("evil.example:80", 403), ("localhost:1", 200), ("[::1]", 200)] {
                let answer = try await runBlocking { [live] in
                    let connection = try RawConnection(port: live.port)
                    connection.send("GET /v1/models HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                    return try connection.answer().status
                }
                #expect(answer == status, "\(host)")
            }
        }
    }

    @Test("keys that are none, and addresses that are loopback or not")
    func settings() {
        for key in [
            "", "short", "0123456789abcde ", "0123456789abcdeé",
            String(repeating: "a", count: 1025),
        ] {
            #expect(throws: ServerKeyError.self) { _ = try ServerKey(key) }
        }
        for host in ["127.0.0.1", "127.8.9.255", "localhost", "::1"] {
            #expect(ServerSettings.isLoopback(host))
        }
        for host in [
            "0.0.0.0", "::", "127.0.0", "127.0.0.256", "128.0.0.1", "127.0.0.1.example.org", "",
        ] {
            #expect(!ServerSettings.isLoopback(host))
        }
    }
}
