import OctavoBase
import OctavoTestSupport
import Testing

@Suite("Conversions")
struct ConversionTests {
    /// By hand: how many significand bits each type keeps, and so how far rounding may move a number.
    @Test(
        "every tensor gets the type asked for, and numbers are only rounded",
        arguments: [
            ("f16", "F16", "float16", 0x1p-11), ("bf16", "BF16", "bfloat16", 0x1p-8),
            ("f32", "F32", "float32", 0),
        ]
    )
    func convertsTypes(dtype: String, stored: String, torch: String, rounding: Float) async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("convert model out --to safetensors --dtype \(dtype)")
            let before = try storedTensors(inFile: box("model/model.safetensors"))
            let after = try storedTensors(inFile: box("out/model.safetensors"))
            #expect(Set(after.keys) == Set(before.keys))
            for (name, tensor) in before {
                let new = try #require(after[name])
                #expect(new.dtype == stored && new.shape == tensor.shape, "\(name)")
                let pairs = zip(try #require(tensor.floats), try #require(new.floats))
                // Numbers too small for float16's full precision are near enough in absolute terms.
                #expect(
                    pairs.allSatisfy { abs($0 - $1) <= rounding * max(abs($0), 0x1p-14) },
                    "\(name)"
                )
            }
            let config = try JSON(parsing: readFile(box("out/config.json")))
            #expect((config["dtype"] ?? config["torch_dtype"]) == .string(torch))
            for name in ["tokenizer.json", "tokenizer_config.json", "generation_config.json"] {
                #expect(try readFile(box("out/" + name)) == readFile(box("model/" + name)))
            }
            try await box.succeed("generate out --prompt a --max-tokens 1")
        }
    }

    @Test("an AQLM model made dense computes the same")
    func unfolds() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.addFolded()
            try box.add("ids.json", "[0, 74, 103, 110, 110, 113, 34, 200, 201, 7]")
            try await box.succeed("convert folded half --to dense")
            try await box.succeed("convert folded single --to dense --dtype f32")
            func logits(_ model: String) async throws -> [Float] {
                try await box.succeed(
                    "evaluate \(model) --tokens ids.json --logits \(model).safetensors"
                )
                let tensors = try storedTensors(inFile: box(model + ".safetensors"))
                return try #require(tensors["logits"]?.floats)
            }
            let folded = try await logits("folded")
            // In float32 the weights are those that the codes stand for; only the order of sums differs.
            #expect(relativeDistance(try await logits("single"), from: folded) < 1e-4)
            // In float16 each is rounded by up to 2⁻¹¹ of itself. Such errors add up at random over
            // two blocks of seven linears: about 2⁻¹¹·√14/√3 = 1e-3 of the spread, and the largest of
            // 2580 logits lies up to five times farther out.
            let half = relativeDistance(try await logits("half"), from: folded)
            #expect(half < 1e-2 && half > 0)
            // That the measure tells models apart at all:
            #expect(relativeDistance(try await logits("model"), from: folded) > 0.1)

            let config = try JSON(parsing: readFile(box("half/config.json")))
            #expect(config["quantization_config"] == nil)
            let names = try storedTensors(inFile: box("half/model.safetensors")).keys
            #expect(
                Set(names) == Set(try storedTensors(inFile: box("model/model.safetensors")).keys)
            )
            #expect(fileKind(box("half/octavo.json")) == nil)
        }
    }

    @Test("an AQLM model may be written again as what it is")
    func keepsCodes() async throws {
        try await withSandbox { box in
            try await box.addFolded()
            try await box.succeed("convert folded copy --to safetensors")
            #expect(
                try storedTensors(inFile: box("copy/model.safetensors"))
                    == storedTensors(inFile: box("folded/model.safetensors"))
            )
            let before = try JSON(parsing: readFile(box("folded/config.json")))
            let after = try JSON(parsing: readFile(box("copy/config.json")))
            #expect(after["quantization_config"] == before["quantization_config"])
            #expect(after["dtype"] == "float16" && after["model_type"] == "llama")
            #expect(try await box.succeed("inspect copy --json").json()["scheme"] == "2x4g8")
            try await box.succeed("verify copy")
        }
    }

    @Test("shards hold what one file held, and are read back as one")
    func shards() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("convert model out --to safetensors --max-shard-size 20KB")
            let shards = try directoryEntries(box("out")).filter { $0.hasSuffix(".safetensors") }
            #expect(shards.count > 2)
            var found: [String: StoredTensor] = [:]
            for shard in shards {
                let tensors = try storedTensors(inFile: box("out/" + shard))
                let bytes = tensors.values.reduce(0) { $0 + $1.bytes.count }
                // A tensor is not torn apart: the embedding is larger than a shard.
                #expect(bytes <= 20_000 || tensors.count == 1, "\(shard)")
                found.merge(tensors) { first, _ in
                    Issue.record("a tensor is in two shards")
                    return first
                }
            }
            #expect(found == (try storedTensors(inFile: box("model/model.safetensors"))))
            let index = try JSON(parsing: readFile(box("out/model.safetensors.index.json")))
            #expect(index["weight_map"]?.object?.count == found.count)

            try await box.succeed("convert out back --to safetensors")
            #expect(
                try storedTensors(inFile: box("back/model.safetensors")) == found
            )
        }
    }

    @Test("a folded model may be sharded too")
    func shardsFolded() async throws {
        try await withSandbox { box in
            try box.addModel()
            try await box.succeed("quantize model folded \(foldArguments) --max-shard-size 10KB")
            #expect(
                try directoryEntries(box("folded")).filter { $0.hasSuffix(".safetensors") }.count
                    > 2
            )
            try await box.succeed("verify folded")
        }
    }

    @Test(
        "a number that the type cannot hold is refused by the tensor's name",
        arguments: [("f16", Float(1e5)), ("bf16", Float.greatestFiniteMagnitude)]
    )
    func refusesOverflow(dtype: String, value: Float) async throws {
        try await withSandbox { box in
            var model = TinyModel.small
            model.change = { $0["model.norm.weight"]?.values[3] = value }
            try model.write(to: box("model"))
            let notes = try await box.fail("convert model out --to safetensors --dtype \(dtype)")
            #expect(notes.contains("model.norm.weight") && notes.contains("\(value)"))
            #expect(try box.entries(except: ["model"]) == [])
            // As it is, it can be kept.
            try await box.succeed("convert model out --to safetensors")
        }
    }
}
