import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Fine-tuning on text and conversations of one's own")
struct FineTuningTests {
    private static let arguments =
        "--tokens 4096 --sequence-length 64 --batch-tokens 256 --steps 8 --steps-per-evaluation 2 "
        + "--learning-rate 0.01 --code-learning-rate 0.2 --held-out-share 0.2 --threads 2"

    /// A quantized model that knows how conversations are written, and some.
    private func prepare(_ box: Sandbox) async throws {
        var model = TinyModel.small
        model.chatTemplate = TinyModel.simpleTemplate
        try model.write(to: box("model"))
        let chats = (0..<40).map { index in
            #"{"messages": [{"role": "user", "content": "\#(index)"}, "#
                + #"{"role": "assistant", "content": "folded \#(index % 7)"}]}"#
        }
        try box.add("chat.jsonl", chats.joined(separator: "\n"))
        try box.add("text.txt", (0..<60).map { "Line \($0) of \($0 * $0). " }.joined())
        try await box.succeed("quantize model folded \(foldArguments)")
    }

    @Test("a model learns answers without an original, and record, card and report say so")
    func learnsAnswers() async throws {
        try await withSandbox { box in
            try await prepare(box)
            let finished = try await box.succeed(
                "tune folded mine --objective cross-entropy --calibration chat.jsonl "
                    + Self.arguments + " --json"
            )
            let result = try finished.json()
            let before = try #require(result["loss_before"]?.number)
            #expect(try #require(result["loss_after"]?.number) < before)
            let tuning = try #require(
                JSON(parsing: readFile(box("mine/octavo.json")))["recipe"]?["tuning"]
            )
            #expect(tuning["objective"] == "cross-entropy" && tuning["text_kind"] == "chat")
            #expect(tuning["settings"]?["objective"] == "cross-entropy")
            #expect(tuning["teacher"]?["files"]?.array == [])
            // "folded", a space, a digit and the end: nine of each conversation.
            #expect(tuning["learned_tokens"]?.integer == 40 * 9)
            let card = String(decoding: try readFile(box("mine/README.md")), as: UTF8.self)
            #expect(card.contains("fine-tuned as a whole with cross-entropy"))
            #expect(card.contains("360 tokens learned"))
            try await box.succeed("verify mine")
            let page = String(decoding: try readFile(box("mine.report.html")), as: UTF8.self)
            #expect(page.contains("objective cross-entropy") && page.contains("chat.jsonl"))
            #expect(page.contains("id=\"course\"") && page.contains("Codes that changed"))

            let events = try finished.events()
            let steps = events.filter { $0["event"] == "step" }
            #expect(steps.compactMap { $0["step"]?.integer } == Array(1...8))
            for step in steps {
                #expect(step["loss"]?.number ?? 0 > 0 && step["tokens_per_second"]?.number ?? 0 > 0)
                #expect(step["tokens"]?.integer ?? 0 <= 256 && step["changed_groups"] != nil)
            }
            let measured = events.filter { $0["event"] == "evaluation" }
            #expect(measured.compactMap { $0["step"]?.integer } == [0, 2, 4, 6, 8])
            #expect(measured.first?["held_out_loss"]?.number == before)
        }
    }

    @Test(
        "a run that was killed goes on with sequences of all lengths, to the same bytes and curves",
        arguments: [
            "--objective mixed --cross-entropy-share 0.7 --teacher model --calibration chat.jsonl text.txt",
            "--objective kl --teacher model --calibration chat.jsonl --teacher-probabilities 0",
            "--objective cross-entropy --calibration text.txt",
        ]
    )
    func survivesKilling(objective: String) async throws {
        try await withSandbox { box in
            try await prepare(box)
            let arguments = objective + " " + Self.arguments
            try await box.succeed("tune folded whole/mine \(arguments)")
            try await box.run(
                "tune folded killed/mine \(arguments)",
                killedOnce: "killed/mine.partial/state-4.safetensors"
            )
            if fileKind(box("killed/mine")) == nil {
                try await box.succeed("tune folded killed/mine \(arguments) --resume")
            }
            let (killed, whole) = (
                try contents(of: box("killed/mine")), try contents(of: box("whole/mine"))
            )
            #expect(Set(killed.keys) == Set(whole.keys))
            for (path, bytes) in whole { #expect(killed[path] == bytes, "\(path)") }
            // The curves of losses are those of the whole course; only times differ.
            let pages = try ["killed", "whole"].map {
                try course(inPage: box("\($0)/mine.report.html"))
            }
            #expect(pages[0] == pages[1] && pages[0].contains("step 8"))
        }
    }

    /// The section of a report that draws the losses.
    private func course(inPage path: String) throws -> String {
        let page = String(decoding: try readFile(path), as: UTF8.self)
        let start = try #require(page.range(of: "<section id=\"course\">"))
        let end = try #require(page[start.upperBound...].range(of: "</section>"))
        return String(page[start.lowerBound..<end.lowerBound])
    }

    @Test(
        "objectives that do not go with the other arguments are wrong usage",
        arguments: [
            ("--calibration text.txt", "--objective kl needs --teacher"),
            ("--objective mixed --calibration text.txt", "--objective mixed needs --teacher"),
            (
                "--objective cross-entropy --teacher model --calibration text.txt",
                "asks no original"
            ),
            (
                "--teacher model --cross-entropy-share 0.5 --calibration text.txt",
                "goes with --objective mixed"
            ),
            (
                "--objective mixed --teacher model --cross-entropy-share 1 --calibration text.txt",
                "less than 1"
            ),
            ("--objective best --calibration text.txt", "objective"),
        ]
    )
    func wrongUsage(arguments: String, words: String) async throws {
        try await withSandbox { box in
            let finished = try await box.run("tune folded mine \(arguments)")
            #expect(finished.status == 64 && finished.output.isEmpty)
            #expect(finished.notes.contains(words), "\(finished.notes)")
        }
    }

    @Test("bad conversations and models are refused, and nothing is left behind")
    func refuses() async throws {
        try await withSandbox { box in
            try await prepare(box)
            try box.add(
                "bad.jsonl",
                "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": 1}\n"
            )
            var nan = TinyModel.small
            nan.change = { $0["model.norm.weight"]?.values[3] = .nan }
            try nan.write(to: box("nan"))
            var mixtral = TinyModel.small
            mixtral.experts = 2
            try mixtral.write(to: box("other"))
            let inputs = Set(try directoryEntries(box.path))
            for (arguments, words) in [
                ("--objective cross-entropy --calibration bad.jsonl", "bad.jsonl, line 2: "),
                ("--objective cross-entropy --calibration none.jsonl", "none.jsonl"),
                ("--teacher nan --calibration text.txt", "not finite"),
                (
                    "--teacher other --calibration text.txt",
                    "family is llama and the original's mixtral"
                ),
            ] {
                let notes = try await box.fail("tune folded mine \(arguments) \(Self.arguments)")
                #expect(notes.contains(words), "\(notes)")
                #expect(try box.entries(except: inputs) == [], "\(words)")
            }
        }
    }
}
