import OctavoBase
import OctavoTestSupport
import Testing

@Suite("What a model is, without reading its weights")
struct InspectionTests {
    private static let fixtures = packageRoot + "/Tests/OctavoCheckpointTests/Fixtures"

    @Test("what a scheme is said to give is what folding gives")
    func previewsFolding() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.addFolded()
            let before = try await box.succeed("inspect model --scheme 2x4g8 --json").json()
            let after = try await box.succeed("inspect folded --json").json()
            let preview = try #require(before["preview"])
            #expect(preview["scheme"] == "2x4g8" && preview["linears"] == 14)
            #expect(preview["kept"] == ["model.embed_tokens.weight"])
            #expect(preview["sizes"] == after["sizes"])
            // By hand: 258 tokens of width 32; two blocks of 2·32² + 2·16·32 + 3·32·64 + 2·32; a norm.
            let parameters = 258 * 32 + 2 * (2 * 1024 + 2 * 512 + 3 * 2048 + 64) + 32
            #expect(before["parameters"] == .integer(parameters))
            #expect(after["parameters"] == .integer(parameters))
            #expect(after["preview"] == nil)
        }
    }

    @Test("layers that are alike are one, and files, tokens and licence are named")
    func describes() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.add("model/LICENSE.txt", "be kind")
            try box.add("model/README.md", "---\nlanguage: en\nlicense: \"mit\"\n---\nlicense: no")
            let report = try await box.succeed("inspect model --json").json()
            let groups = try #require(report["groups"]?.array)
            let up = try #require(
                groups.first { $0["pattern"] == "model.layers.*.mlp.up_proj.weight" }
            )
            #expect(up["shape"] == [64, 32] && up["count"] == 2 && up["type"] == "F32")
            #expect(up["bytes"] == .integer(2 * 64 * 32 * 4))
            let shape = try #require(report["shape"])
            #expect(shape["layers"] == 2 && shape["vocabulary"] == 258 && shape["context"] == 256)
            #expect(report["runs"] == true && report["license"] == "mit")
            let tokenizer = try #require(report["tokenizer"])
            #expect(tokenizer["kind"] == "BPE, byte-level" && tokenizer["vocabulary"] == 258)
            #expect(tokenizer["special"]?["eos"] == "<eos>" && tokenizer["chat_template"] == false)
            #expect(
                report["side_files"]?.array?.map { $0["name"] } == [
                    "LICENSE.txt", "generation_config.json", "tokenizer.json",
                    "tokenizer_config.json",
                ]
            )
            let file = try readFile(box("model/model.safetensors")).count
            #expect(report["weight_files"]?.array?.first?["bytes"] == .integer(file))
            let text = try await box.succeed("inspect model").output
            for line in ["2 layers", "mit, LICENSE.txt", "64 × 32", "eos <eos>", "as 2x8g8"] {
                #expect(text.contains(line), "\(text)")
            }
        }
    }

    @Test("a family that cannot be run is described all the same, and so is a lone file")
    func describesTheUnknown() async throws {
        try await withSandbox { box in
            try box.addModel()
            let config = String(decoding: try readFile(box("model/config.json")), as: UTF8.self)
            try box.add("model/config.json", config.replacing("\"llama\"", with: "\"plankton\""))
            let report = try await box.succeed("inspect model --json").json()
            #expect(report["runs"] == false && report["family"] == "plankton")
            #expect(report["obstacle"]?.string?.contains("plankton") == true)
            #expect(report["preview"]?["linears"] == 14)
            #expect(try await box.succeed("inspect model").output.contains("not run"))
            let lone = try await box.succeed("inspect model/model.safetensors --json").json()
            #expect(lone["format"] == "safetensors" && lone["runs"] == false)
            #expect(lone["parameters"] == report["parameters"] && lone["findings"] == [])
        }
    }

    @Test("a GGUF file of an architecture that is not imported is described as it is")
    func describesGGUF() async throws {
        try await withSandbox { box in
            func text(_ value: String) -> [UInt8] {
                [UInt64(value.utf8.count)].byteArray + Array(value.utf8)
            }
            var file = Array("GGUF".utf8) + [UInt32(3)].byteArray + [UInt64(1), 3].byteArray
            file += text("general.architecture") + [UInt32(8)].byteArray + text("plankton")
            file += text("plankton.block_count") + [UInt32(4), 7].byteArray
            file += text("general.license") + [UInt32(8)].byteArray + text("mit")
            file += text("blk.0.weight") + [UInt32(2)].byteArray + [UInt64(4), 2].byteArray
            file += [UInt32(0)].byteArray + [UInt64(0)].byteArray
            file += [UInt8](repeating: 0, count: -file.count & 31 + 32)
            try AtomicFile.write(file, to: box("model.gguf"))
            let report = try await box.succeed("inspect model.gguf --json").json()
            #expect(report["runs"] == false && report["family"] == "plankton")
            #expect(report["shape"]?["layers"] == 7 && report["license"] == "mit")
            #expect(report["parameters"] == 8 && report["sizes"]?["total_bytes"] == 32)
            #expect(report["groups"]?.array?.first?["pattern"] == "blk.*.weight")
        }
    }

    @Test("what is wrong with a model is told with who stumbles over it and what to do")
    func findsFaults() async throws {
        try await withSandbox { box in
            try write(
                try contents(of: Self.fixtures + "/aqlm/round-trip"),
                to: box("model")
            )
            let report = try await box.succeed("inspect model --json").json()
            let findings = try #require(report["findings"]?.array)
            let codes = findings.map { $0["code"]?.string }
            #expect(codes == ["transposed-codes", "wide-floats", "cpu-kernel", "no-tokenizer"])
            let first = try #require(findings.first)
            #expect(first["fault"] == true && first["subjects"]?.array?.count == 7)
            #expect(first["readers"] == ["transformers 4", "transformers 5"])
            #expect(first["remedy"] == "octavo convert MODEL OUT --to hf-aqlm")
            #expect(report["scheme"] == "1x8g8" && report["runs"] == true)
            let text = try await box.succeed("inspect model").output
            #expect(text.contains("- transposed-codes for transformers 4, transformers 5:"))

            try await box.succeed("convert model repaired --to hf-aqlm")
            let repaired = try await box.succeed("inspect repaired --json").json()
            #expect(
                repaired["findings"]?.array?.map { $0["code"] } == ["cpu-kernel", "no-tokenizer"]
            )
        }
    }

    @Test("a model that says it is AQLM and cannot be understood is described, with the reason")
    func describesTheUnreadable() async throws {
        try await withSandbox { box in
            try write(try contents(of: Self.fixtures + "/aqlm/sound"), to: box("model"))
            let config = String(decoding: try readFile(box("model/config.json")), as: UTF8.self)
            let broken = config.replacing("\"num_codebooks\": 1", with: "\"num_codebooks\": 2")
            try box.add("model/config.json", broken)
            let report = try await box.succeed("inspect model --json").json()
            #expect(report["findings"]?.array?.first?["code"] == "unreadable-aqlm")
            #expect(report["obstacle"]?.string?.contains("codebooks") == true)
        }
    }

    @Test("the document has the members that docs/inspect.md lists, and no others")
    func hasDocumentedMembers() async throws {
        let page = String(decoding: try readFile(packageRoot + "/docs/inspect.md"), as: UTF8.self)
        let documented = page.matches(of: /\n\| `([a-z_]+)` \|/).map { String($0.1) }
        try await withSandbox { box in
            try box.addModel()
            try await box.addFolded()
            try box.add("ids.json", "[1, 2, 3]")
            try box.add("model/README.md", "---\nlicense: mit\n---\n")
            let measured = try await box.succeed("evaluate folded --tokens ids.json --json")
            try box.add("e.json", measured.output)
            try await box.succeed("pack folded folded.aqlm")
            var found: Set<String> = []
            for arguments in [
                "inspect model --tensors", "inspect folded --evaluation e.json",
                "inspect model/model.safetensors", "inspect folded.aqlm",
            ] {
                found.formUnion(
                    try await box.succeed(arguments + " --json").json().object?.keys ?? []
                )
            }
            #expect(found == Set(documented))
        }
    }

    @Test("side files go along byte for byte, code does not")
    func carriesSideFiles() async throws {
        try await withSandbox { box in
            try box.addModel()
            let carried = [
                "LICENSE", "Notice.md", "USE_POLICY.md", "chat_template.jinja",
                "preprocessor_config.json", "special_tokens_map.json",
            ]
            for name in carried { try box.add("model/" + name, "{\"\(name)\": 1}\n\n") }
            for name in ["modeling_llama.py", "README.md", "training_args.bin"] {
                try box.add("model/" + name, "raise SystemExit")
            }
            try await box.succeed("convert model out --to safetensors")
            try await box.succeed("quantize model folded \(foldArguments)")
            for output in ["out", "folded"] {
                for name in carried {
                    #expect(
                        try readFile(box("\(output)/\(name)")) == readFile(box("model/" + name))
                    )
                }
                #expect(fileKind(box(output + "/modeling_llama.py")) == nil)
                #expect(fileKind(box(output + "/training_args.bin")) == nil)
            }
            #expect(fileKind(box("out/README.md")) == nil)
        }
    }
}
