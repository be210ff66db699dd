import Foundation
import OctavoBase
import OctavoHub
import OctavoQuantizer
import OctavoTestSupport
import Testing
import Yams

@testable import OctavoPublisher

@Suite("Manifests")
struct ManifestTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    private static let folder = root + "/manifests"

    /// The manifests whose first line is the message that they must cause.
    private static let invalid =
        ((try? directoryEntries(folder + "/invalid")) ?? []).filter { $0.hasSuffix(".yaml") }
    private static let shipped =
        ((try? directoryEntries(folder)) ?? []).filter { $0.hasSuffix(".yaml") }

    @Test(
        "an invalid manifest is refused with place, what was found and what was expected",
        arguments: invalid
    )
    func invalidIsRefused(name: String) throws {
        let path = Self.folder + "/invalid/" + name
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let expected = try #require(text.split(separator: "\n").first?.dropFirst(2))
        let error = #expect(throws: ManifestError.self) {
            _ = try Manifest(path, ManifestDefaults(threads: 1))
        }
        #expect(error?.description == "\(path):\(expected)")
    }

    @Test("there are invalid manifests, and shipped ones")
    func listsAreFound() {
        #expect(Self.invalid.count > 50)
        #expect(Self.shipped.count >= 10)
    }

    @Test(
        "a shipped manifest is read, names its source's license, and says what to expect",
        arguments: shipped
    )
    func shippedIsRead(name: String) throws {
        let manifest = try Manifest(Self.folder + "/" + name, ManifestDefaults(threads: 1))
        #expect(manifest.source.license != nil)
        #expect(manifest.expected?.size != nil && manifest.expected?.memory != nil)
        #expect(manifest.expected?.cpuSeconds != nil)
    }

    @Test("the schema knows the same keys as the reader")
    func schemaHasTheKeys() throws {
        let schema = try JSON(parsing: readFile(Self.folder + "/schema.json"))
        let top = try #require(schema["properties"])
        func keys(_ json: JSON?) -> [String]? { json?["properties"]?.object?.keys.sorted() }
        #expect(keys(schema) == ManifestKeys.top.sorted())
        for name in [
            "source", "quantization", "calibration", "tuning", "evaluation", "hub", "card",
            "signing", "resources", "expected",
        ] {
            #expect(keys(top[name]) == ManifestKeys.all[name]?.sorted(), "\(name)")
        }
        #expect(keys(top["outputs"]?["items"]) == ManifestKeys.output.sorted())
        #expect(
            keys(top["card"]?["properties"]?["sections"]?["items"]) == ManifestKeys.section.sorted()
        )
    }

    @Test("the schema allows the same words as the reader")
    func schemaHasTheWords() throws {
        let schema = try JSON(parsing: readFile(Self.folder + "/schema.json"))["properties"]
        func words(_ section: String, _ key: String) -> [String]? {
            let section = schema?[section]
            let keys = section?["properties"] ?? section?["items"]?["properties"]
            return keys?[key]?["enum"]?.array?.compactMap(\.string)
        }
        #expect(words("quantization", "effort") == Effort.allCases.map(\.rawValue))
        #expect(words("quantization", "targets") == QuantizationTargets.allCases.map(\.rawValue))
        #expect(words("tuning", "update") == TuningOptions.Update.allCases.map(\.rawValue))
        #expect(words("tuning", "objective") == TuningOptions.Objective.allCases.map(\.rawValue))
        #expect(words("outputs", "kind") == ManifestOutput.Kind.allCases.map(\.rawValue))
        #expect(words("outputs", "type") == WeightType.allCases.map(\.rawValue))
    }

    @Test("every key is read")
    func everything() async throws {
        try await withTemporaryDirectory { folder in
            try "some text".write(toFile: folder + "/a.txt", atomically: true, encoding: .utf8)
            // The digest of "some text", by sha256sum.
            let digest = "b94f6f125c79e3a5ffaa826f584c10d52ada669e6762051b826b55776d05aed2"
            let text = """
                format: octavo-manifest/1
                source: {repository: a/b, revision: v1, file: m.gguf, path: /there, license: mit}
                quantization:
                  scheme: 1x8g8
                  effort: max
                  targets: weights
                  except: ['*.down_proj=dense']
                  block_tuning_epochs: 0
                  canonical: true
                  seed: 5
                calibration:
                  text: [{path: a.txt, sha256: \(digest)}, /b.txt]
                  tokens: 4096
                  sequence_length: 128
                tuning: {text: a.txt, steps: 7, update: codebooks, update_embeddings: true, objective: mixed, cross_entropy_share: 0.25,
                  tokens: 5000, sequence_length: 64, batch_tokens: 512, learning_rate: 1e-3, code_learning_rate: 0.02, code_share: 0.03,
                  trust_ratio: 0.1, held_out_share: 0.2, steps_per_evaluation: 3, patience: 2, seed: 9}
                evaluation: {texts: [a.txt, self-written], sequence_length: 256, windows: 3, tasks: t.jsonl, prompts: [Once], max_tokens: 5, speed: false}
                outputs:
                  - {kind: hf-aqlm, repository: me/x, max_shard_size: 1GB}
                  - {kind: gguf, name: small, type: q8_0}
                  - {kind: aqlm, mapped: true}
                hub: {revision: dev, private: true, tag: v2, delete: ['*.bin'], message: Hello, collection: Things}
                card: {title: T, sections: [{title: S, text: "T & *t*"}], template: t.mustache, accept_license: true}
                signing: {key: k.pem, passphrase_file: p}
                resources: {threads: 3, memory: 2GB}
                expected: {size: 10MB, memory: 1GB, cpu_time: 2.5h}
                """
            let path = folder + "/all.yaml"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let manifest = try Manifest(path, ManifestDefaults(threads: 1))
            #expect(manifest.name == "all")
            #expect(manifest.source.repository?.description == "a/b")
            #expect(manifest.source.revision.description == "v1")
            #expect(manifest.source.file?.description == "m.gguf")
            #expect(manifest.source.path == "/there")
            #expect(manifest.source.license == "mit")
            let quantization = manifest.quantization
            #expect("\(quantization.scheme)" == "1x8g8")
            #expect(quantization.effort == .max)
            #expect(quantization.targets == .weights)
            #expect(quantization.exceptions.map { "\($0)" } == ["*.down_proj=dense"])
            #expect(quantization.isCanonical)
            #expect(quantization.seed == 5)
            #expect(quantization.text == .files([folder + "/a.txt", "/b.txt"]))
            #expect(quantization.tokens == 4096 && quantization.sequenceLength == 128)
            #expect(quantization.threads == 3 && quantization.memory == 2_000_000_000)
            let tuning = try #require(manifest.tuning)
            #expect(tuning.files == [folder + "/a.txt"])
            #expect(tuning.tokens == 5000 && tuning.sequenceLength == 64 && tuning.threads == 3)
            var options = tuning.options
            #expect(options.steps == 7 && options.update == .codebooks && options.updatesEmbeddings)
            #expect(options.objective == .mixed && options.crossEntropyShare == 0.25)
            #expect(options.batchTokens == 512 && options.learningRate == 1e-3)
            #expect(options.codeLearningRate == 0.02 && options.codeShare == 0.03)
            #expect(options.trustRatio == 0.1 && options.heldOutShare == 0.2)
            #expect(options.stepsPerEvaluation == 3 && options.patience == 2 && options.seed == 9)
            options = .init()
            #expect(
                manifest.evaluation
                    == ManifestEvaluation(
                        texts: [folder + "/a.txt", "self-written"],
                        sequenceLength: 256,
                        windows: 3,
                        tasks: [folder + "/t.jsonl"],
                        prompts: ["Once"],
                        maxTokens: 5,
                        measuresSpeed: false
                    )
            )
            #expect(manifest.outputs.map(\.name) == ["hf-aqlm", "small", "aqlm"])
            #expect(manifest.outputs.map(\.isMapped) == [false, false, true])
            #expect(manifest.outputs[0].repository?.description == "me/x")
            #expect(manifest.outputs[0].maxShardSize == 1_000_000_000)
            #expect(manifest.outputs[1].type == .q8_0)
            #expect(manifest.hub.revision.description == "dev" && manifest.hub.isPrivate)
            #expect(manifest.hub.tag?.description == "v2" && manifest.hub.deletions == ["*.bin"])
            #expect(manifest.hub.message == "Hello" && manifest.hub.collection == "Things")
            #expect(manifest.card.title == "T" && manifest.card.acceptsLicense)
            #expect(manifest.card.sections == [CardSection(title: "S", text: "T & *t*")])
            #expect(manifest.card.template == folder + "/t.mustache")
            #expect(
                manifest.signing
                    == ManifestSigning(key: folder + "/k.pem", passphraseFile: folder + "/p")
            )
            #expect(
                manifest.expected
                    == ManifestExpectation(
                        size: 10_000_000,
                        memory: 1_000_000_000,
                        cpuSeconds: 9000
                    )
            )
        }
    }

    @Test("a text with another digest than the manifest states is refused")
    func digestOfText() async throws {
        try await withTemporaryDirectory { folder in
            try "some text".write(toFile: folder + "/a.txt", atomically: true, encoding: .utf8)
            let zeros = String(repeating: "0", count: 64)
            let text = """
                format: octavo-manifest/1
                source: {path: /m}
                quantization: {scheme: 1x8g8}
                calibration: {text: {path: a.txt, sha256: '\(zeros)'}}
                outputs: [{kind: hf-aqlm}]
                """
            let path = folder + "/m.yaml"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let error = #expect(throws: ManifestError.self) {
                _ = try Manifest(path, ManifestDefaults(threads: 1))
            }
            #expect(error?.description.contains("a.txt has sha256 b94f6f12") == true)
            #expect(error?.place == YAMLPlace(line: 4, column: 43))
        }
    }

    @Test(
        "text that could keep a parser busy is refused at once",
        arguments: [
            "a: [&a x, *a]", "? [&a [x, x], *a, *a]\n: 1", "{? [*a, *a] : 1}", "- - - &x y",
            "a: |\n  text\nb: &c d", "# &no\na: \"it's &not\"\nb: *yes",
        ]
    )
    func anchors(text: String) {
        #expect(throws: YAMLError.self) { _ = try YAMLNode(parsing: text) }
    }

    @Test(
        "text that only looks like anchors is read",
        arguments: [
            "a: R&D", "a: \"&b *c\"", "a: '*.down_proj=dense'", "a: b # see *this",
            "a: |\n  *bold* and &more\n  - *x", "a: b & c", "a: 2 * 3", "a: >-\n\n  *x\n",
            "a:\n  - b: |\n      *c",
        ]
    )
    func notAnchors(text: String) throws {
        _ = try YAMLNode(parsing: text)
        // The parser has met no anchor either.
        #expect(!(try Yams.serialize(node: #require(try Yams.compose(yaml: text)))).isEmpty)
    }

    @Test("nesting beyond what a stack holds is refused, not followed")
    func depth() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "- ", count: 100_000),
            String(repeating: "{a: ", count: 50_000),
        ] {
            #expect(throws: YAMLError.self) { _ = try YAMLNode(parsing: text) }
        }
        let large = "a: " + String(repeating: "x", count: YAMLNode.largest)
        #expect(throws: YAMLError.self) { _ = try YAMLNode(parsing: large) }
    }
}
