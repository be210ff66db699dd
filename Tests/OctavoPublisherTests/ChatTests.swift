import Foundation
import OctavoBase
import OctavoQuantizer
import OctavoTestSupport
import Testing

@testable import OctavoPublisher

@Suite("Conversations to learn from")
struct ChatTests {
    /// Reads lines as conversations of the tiny model, in which a byte is a token.
    private func sequences(
        _ lines: String,
        length: Int = 200,
        template: String? = TinyModel.simpleTemplate,
        tokens: Int = 100_000
    ) throws -> TuningData {
        try withTemporaryFolder { folder in
            var model = TinyModel.small
            model.chatTemplate = template
            try model.write(to: joined(folder, "model"))
            try AtomicFile.write(lines, to: joined(folder, "chat.jsonl"))
            var request = TuningRequest(files: [joined(folder, "chat.jsonl")], threads: 1)
            (request.sequenceLength, request.tokens) = (length, tokens)
            request.options.objective = .crossEntropy
            return try TuningData(OpenModel(joined(folder, "model")), request)
        }
    }

    /// What is learned of a sequence, as text; the end of an answer as a dollar sign.
    private func learned(_ sequence: TuningSequence) -> String {
        String(
            decoding: sequence.successors.map { token in
                token.map { $0 == 1 ? UInt8(ascii: "$") : UInt8($0 - 2) } ?? UInt8(ascii: "?")
            },
            as: UTF8.self
        )
    }

    private let pair = #"{"prompt": "q", "completion": "a"}"# + "\n"

    @Test(
        "answers are learned with their ends, and nothing else",
        arguments: [
            (
                #"{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]}"#,
                "Yo$"
            ),
            (#"{"prompt": "2+2", "completion": "four"}"#, "four$"),
            (
                #"{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d e"}]}"#,
                "b$d e$"
            ),
            // Behind the last answer there is nothing to learn.
            (
                #"{"messages": [{"role": "assistant", "content": "x"}, {"role": "user", "content": "y"}]}"#,
                "x$"
            ),
            (
                #"{"messages": [{"role": "assistant", "content": "no", "weight": 0}, {"role": "user", "content": "?"}, {"role": "assistant", "content": "yes", "weight": 1}]}"#,
                "yes$"
            ),
            (
                #"{"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, {"role": "assistant", "content": ""}]}"#,
                "$"
            ),
            (
                #"{"prompt": [{"role": "user", "content": "u"}], "completion": [{"role": "assistant", "content": "v"}]}"#,
                "v$"
            ),
            (#"{"prompt": "é", "completion": "ü\u00df\n"}"#, "üß\n$"),
        ]
    )
    func learnsAnswers(line: String, expected: String) throws {
        let data = try sequences(line + "\r\n\n  \n" + pair)
        #expect(data.sequences.count == 2)
        #expect(learned(data.sequences[0]) == expected)
        #expect(learned(data.sequences[1]) == "a$")
        #expect(data.kind == .chat && data.notes.isEmpty)
    }

    /// The whole of it, token by token, counted by hand.
    @Test("what the model is given is what the template writes")
    func givesWhole() throws {
        let sequence = try sequences(pair + pair).sequences[0]
        let text = Array("user: q\nassistant: a".utf8).map { Int($0) + 2 }
        #expect(sequence.tokens == [0] + text + [1, Int(UInt8(ascii: "\n")) + 2])
        // "a" follows place 19, its end place 20.
        #expect(sequence.places == [19, 20])
    }

    /// Real tokenizers and templates; which tokens are answers was found by their places in the text
    /// (make_golden.py beside the fixture).
    @Test(
        "conversations of real models become the tokens of transformers, and the same are learned",
        .enabled(if: Shared.isHere)
    )
    func agreesWithTransformers() throws {
        let path = packageRoot + "/Tests/OctavoCheckpointTests/Fixtures/chat/golden.json"
        let cases = try #require(JSON(parsing: readFile(path)).array)
        #expect(cases.count == 6)
        try withTemporaryFolder { folder in
            for item in cases {
                let name = try #require(item["tokenizer"]?.string)
                let model = joined(folder, name)
                try TinyModel.small.write(to: model)
                for file in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"] {
                    try AtomicFile.write(
                        readFile(Shared.path("golden/tokenizers/hf/\(name)/\(file)")),
                        to: joined(model, file)
                    )
                }
                let line = JSON.object(["messages": item["messages"]]).text(.compact)
                let file = joined(folder, "chat.jsonl")
                try AtomicFile.write(line + "\n" + line, to: file)
                let data = try TuningData(
                    OpenModel(model),
                    TuningRequest(files: [file], threads: 1)
                )
                let sequence = data.sequences[0]
                #expect(sequence.tokens == item["ids"]?.array?.compactMap(\.integer), "\(name)")
                #expect(
                    sequence.places.map { $0 + 1 } == item["learned"]?.array?.compactMap(\.integer),
                    "\(name)"
                )
            }
        }
    }

