import Foundation
import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Guides, run as they are written")
struct GuideTests {
    /// What stands in blocks of shell commands, in order.
    private func commands(_ page: String) throws -> [String] {
        let text = String(
            decoding: try readFile(packageRoot + "/docs/" + page),
            as: UTF8.self
        )
        let parts = text.components(separatedBy: "```")
        try #require(parts.count % 2 == 1, "a block is not closed")
        let blocks = stride(from: 1, to: parts.count, by: 2).map { parts[$0] }
        for block in blocks { #expect(block.hasPrefix("sh\n"), "a block that is not run") }
        return blocks.map { String($0.dropFirst(3)) }
    }

    /// The guides whose commands need no more than a tiny model, the same folded, some text and a hub.
    private static let guides: [(page: String, blocks: Int)] = [
        ("guides/publish-your-first-model.md", 6), ("guides/convert-between-formats.md", 5),
        ("guides/private-hub.md", 4),
        ("guides/read-a-report.md", 3), ("guides/serve-a-model.md", 4),
    ]

    @Test("every command of a guide runs, one after the other, on a tiny model", arguments: guides)
    func runs(page: String, blocks: Int) async throws {
        let commands = try commands(page)
        #expect(commands.count == blocks)
        try await withSandbox { box in
            var model = TinyModel.small
            model.context = 2048
            try model.write(to: box("model"))
            try box.add(
                "model/README.md",
                "---\nlicense: apache-2.0\nlanguage: en\n---\n# A model\n"
            )
            if !commands.contains(where: { $0.contains("octavo quantize") }) {
                try await box.addFolded()
            }
            if page == "guides/serve-a-model.md" {
                try box.add("folded/chat_template.jinja", TinyModel.simpleTemplate)
            }
            let lines = (0..<2000).map { "Line \($0) of a text of \($0 * $0 % 97) words.\n" }
            try box.add("wiki.txt", lines.joined())
            let owner = try await box.succeed(
                "hub token create --root hub --user HuggingFaceTB --role write"
            )
            try await box.withHub { hub in
                var base = hub
                base["HF_TOKEN"] = owner.output.trimmingCharacters(in: .whitespacesAndNewlines)
                try await box.succeed(
                    "push model HuggingFaceTB/SmolLM2-135M-Instruct",
                    environment: base
                )
                // A hub of the guide's own has its own directory and a port that no other test takes.
                let script = commands.joined(separator: "\n").replacing("YOU/", with: "ada/")
                    .replacing("./hub", with: "./guide-hub")
                    .replacing("8080", with: "\(Int.random(in: 20_000..<32_000))")
                    .replacing(
                        "--scheme 2x8g8",
                        with: "--scheme 2x4g8 --tokens 2048 --sequence-length 128"
                    )
                    .replacing(
                        "scheme: 2x8g8",
                        with: "scheme: 2x4g8\ncalibration: {tokens: 2048, sequence_length: 128}"
                    )
                let finished = try await box.run(
                    "--version",
                    environment: hub,
                    // A function would hide the process that a guide puts into the background and ends.
                    prelude: """
                        set -e; mkdir bin; ln -s "\(try binary())" bin/octavo; PATH=$PWD/bin:$PATH
                        \(script)

                        """
                )
                #expect(finished.status == 0, "\(finished.notes)\(finished.output)")
            }
        }
    }

    @Test("every command of the guide to fine-tuning runs, and the model learns")
    func fineTuning() async throws {
        let commands = try commands("guides/fine-tuning.md")
        #expect(commands.count == 5)
        try await withSandbox { box in
            var model = TinyModel.small
            (model.context, model.chatTemplate) = (1024, TinyModel.simpleTemplate)
            try model.write(to: box("SmolLM2-135M-Instruct"))
            let lines = (0..<2000).map { "Line \($0) of a text of \($0 * $0 % 97) words.\n" }
            try box.add("wiki.txt", lines.joined())
            let binary = try binary()
            for command in commands {
                let finished = try await box.run(
                    "--version",
                    prelude: "set -e; octavo() { \"\(binary)\" \"$@\"; }\n\(command)\n"
                )
                #expect(finished.status == 0, "\(command)\n\(finished.notes)")
            }
            let tuning = try #require(
                JSON(parsing: readFile(box("desk/octavo.json")))["recipe"]?["tuning"]
            )
            #expect(tuning["text_kind"] == "chat" && tuning["objective"] == "mixed")
            let (before, after) = (
                try #require(tuning["loss_before"]?.number),
                try #require(tuning["loss_after"]?.number)
            )
            #expect(after < before)
            #expect(fileKind(box("desk.report.html")) == .file)
        }
    }

    /// Runs commands in a shell that stops at the first that fails; gives what they print.
    private func run(
        _ commands: String,
        in box: Sandbox,
        _ environment: [String: String] = [:]
    ) async throws -> String {
        let finished = try await box.run(
            "--version",
            environment: environment,
            prelude: "set -e; octavo() { \"\(try binary())\" \"$@\"; }\n\(commands)\n"
        )
        #expect(finished.status == 0, "\(commands)\n\(finished.notes)\(finished.output)")
        return finished.output
    }

    @Test("every command of the guide to downloads runs, and the last finds what was changed")
    func verifiesDownload() async throws {
        let commands = try commands("guides/verify-a-download.md")
        #expect(commands.count == 6)
        try await withSandbox { box in
            try box.addModel("original")
            try await box.addFolded("up")
            try box.add("up/README.md", "# Tiny\n")
            try await box.succeed("key create ada.pem")
            try await box.succeed("sign up --key ada.pem")
            try await box.withHub { hub in
                try await box.succeed("push up ada/tiny-AQLM", environment: hub)
                var output = ""
                for command in commands { output = try await run(command, in: box, hub) }
                #expect(output.contains("README.md has sha256"), "\(output)")
                #expect(output.contains("exit status 12"), "\(output)")
            }
        }
    }

    @Test("the commands that sign run as the reference has them")
    func signs() async throws {
        let commands = try commands("verification.md")
        #expect(commands.count == 1)
        try await withSandbox { box in
            try await box.addFolded()
            try box.add("passphrase", "an octavo\n")
            let output = try await run(commands[0], in: box)
            #expect(output.contains("./folded holds"), "\(output)")
        }
    }
}
