import Foundation
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

/// A manifest that folds the tiny model and publishes it twice: in the AQLM layout and as a container.
private let manifest = """
    format: octavo-manifest/1
    source: {repository: ada/base, license: mit}
    quantization: {scheme: 2x4g8}
    calibration: {text: text.txt, tokens: 512, sequence_length: 32}
    evaluation: {texts: [text.txt], sequence_length: 32, windows: 4, prompts: [Once upon], max_tokens: 4, speed: false}
    outputs:
      - {kind: hf-aqlm, repository: tiny-AQLM}
      - {kind: aqlm, repository: ada/tiny-AQLM-container}
    hub: {tag: v1, delete: ['*.bin']}
    card: {title: A tiny model, sections: [{title: Why, text: To try it.}]}
    resources: {threads: 2}
    """

extension Sandbox {
    /// Puts the tiny model, its card and its license on a hub, and the manifest and its text here.
    fileprivate func prepare(_ hub: [String: String], manifest text: String = manifest) async throws
    {
        try addModel("base")
        try add("base/README.md", "---\nlicense: mit\nlanguage: en\n---\n# Base\n")
        try add("base/LICENSE", "Do as you like.\n")
        try add(
            "text.txt",
            String(repeating: "The quick brown fox jumps over the lazy dog. ", count: 60)
        )
        try add("tiny.yaml", text)
        try await succeed("push base ada/base", environment: hub)
    }

    fileprivate func client(_ hub: [String: String]) throws -> HubClient {
        HubClient(
            HubConfiguration(
                endpoint: try #require(WebURL(hub["HF_ENDPOINT"] ?? "")),
                token: AccessToken(hub["HF_TOKEN"] ?? "")
            ),
            retry: RetryPolicy(pause: { _ in })
        )
    }
}

extension JSON {
    /// The stages of a report that ended in a way.
    fileprivate func stages(_ outcome: String) -> [String] {
        (self["stages"]?.array ?? []).filter { $0["outcome"]?.string == outcome }
            .compactMap { $0["stage"]?.string }
    }
}

@Suite("Publishing by a manifest")
struct PublishTests {
    private static let all = [
        "source", "quantize", "output hf-aqlm", "output aqlm", "evaluate hf-aqlm", "evaluate aqlm",
        "card hf-aqlm", "card aqlm", "verify hf-aqlm", "verify aqlm", "push hf-aqlm", "push aqlm",
    ]

    @Test("a manifest is carried out whole, then nothing is to do, then only what a change reaches")
    func wholeStory() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await box.prepare(hub)
                let plan = try await box.succeed(
                    "publish tiny.yaml --plan --json",
                    environment: hub
                )
                #expect(try plan.json().stages("due") == Self.all)
                #expect(fileKind(box("tiny.publish")) == nil)

                let first = try await box.succeed("publish tiny.yaml --json", environment: hub)
                #expect(try first.json().stages("done") == Self.all)
                #expect(try first.json()["did_nothing"] == false)

                let client = try box.client(hub)
                let id = try RepositoryID("ada/tiny-AQLM")
                let head = try await client.information(id).commit
                #expect(try first.json()["outputs"]?.array?.first?["commit"]?.string == head)
                #expect(try await client.references(id).tags.map(\.name) == ["v1"])

                let second = try await box.succeed("publish tiny.yaml --json", environment: hub)
                #expect(try second.json().stages("up to date") == Self.all)
                #expect(try second.json()["did_nothing"] == true)
                #expect(try await client.information(id).commit == head)
                let told = try await box.succeed("publish tiny.yaml", environment: hub)
                #expect(told.output.contains("nothing to do: everything is up to date"))