    @Test(
        "a bad line is named by file and number",
        arguments: [
            ("{", "ends too early"), ("[]", "expected an object"), ("{}", "expected messages"),
            (#"{"messages": []}"#, "messages is empty"),
            (#"{"messages": 1}"#, "messages is no list"),
            (#"{"messages": [1]}"#, "message 1 is no object"),
            (#"{"messages": [{"content": "x"}]}"#, "message 1 has no role"),
            (#"{"messages": [{"role": "user"}]}"#, "message 1 has no content"),
            (#"{"messages": [{"role": "user", "content": 1}]}"#, "message 1 is no text"),
            (
                #"{"messages": [{"role": "user", "content": [{"type": "image"}]}]}"#,
                "not text alone"
            ),
            (#"{"messages": [{"role": "user", "content": "x"}]}"#, "no message of the assistant"),
            (
                #"{"messages": [{"role": "assistant", "content": "x", "weight": 0}]}"#,
                "no message of the assistant"
            ),
            (
                #"{"messages": [{"role": "assistant", "content": "x", "weight": 0.5}]}"#,
                "neither 0 nor 1"
            ),
            (#"{"prompt": "x"}"#, "expected messages"),
            (#"{"prompt": 1, "completion": "x"}"#, "prompt"),
            (#"{"messages": [{"role": "user", "role": "user", "content": ""}]}"#, "appears twice"),
            (
                #"{"tools": 1, "messages": [{"role": "assistant", "content": "x"}]}"#,
                "tools is no list"
            ),
            (
                "{\"messages\": ["
                    + String(
                        repeating: #"{"role": "assistant", "content": ""},"#,
                        count: 1024
                    ) + #"{"role": "assistant", "content": ""}]}"#,
                "1025 messages"
            ),
            (#"{"prompt": "\ud800", "completion": "x"}"#, "in JSON"),
        ]
    )
    func namesBadLines(line: String, words: String) {
        #expect {
            _ = try sequences(pair + "\n" + line + "\n" + pair)
        } throws: { error in
            "\(error)".hasPrefix("chat.jsonl, line 3: ") && "\(error)".contains(words)
        }
    }

    @Test("bytes that are not UTF-8, and a file without a line, are refused")
    func refusesOtherFiles() {
        #expect(throws: ChatFileError.empty("chat.jsonl")) { _ = try sequences("\n \r\n") }
        #expect(throws: TuningError.tooFewSequences(1)) { _ = try sequences(pair) }
    }

    @Test("long conversations are cut, and left out if no answer is left")
    func cuts() throws {
        let long = #"{"prompt": "\#(String(repeating: "x", count: 60))", "completion": "abcdefgh"}"#
        let data = try sequences(long + "\n" + pair + pair, length: 83)
        // A beginning of one token, 67 of the question, 11 of "assistant: ": four are left for the answer.
        #expect(data.sequences.map(\.tokens.count) == [83, 23, 23])
        #expect(learned(data.sequences[0]) == "abcd")
        #expect(
            data.notes == [
                "1 conversation cut to 83 tokens, of which 0 left out because no answer begins there"
            ]
        )
        let short = try sequences(long + "\n" + pair + pair, length: 79)
        #expect(short.sequences.count == 2)
        #expect(short.notes.first?.contains("of which 1 left out") == true)
        #expect(throws: ChatFileError.nothingLearned(tokens: 10)) {
            _ = try sequences(long + "\n" + pair, length: 10)
        }
    }

    @Test("of too many conversations some are taken, spread over the file")
    func thins() throws {
        let lines = (0..<50).map { #"{"prompt": "q", "completion": "\#(10 + $0)"}"# }
        let data = try sequences(lines.joined(separator: "\n"), tokens: 125)
        #expect(data.sequences.map(learned) == ["10$", "20$", "30$", "40$", "50$"])
        #expect(data.notes == ["5 of 50 conversations are used"])
    }

    @Test("an answer that is shown otherwise than it is asked for is not learned")
    func leavesOutOtherAnswers() throws {
        // As templates of reasoning models: earlier answers lose what the last one has.
        let template = """
            {% for m in messages %}{% if m.role == 'assistant' and not loop.last %}[earlier: {{ m.content }}]\
            {% elif m.role == 'assistant' %}<{{ m.content }}{{ eos_token }}{% else %}{{ m.content }}{% endif %}\
            {% endfor %}{% if add_generation_prompt %}<{% endif %}
            """
        let line =
            #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}"#
        let data = try sequences(line + "\n" + line, template: template)
        #expect(data.sequences.map(learned) == ["d$", "d$"])
        #expect(data.notes.first?.hasPrefix("2 answers not learned") == true)
    }

    @Test("a model without a template, or one that is none, cannot learn conversations")
    func refusesTemplates() {
        #expect {
            _ = try sequences(pair + pair, template: nil)
        } throws: { "\($0)".contains("has no chat template") }
        #expect {
            _ = try sequences(pair + pair, template: "{% include 'x' %}")
        } throws: { "\($0)".contains("the statement include") }
        #expect {
            _ = try sequences(pair + pair, template: "{{ raise_exception('not like this') }}")
        } throws: { "\($0)".contains("line 1: ") && "\($0)".contains("not like this") }
    }
}

/// Runs a body with a folder of its own.
func withTemporaryFolder<T>(_ body: (String) throws -> T) throws -> T {
    let folder = joined(
        NSTemporaryDirectory(),
        "octavo-chat-\(UInt64.random(in: 0 ... .max))"
    )
    try makeDirectory(folder)
    defer { try? removeAll(folder) }
    return try body(folder)
}
