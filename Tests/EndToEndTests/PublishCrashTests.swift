import Foundation
import OctavoBase
import OctavoHub
import OctavoTestSupport
import Testing

/// A manifest with every stage that keeps a journal.
private let manifest = """
    format: octavo-manifest/1
    source: {repository: ada/base, license: mit}
    quantization: {scheme: 2x4g8}
    calibration: {text: text.txt, tokens: 1024, sequence_length: 32}
    tuning: {text: text.txt, tokens: 1024, sequence_length: 32, steps: 6, batch_tokens: 128, steps_per_evaluation: 2}
    evaluation: {texts: [text.txt], sequence_length: 32, windows: 4, prompts: [Once upon], max_tokens: 4, speed: false}
    outputs:
      - {kind: hf-aqlm, repository: tiny-AQLM}
      - {kind: aqlm, repository: tiny-AQLM-container}
    hub: {tag: v1}
    resources: {threads: 2}
    """

@Suite("A publication that is killed")
struct PublishCrashTests {
    @Test("killed at twenty moments and taken up, it ends in the same bytes and one clean history")
    func killed() async throws {
        try await withSandbox { box in
            try TinyModel.tall.write(to: box("base"))
            try box.add("base/README.md", "---\nlicense: mit\n---\n")
            try box.add(
                "text.txt",
                String(repeating: "The quick brown fox jumps over the lazy dog. ", count: 80)
            )
            try box.add("tiny.yaml", manifest)
            // The same original at the same commit on two hubs: the card names it.
            try await box.withHub { try await box.succeed("push base ada/base", environment: $0) }
            try FileManager.default.copyItem(atPath: box("hub"), toPath: box("other"))
            // In one go: what the bytes must be, and how long it takes.
            var whole: [String: [UInt8]] = [:]
            var milliseconds = 0.0
            try await box.withHub { hub in
                let start = ContinuousClock.now
                try await box.succeed("publish tiny.yaml --work whole", environment: hub)
                milliseconds = Double((ContinuousClock.now - start) / .milliseconds(1))
                whole = try contents(of: box("whole/outputs"))
                try await box.succeed("pull ada/tiny-AQLM pulled", environment: hub)
            }
            try removeAll(box("hub"))
            try moveFile(box("other"), to: box("hub"))
            try await box.withHub { hub in
                var random = SystemRandomNumberGenerator()
                for _ in 0..<20 {
                    // Most of a run is over within its usual time; a machine full of work makes it longer.
                    let delay = Int.random(in: 1...Int(milliseconds * 1.2), using: &random)
                    try await box.kill(
                        "publish tiny.yaml --resume --work killed",
                        after: delay,
                        environment: hub
                    )
                }
                try await box.succeed("publish tiny.yaml --resume --work killed", environment: hub)
                let taken = try contents(of: box("killed/outputs"))
                #expect(taken.keys.sorted() == whole.keys.sorted())
                for (path, bytes) in whole where taken[path] != bytes {
                    Issue.record("\(path) has other bytes")
                }

                let client = HubClient(
                    HubConfiguration(
                        endpoint: try #require(WebURL(hub["HF_ENDPOINT"] ?? "")),
                        token: AccessToken(hub["HF_TOKEN"] ?? "")
                    ),
                    retry: RetryPolicy(pause: { _ in })
                )
                for name in ["tiny-AQLM", "tiny-AQLM-container"] {
                    let id = try RepositoryID("ada/\(name)")
                    let head = try await client.information(id).commit
                    #expect(try await client.references(id).tags.map(\.commit) == [head])
                    // The first commit makes the repository, the second is all that is published.
                    let history = try await box.succeed(
                        "pull ada/\(name) pulled-\(name) --json",
                        environment: hub
                    )
                    #expect(try history.json()["commit"]?.string == head)
                    #expect(try commits(of: box("hub"), "ada/\(name)") == 2)
                }
                for (path, bytes) in try contents(of: box("pulled"))
                where path.hasSuffix(".safetensors") {
                    #expect(try readFile(box("pulled-tiny-AQLM/\(path)")) == bytes)
                }
            }
        }
    }

    /// How many commits the store of a hub holds of a repository.
    private func commits(of hub: String, _ id: String) throws -> Int {
        try directoryEntries("\(hub)/repositories/\(id)/commits").count
    }
}
