import OctavoBase
import OctavoTestSupport
import Testing

@Suite("GGUF files and differences, on the command line")
struct GGUFTests {
    @Test(
        "types have the names that users of GGUF know, in either case, under each option's name",
        arguments: [
            ("--type", "Q8_0", "Q8_0"), ("--dtype", "q4_k", "Q5_0"), ("--outtype", "BF16", "BF16"),
        ]
    )
    func types(option: String, name: String, stored: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            let done = try await box.succeed(
                "convert model m.gguf --to gguf \(option) \(name) --json"
            )
            let json = try done.json()
            #expect(json["files"] == ["m.gguf"])
            // What is lost is said before the work begins, and in the result.
            let lost = try #require(json["lost"]?.array).compactMap(\.string)
            #expect(lost.contains { $0.contains("rounded from F32 to \(stored)") }, "\(lost)")
            let notes = try done.events()
            let first = try #require(notes.firstIndex { $0["event"] == "note" })
            let stage = try #require(notes.firstIndex { $0["event"] == "stage" })
            #expect(first < stage)
            let shown = try await box.succeed("inspect m.gguf --json").json()
            let types = try #require(shown["types"]?.array).compactMap { $0["type"]?.string }
            #expect(types.contains(stored))
            try await box.succeed("generate m.gguf --prompt a --max-tokens 1")
        }
    }

    @Test(
        "wrong usage ends with 64 and makes nothing",
        arguments: [
            "convert model out --to gguf", "convert model m.gguf --to gguf --type q9",
            "convert model out --to safetensors --type q8_0",
            "convert model out --to dense --type q4_k",
            "diff model", "diff model model model",
        ]
    )
    func usage(command: String) async throws {
        try await withSandbox { box in
            try box.addModel()
            #expect(try await box.run(command).status == 64)
            #expect(try box.entries(except: ["model"]) == [])
        }
    }

    @Test("a disk that takes no more leaves no file")
    func fullDisk() async throws {
        try await withSandbox { box in
            try box.addModel()
            let notes = try await box.fail(
                "convert model m.gguf --to gguf",
                prelude: box.fileLimit(blocks: 20)
            )
            #expect(notes.contains("cannot write") && notes.contains("m.gguf"), "\(notes)")
            #expect(try box.entries(except: ["model"]) == [])
        }
    }

    @Test("a conversion that is killed leaves no file of the name")
    func killed() async throws {
        try await withSandbox { box in
            try TinyModel.tall.write(to: box("model"))
            _ = try await box.run(
                "convert model m.gguf --to gguf",
                prelude: """
                    :; "$@" & process=$!
                    until ls m.gguf.*.tmp >/dev/null 2>&1 || [ ! -e /proc/$process/exe ]; do :; done
                    kill -9 $process 2>/dev/null; wait $process; exit 0;
                    """
            )
            // Either it was done before, and the file is whole, or there is none.
            if fileKind(box("m.gguf")) != nil { try await box.succeed("inspect m.gguf") }
        }
    }

    @Test(
        "a tokenizer that GGUF cannot hold is refused with what to do, and left out the file is made"
    )
    func tokenizers() async throws {
        try await withSandbox { box in
            try box.addModel()
            var tokenizer = try #require(
                JSON(parsing: readFile(box("model/tokenizer.json"))).object
            )
            tokenizer["pre_tokenizer"] = .object([
                "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true,
                "use_regex": true,
            ])
            try box.add("model/tokenizer.json", JSON.object(tokenizer).text())
            let notes = try await box.fail("convert model m.gguf --to gguf")
            #expect(notes.contains("tokenizer.ggml.pre") && notes.contains("remove"))
            #expect(try box.entries(except: ["model"]) == [])
            try removeAll(box("model/tokenizer.json"))
            let done = try await box.succeed("convert model m.gguf --to gguf")
            #expect(done.notes.contains("there is no tokenizer"))
            try await box.succeed("convert m.gguf back --to safetensors")
        }
    }

    @Test("diff ends with 0 where nothing differs and with 1 where something does, and says what")
    func differs() async throws {
        try await withSandbox { box in
            try box.addModel()
            try box.addModel("same")
            let same = try await box.succeed("diff model same")
            #expect(same.output.contains("20 the same") && same.output.contains("no difference"))
            var other = TinyModel.small
            other.change = {
                $0["model.norm.weight"]?.values[0] += 1
                $0["new.weight"] = ([1], [1])
            }
            try other.write(to: box("other"))
            let found = try await box.run("diff model other")
            #expect(found.status == 1 && found.errors.isEmpty)
            for text in ["model.norm.weight", "1 changed", "1 added", "new.weight", "differ"] {
                #expect(found.output.contains(text), "\(text)")
            }
            let json = try await box.run("diff model other --json")
            #expect(json.status == 1)
            let report = try json.json()
            #expect(report["equal"] == false && report["added"] == ["new.weight"])
            #expect(report["changed"]?.array?.first?["largest"]?.number == 1)
            try await box.succeed("convert model m.gguf --to gguf --type f32")
            #expect(try await box.run("diff model m.gguf").status == 1)
            try await box.succeed("diff model m.gguf --values")
            #expect(try await box.run("diff model nowhere").status == 1)
        }
    }
}
