import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Results go to standard output, everything else to standard error")
struct OutputTests {
    /// Each with a line that standard error must hold, where the verb takes long enough to have one.
    @Test(
        "with --json, standard output is one JSON document and nothing else",
        arguments: [
            ("inspect folded", nil), ("inspect folded --tensors", nil), ("inspect model", nil),
            ("convert folded out --to dense", "writing tensors"),
            ("quantize model out --scheme 1x4g8 --tokens 64 --sequence-length 16", "quantizing"),
            ("evaluate folded --tokens ids.json", "evaluating"),
            ("evaluate folded --text text.txt --sequence-length 16 --teacher model", "evaluating"),
            ("evaluate folded --tokens one.json --logits out.safetensors", nil),
            ("generate folded --prompt a --max-tokens 2", nil),
            ("verify folded --teacher model", "evaluating"),
            ("verify model --no-inference", "reading tensors"),
            ("hub token list --root hub", nil),
        ]
    )
    func printsOneDocument(arguments: String, note: String?) async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.addFolded()
            try box.add("ids.json", "[1, 2, 3]")
            try box.add("one.json", "[1]")
            try box.add("text.txt", "The sea is wide, and so is the sky.")
            let finished = try await box.succeed(arguments + " --json")
            _ = try finished.json()
            #expect(finished.output.hasSuffix("\n"))
            if let note { #expect(finished.notes.contains(note)) }
            #expect(finished.errors == [])
        }
    }

    @Test("for people the same verbs print text, without a terminal's control characters")
    func printsText() async throws {
        try await withSandbox { box in
            try box.addModel()
            for (arguments, line) in [
                (
                    "quantize model folded \(foldArguments)",
                    "bits per weight in the quantized layers"
                ),
                ("verify folded", "folded holds"), ("inspect folded", "AQLM 2x4g8"),
                ("convert folded out --to dense", "out: model.safetensors, config.json"),
                ("card folded --license mit", "# folded"),
            ] {
                let finished = try await box.succeed(arguments)
                #expect(finished.output.contains(line), "\(finished.output)")
                #expect(
                    !(finished.output + finished.notes).contains { $0 == "\u{1B}" || $0 == "\r" }
                )
            }
        }
    }

    @Test("transfers report as JSON too, with progress on standard error")
    func reportsTransfers() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.withHub { hub in
                let pushed = try await box.succeed(
                    "push folded ada/folded --json",
                    environment: hub
                )
                #expect(try pushed.json()["changed_files"]?.integer ?? 0 >= 6)
                #expect(!pushed.notes.isEmpty)
                try await expectPlan(box, hub, commit: try pushed.json()["commit"])
                let pulled = try await box.succeed(
                    "pull ada/folded pulled --json",
                    environment: hub
                )
                #expect(try pulled.json()["directory"] == "pulled")
                let tokens = try await box.succeed("hub token list --root hub --json").json()
                #expect(tokens.array?.map { $0["user"] } == ["ada"])
            }
        }
    }

    /// Once all is pushed: a file more, and one that is only on the hub.
    private func expectPlan(_ box: Sandbox, _ hub: [String: String], commit: JSON?) async throws {
        try box.add("folded/old.bin", "old")
        let old = try await box.succeed("push folded ada/folded --json", environment: hub).json()
        #expect(old["commit"] != commit)
        try FileManager.default.removeItem(atPath: box("folded/old.bin"))
        try box.add("folded/more.txt", "more")
        let command = "push folded ada/folded --delete config.json --delete *.bin --delete none/"
        let plan = try await box.succeed(command + " --plan --json", environment: hub).json()
        #expect(plan["head"] == old["commit"] && plan["commits"] == 1 && plan["bytes"] == 4)
        for (change, path) in [("created", "more.txt"), ("deleted", "old.bin")] {
            let files = plan["files"]?.array?.filter { $0["change"] == .string(change) }
            #expect(files?.map { $0["path"] } == [.string(path)])
        }
        let text = try await box.succeed(command + " --plan", environment: hub)
        #expect(text.output.contains("1 commit on "), "\(text.output)")
        #expect(text.notes.contains("none/"))
        let pushed = try await box.succeed(command + " --tag v1 --json", environment: hub)
        #expect(try pushed.json()["deleted"] == ["old.bin"])
        try await box.succeed("pull ada/folded@v1 tagged", environment: hub)
        #expect(try box.entries(except: []).contains("tagged"))
        #expect(fileKind(box("tagged/more.txt")) == .file && fileKind(box("tagged/old.bin")) == nil)
        // The same again is well; another commit cannot have the tag, and is not made.
        let again = try await box.succeed(command + " --tag v1", environment: hub)
        #expect(again.output.contains("by their digests"), "\(again.output)")
        try box.add("folded/more.txt", "less")
        for more in ["", " --plan"] {
            let refused = try await box.fail(command + " --tag v1" + more, environment: hub)
            #expect(refused.contains("the tag v1"), "\(refused)")
        }
        try box.add("folded/more.txt", "more")
        let last = try await box.succeed("push folded ada/folded --json", environment: hub).json()
        let tagged = try pushed.json()["commit"]
        #expect(last["committed"] == false && last["commit"] == tagged)
        let alone = try await box.fail(
            command + " --plan",
            environment: ["HF_ENDPOINT": hub["HF_ENDPOINT"] ?? ""]
        )
        #expect(alone.contains("HF_TOKEN"), "\(alone)")
    }

    @Test("a verification that fails is a result: printed whole, with its level's exit status")
    func reportsFailure() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("folded/stray.txt", "who put this here?")
            let finished = try await box.run("verify folded --json")
            #expect(finished.status == 10)
            #expect(try finished.json()["holds"] == false)
            #expect(finished.errors == [])
        }
    }
}