                // Text on the card touches no weight; a tag names the commit that it is on.
                let changed = manifest.replacing("To try it.", with: "To see it.").replacing(
                    "v1",
                    with: "v2"
                )
                try box.add("tiny.yaml", changed)
                let third = try await box.succeed("publish tiny.yaml --json", environment: hub)
                #expect(
                    try third.json().stages("done")
                        == Self.all.filter { stage in
                            ["card", "verify", "push"].contains { stage.hasPrefix($0) }
                        }
                )
                try await box.succeed("pull ada/tiny-AQLM@v2 pulled", environment: hub)
                let card = try String(decoding: readFile(box("pulled/README.md")), as: UTF8.self)
                #expect(card.contains("To see it.") && card.contains("license: \"mit\""))
                #expect(card.contains("base_model: \"ada/base\""))
                #expect(try readFile(box("pulled/LICENSE")) == Array("Do as you like.\n".utf8))
                try await box.succeed("verify pulled")
                for (path, bytes) in try contents(of: box("tiny.publish/outputs/hf-aqlm")) {
                    #expect(try readFile(box("pulled/\(path)")) == bytes, "\(path)")
                }
                try await box.succeed("pull ada/tiny-AQLM-container container", environment: hub)
                try await box.succeed("verify container")
                // What another scheme reaches is everything but the source.
                try box.add(
                    "tiny.yaml",
                    changed.replacing("2x4g8", with: "1x4g8").replacing("v2", with: "v3")
                )
                let fourth = try await box.succeed(
                    "publish tiny.yaml --plan --json",
                    environment: hub
                )
                #expect(try fourth.json().stages("up to date") == ["source"])
            }
        }
    }

    @Test("what was made and then changed by somebody is made anew")
    func damagedWork() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await box.prepare(hub)
                try await box.succeed("publish tiny.yaml --skip-push", environment: hub)
                let weights = box("tiny.publish/outputs/hf-aqlm/model.safetensors")
                let good = try readFile(weights)
                var bad = good
                bad[bad.count - 1] ^= 1
                try AtomicFile.write(bad, to: weights)
                let plan = try await box.succeed("publish tiny.yaml --plan", environment: hub)
                #expect(plan.output.contains("due: outputs/hf-aqlm/model.safetensors changed"))
                try await box.succeed("publish tiny.yaml --skip-push", environment: hub)
                #expect(try readFile(weights) == good)
                // Whose repository it will be is known once the hub is asked; then the card says so.
                let readme = box("tiny.publish/outputs/hf-aqlm/README.md")
                #expect(
                    !String(decoding: try readFile(readme), as: UTF8.self).contains(
                        "ada/tiny-AQLM\""
                    )
                )
                try await box.succeed("publish tiny.yaml", environment: hub)
                #expect(
                    String(decoding: try readFile(readme), as: UTF8.self).contains(
                        "ada/tiny-AQLM\""
                    )
                )
            }
        }
    }

    @Test(
        "a single stage is carried out where what it works on is there, and refused where it is not"
    )
    func onlyOneStage() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await box.prepare(hub)
                let early = try await box.fail("publish tiny.yaml --only output", environment: hub)
                #expect(
                    early.contains(
                        "output hf-aqlm was asked for alone, but quantize is not up to date"
                    )
                )
                try await box.succeed("publish tiny.yaml --skip-push", environment: hub)
                let only = try await box.succeed(
                    "publish tiny.yaml --only card --json",
                    environment: hub
                )
                #expect(try only.json().stages("done") == ["card hf-aqlm", "card aqlm"])
                let from = try await box.succeed(
                    "publish tiny.yaml --from verify --skip-push --json",
                    environment: hub
                )
                #expect(try from.json().stages("done") == ["verify hf-aqlm", "verify aqlm"])
                let none = try await box.fail("publish tiny.yaml --only tune", environment: hub)
                #expect(none.contains("the manifest has no stage tune"))
            }
        }
    }

    @Test("a stage that was interrupted is taken up or begun anew, but never without a word")
    func interrupted() async throws {
        try await withSandbox { box in
            try TinyModel.tall.write(to: box("base"))
            try box.add("base/README.md", "---\nlicense: mit\n---\n")
            try box.add("text.txt", String(repeating: "Some text to read. ", count: 60))
            try box.add(
                "tiny.yaml",
                manifest.replacing("{repository: ada/base, license: mit}", with: "{path: base}")
            )
            let command = "publish tiny.yaml --skip-push"
            try await box.run(
                command,
                killedOnce:
                    "tiny.publish/quantized.partial/model.layers.1.self_attn.q_proj.safetensors"
            )
            let notes = try await box.fail(command)
            #expect(notes.contains("the stage quantize was interrupted"))
            #expect(notes.contains("--resume, or begin it anew with --from quantize"))
            try await box.succeed(command + " --from quantize")
        }
    }

    @Test("an original on this machine needs no hub, where nothing is pushed")
    func local() async throws {
        try await withSandbox { box in
            try box.addModel("base")
            try box.add("base/README.md", "---\nlicense: mit\n---\n")
            try box.add("text.txt", String(repeating: "Some text to read. ", count: 60))
            try box.add(
                "local.yaml",
                manifest.replacing(
                    "{repository: ada/base, license: mit}",
                    with: "{path: base, license: mit}"
                )
                .replacing(
                    "  - {kind: aqlm, repository: ada/tiny-AQLM-container}",
                    with: "  - {kind: gguf, type: f16}\n  - {kind: dense, type: bf16}"
                )
            )
            let run = try await box.succeed("publish local.yaml --skip-push --json")
            #expect(try run.json()["outputs"]?.array?.count == 3)
            for output in ["hf-aqlm", "gguf", "dense"] {
                try await box.succeed("verify local.publish/outputs/\(output)")
            }
        }
    }

    @Test("what would fail in the end is said at the beginning, before anything is made")
    func refusedEarly() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await box.prepare(hub)
                let reader = try await box.succeed(
                    "hub token create --root hub --user bob --role read"
                )
                let cases: [(String, [String: String], String)] = [
                    (
                        manifest, ["HF_TOKEN": ""],
                        "the hub wants a token for this: publishing to tiny-AQLM needs one"
                    ),
                    (
                        manifest,
                        ["HF_TOKEN": reader.output.trimmingCharacters(in: .whitespacesAndNewlines)],
                        "the token of bob may only read, expected one that may write"
                    ),
                    (
                        manifest.replacing("ada/tiny-AQLM-container", with: "eve/tiny"), [:],
                        "eve/tiny belongs to neither ada nor an organization of theirs"
                    ),
                    (
                        manifest.replacing("license: mit", with: "license: apache-2.0"), [:],
                        "the original's license is mit, the manifest expects apache-2.0"
                    ),
                    (manifest.replacing("ada/base", with: "ada/none"), [:], "ada/none"),
                    (
                        manifest.replacing("text.txt", with: "other.txt"), [:],
                        "other.txt: no such file or directory"
                    ),
                ]
                for (text, environment, message) in cases {
                    try box.add("tiny.yaml", text)
                    let notes = try await box.fail(
                        "publish tiny.yaml",
                        environment: hub.merging(environment) { $1 }
                    )
                    #expect(notes.contains(message), "\(notes)")
                    #expect(fileKind(box("tiny.publish/quantized")) == nil, "\(message)")
                    #expect(fileKind(box("tiny.publish/quantized.partial")) == nil, "\(message)")
                }
            }
        }
    }

    @Test("an original without a license is not published until the manifest states one")
    func noLicense() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await box.prepare(hub, manifest: manifest.replacing(", license: mit", with: ""))
                try box.add("base/README.md", "# Base\n")
                try await box.succeed("push base ada/base", environment: hub)
                let notes = try await box.fail("publish tiny.yaml", environment: hub)
                #expect(notes.contains("license"), "\(notes)")
                try box.add("tiny.yaml", manifest)
                try await box.succeed("publish tiny.yaml --skip-push", environment: hub)
            }
        }
    }

    @Test(
        "an original that has moved since the work was begun is neither mixed with the old one nor taken silently"
    )
    func movedBase() async throws {
        try await withSandbox { box in
            try await box.withHub { hub in
                try await box.prepare(hub)
                try await box.succeed("publish tiny.yaml --skip-push", environment: hub)
                let old = try await box.client(hub).information(RepositoryID("ada/base")).commit
                try box.add("base/README.md", "---\nlicense: mit\nlanguage: de\n---\n# Base\n")
                try await box.succeed("push base ada/base", environment: hub)
                let notes = try await box.fail("publish tiny.yaml", environment: hub)
                #expect(
                    notes.contains("ada/base at main was \(old) when the work was begun, now it is")
                )
                #expect(notes.contains("--from source"))
                // Pinned, it is the old one still.
                try box.add(
                    "tiny.yaml",
                    manifest.replacing("ada/base,", with: "ada/base, revision: \(old),")
                )
                let pinned = try await box.succeed(
                    "publish tiny.yaml --skip-push --json",
                    environment: hub
                )
                #expect(!(try pinned.json().stages("done").contains("quantize")))
                try box.add("tiny.yaml", manifest)
                let new = try await box.succeed(
                    "publish tiny.yaml --skip-push --from source --json",
                    environment: hub
                )
                #expect(try new.json()["source_commit"]?.string != old)
            }
        }
    }

    @Test("a hub without room says so, and the rest is there for another try")
    func quota() async throws {
        try await withSandbox { box in
            try await box.withHub(options: "--quota 200KB") { hub in
                try await box.prepare(hub)
                let notes = try await box.fail("publish tiny.yaml", environment: hub)
                #expect(
                    notes.contains("Storage limit reached: ada may have 200000 bytes here"),
                    "\(notes)"
                )
                #expect(fileKind(box("tiny.publish/outputs/hf-aqlm/README.md")) == .file)
            }
        }
    }
}
