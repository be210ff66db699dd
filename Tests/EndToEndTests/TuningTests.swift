import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Tuning a quantized model")
struct TuningTests {
    private static let arguments =
        "--teacher model --calibration text.txt --tokens 1024 --sequence-length 32 --batch-tokens 128 "
        + "--steps 8 --steps-per-evaluation 2 --code-learning-rate 0.2 --threads 2"

    /// A model, the same quantized, and text.
    private func prepare(_ box: Sandbox) async throws {
        try box.addModel()
        try box.add("text.txt", (0..<60).map { "Line \($0) of \($0 * $0). " }.joined())
        try await box.succeed("quantize model folded \(foldArguments)")
    }

    @Test("the result is an artifact that verifies, and says how it came about")
    func story() async throws {
        try await withSandbox { box in
            try await prepare(box)
            let finished = try await box.succeed("tune folded tuned \(Self.arguments) --json")
            let result = try finished.json()
            let (before, after) = (
                try #require(result["loss_before"]?.number),
                try #require(result["loss_after"]?.number)
            )
            #expect(after < before)
            try await box.succeed("verify tuned --teacher model")
            let record = try JSON(parsing: readFile(box("tuned/octavo.json")))
            let tuning = try #require(record["recipe"]?["tuning"])
            #expect(tuning["loss_after"]?.number == after)
            #expect(tuning["steps"]?.integer == 8)
            #expect(tuning["teacher"]?["files"]?.array?.isEmpty == false)
            // What it was quantized on is still known.
            let quantized = try JSON(parsing: readFile(box("folded/octavo.json")))
            #expect(record["recipe"]?["calibration"] == quantized["recipe"]?["calibration"])
            #expect(fileKind(box("tuned.partial")) == nil)
        }
    }

    @Test(
        "a run that was killed goes on and ends in the same bytes",
        arguments: [
            "journal.json", "teacher.safetensors", "state-0.safetensors", "course.json",
            "state-4.safetensors", "artifact/model.safetensors",
        ]
    )
    func survivesKilling(moment: String) async throws {
        try await withSandbox { box in
            try await prepare(box)
            try await box.succeed("tune folded whole/tuned \(Self.arguments)")
            let arguments = "tune folded killed/tuned \(Self.arguments)"
            try await box.run(arguments, killedOnce: "killed/tuned.partial/" + moment)
            if fileKind(box("killed/tuned")) == nil {
                try await box.succeed(arguments + " --resume")
            }
            let (killed, whole) = (
                try contents(of: box("killed/tuned")), try contents(of: box("whole/tuned"))
            )
            #expect(Set(killed.keys) == Set(whole.keys))
            for (path, bytes) in whole { #expect(killed[path] == bytes, "\(path)") }
        }
    }

    @Test("what does not belong together is refused by name")
    func refuses() async throws {
        try await withSandbox { box in
            try await prepare(box)
            var other = TinyModel.small
            other.change = { tensors in
                guard let embedding = tensors["model.embed_tokens.weight"] else { return }
                let width = embedding.shape[1]
                tensors["model.embed_tokens.weight"] = (
                    [259, width], embedding.values + [Float](repeating: 0, count: width)
                )
            }
            try other.write(to: box("other"))
            let config = try JSON(parsing: readFile(box("other/config.json")))
            var object = try #require(config.object)
            object["vocab_size"] = 259
            try box.add("other/config.json", JSON.object(object).text())
            for (command, words) in [
                ("tune model tuned \(Self.arguments)", "is not quantized"),
                (
                    "tune folded tuned --teacher folded --calibration text.txt",
                    "expected the original"
                ),
                (
                    "tune folded tuned --teacher other --calibration text.txt",
                    "vocabulary is 258 tokens and the original's 259 tokens"
                ),
                ("tune folded tuned \(Self.arguments) --memory 10MB", "--memory"),
                (
                    "tune folded tuned --teacher model --calibration text.txt --tokens 4096 "
                        + "--sequence-length 2048",
                    "longer than the model's context"
                ),
            ] {
                let notes = try await box.fail(command)
                #expect(notes.contains(words), "\(notes)")
                #expect(fileKind(box("tuned")) == nil)
                #expect(fileKind(box("tuned.partial")) == nil)
            }
        }
    }

    @Test("unfinished work is only gone on with by the same arguments")
    func refusesOtherArguments() async throws {
        try await withSandbox { box in
            try await prepare(box)
            // So many small steps that it cannot have ended by then.
            let arguments =
                Self.arguments.replacing("--steps 8", with: "--steps 5000")
                + " --patience 5000 --update codebooks"
            try await box.run(
                "tune folded tuned \(arguments)",
                killedOnce: "tuned.partial/course.json"
            )
            for (more, named) in [
                ("--seed 1", "settings"), ("--teacher-probabilities 8", "teacher_probabilities"),
                ("--learning-rate 0.1", "settings"),
            ] {
                let notes = try await box.fail(
                    "tune folded tuned \(arguments) \(more) --resume"
                )
                #expect(notes.contains("begun with \(named) "), "\(notes)")
            }
            let advice = try await box.fail("tune folded tuned \(arguments)")
            #expect(advice.contains("--resume"))
        }
    }
}
