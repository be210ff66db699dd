import OctavoBase
import OctavoTestSupport
import Testing

private let arguments = foldArguments + " --embeddings 2x4g8 --canonical"

@Suite("Embedding and head encoded too")
struct EmbeddingTests {
    @Test("a container is folded, verified, evaluated and unpacked")
    func story() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("quantize model folded.aqlm \(arguments)")
            #expect(fileKind(box("folded.aqlm")) == .file)
            #expect(fileKind(box("folded.aqlm.partial")) == nil)
            #expect(fileKind(box("folded.aqlm.report.html")) == .file)
            #expect(try await box.succeed("verify folded.aqlm --json").json()["holds"] == true)

            // 258 rows of 4 groups of 2 codes of 4 bits, 16-bit scales and 2 codebooks of 16 vectors of 8.
            let sizes = try await box.succeed("inspect folded.aqlm --json").json()["sizes"]
            #expect(sizes?["bytes"]?["embeddings"]?.integer == 258 * 4 + 258 * 2 + 2 * 16 * 8 * 2)

            // Packed again from the directory nothing is known of codes; a container stays what it is.
            try await box.succeed("pack folded.aqlm same.aqlm")
            #expect(try readFile(box("same.aqlm")) == readFile(box("folded.aqlm")))
            try await box.succeed("unpack folded.aqlm folded")
            try await box.succeed("pack folded again.aqlm")
            let again = try await box.succeed("inspect again.aqlm --json").json()["sizes"]?["bytes"]
            #expect(again?["embeddings"] == nil)
            #expect(try await box.succeed("verify folded --json").json()["holds"] == true)
            let record = try JSON(parsing: readFile(box("folded/octavo.json")))["recipe"]
            #expect(record?["canonical"] == true)
            #expect(record?["embeddings"]?["encoding"] == "2x4g8")
            let cost = try #require(record?["embeddings"]?["kl"]?.number)
            #expect(cost > 0)
            let card = try String(decoding: readFile(box("folded/README.md")), as: UTF8.self)
            #expect(card.contains("encoded as `2x4g8`, with loss"))
            // What the container holds with loss the folder holds as plain halves: the same model.
            try box.add("text.txt", String(repeating: "The sea is wide. ", count: 20))
            let evaluations = try await ["folded.aqlm", "folded"].map {
                "evaluate \($0) --text text.txt --sequence-length 32 --teacher model --json"
            }.asyncMap { try await box.succeed($0).json() }
            #expect(evaluations[0]["perplexity"] == evaluations[1]["perplexity"])
            #expect(evaluations[0]["kl"] == evaluations[1]["kl"])
        }
    }

    @Test("a head of its own is encoded beside the embedding", arguments: ["2x4g8", "int8"])
    func untied(encoding: String) async throws {
        try await withSandbox { box in
            var model = TinyModel.small
            model.change = { tensors in
                guard let embedding = tensors["model.embed_tokens.weight"] else { return }
                tensors["lm_head.weight"] = (embedding.shape, embedding.values.reversed())
            }
            try model.write(to: box("model"))
            let config = String(decoding: try readFile(box("model/config.json")), as: UTF8.self)
            let untied = config.replacing(
                "\"tie_word_embeddings\": true",
                with: "\"tie_word_embeddings\": false"
            )
            #expect(untied != config)
            try AtomicFile.write(untied, to: box("model/config.json"))
            try await box.succeed(
                "quantize model folded.aqlm \(foldArguments) --embeddings \(encoding)"
            )
            #expect(try await box.succeed("verify folded.aqlm --json").json()["holds"] == true)
            try await box.succeed("unpack folded.aqlm folded")
            let record = try JSON(parsing: readFile(box("folded/octavo.json")))["recipe"]
            let tables = try #require(record?["embeddings"]?["tensors"]?.array)
            #expect(
                tables.map { $0["name"]?.string } == [
                    "model.embed_tokens.weight", "lm_head.weight",
                ]
            )
            // Eight bits lose next to nothing, one bit a weight more than a hundredth.
            for table in tables {
                let loss = try #require(table["relative_loss"]?.number)
                #expect(encoding == "int8" ? loss < 1e-4 : (0.01..<1).contains(loss))
            }
        }
    }

    @Test("a directory in the published layout cannot hold them: refused before any work")
    func refusesFolders() async throws {
        try await withSandbox { box in
            try box.addModel()
            let notes = try await box.fail("quantize model folded \(arguments)")
            #expect(notes.contains("layout holds embedding and head as plain weights"))
            #expect(notes.contains("folded.aqlm"))
            #expect(fileKind(box("folded.partial")) == nil)
            for (encoding, says) in [("2x4g5", "do not divide"), ("2x4g64", "has groups of 64")] {
                let notes = try await box.fail(
                    "quantize model folded.aqlm \(foldArguments) --embeddings \(encoding)"
                )
                #expect(notes.contains(says), "\(notes)")
            }
        }
    }

    @Test(
        "a run that was killed goes on and ends in the same bytes",
        arguments: [
            "model.embed_tokens.weight.safetensors", "embeddings.safetensors",
            "model.layers.1.mlp.up_proj.safetensors", "artifact.aqlm",
        ]
    )
    func survivesKilling(moment: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("quantize model whole/folded.aqlm \(arguments)")
            let command = "quantize model killed/folded.aqlm \(arguments)"
            try await box.run(command, killedOnce: "killed/folded.aqlm.partial/" + moment)
            if fileKind(box("killed/folded.aqlm")) == nil {
                let resumed = try await box.succeed(command + " --resume --json")
                // A table that is kept is not made again.
                #expect(!resumed.notes.contains("\"quantizing embeddings\""))
            }
            #expect(try readFile(box("killed/folded.aqlm")) == readFile(box("whole/folded.aqlm")))
        }
    }

    @Test("tuning writes a directory, which says nothing of codes that it does not hold")
    func tunes() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.add("text.txt", String(repeating: "The sea is wide. ", count: 40))
            try await box.succeed("quantize model folded.aqlm/ \(arguments)")
            let tuning =
                "--teacher model --calibration text.txt --tokens 512 --sequence-length 32 --steps 2"
            let notes = try await box.run("tune folded.aqlm tuned.aqlm \(tuning)")
            #expect(notes.status == 64 && notes.notes.contains("octavo pack"))
            try await box.succeed("tune folded.aqlm tuned \(tuning)")
            let recipe = try JSON(parsing: readFile(box("tuned/octavo.json")))["recipe"]
            #expect(recipe?["embeddings"] == nil && recipe?["canonical"] == nil)
            #expect(try await box.succeed("verify tuned --json").json()["holds"] == true)
        }
    }

    @Test("a record that claims sizes beyond all reason is refused")
    func refusesClaims() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("quantize model folded.aqlm \(arguments)")
            try await box.succeed("unpack folded.aqlm folded")
            let text = String(decoding: try readFile(box("folded/octavo.json")), as: UTF8.self)
            let lie = text.replacing("\"size\": 2060", with: "\"size\": 9223372036854775807")
            #expect(lie != text)
            try AtomicFile.write(lie, to: box("folded/octavo.json"))
            let notes = try await box.fail("card folded")
            #expect(notes.contains("recipe.embeddings.tensors"), "\(notes)")
        }
    }

    @Test("codebooks in order stand for the same weights")
    func canonical() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("quantize model a/folded \(foldArguments)")
            try await box.succeed("quantize model b/folded \(foldArguments) --canonical")
            for name in ["a", "b"] {
                try await box.succeed("convert \(name)/folded \(name)/dense --to dense")
            }
            let (a, b) = (try contents(of: box("a/dense")), try contents(of: box("b/dense")))
            #expect(a["model.safetensors"] == b["model.safetensors"])
            let (x, y) = (try contents(of: box("a/folded")), try contents(of: box("b/folded")))
            #expect(x["model.safetensors"] != y["model.safetensors"])
            // What is in order already stays as it is when it is packed and unpacked.
            try await box.succeed("pack b/folded b.aqlm")
            try await box.succeed("unpack b.aqlm again")
            #expect(try contents(of: box("again")) == y)
        }
    }
}

extension Sequence {
    /// The results of an asynchronous function, one after the other.
    fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async throws -> [T] {
        var results: [T] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
