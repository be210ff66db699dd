import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoTestSupport
import Testing

private let fixtures = packageRoot + "/Tests/OctavoCheckpointTests/Fixtures/gguf/"
private let families = packageRoot + "/Tests/OctavoModelTests/Fixtures/families/"

@Suite("Models that become GGUF files")
struct GGUFExportTests {
    /// Files that the `gguf` package of PyPI wrote as llama.cpp's converter would: imported, written in
    /// Hugging Face layout and from there into GGUF again, they are what they were.
    @Test(
        "what was imported comes out as it went in",
        arguments: [
            "llama", "mistral", "mixtral", "qwen2-00001-of-00003", "qwen3", "qwen3moe", "gemma",
            "gemma3", "phi3", "gemma2",
        ]
    )
    func inverts(name: String) async throws {
        try await withTemporaryDirectory { directory in
            let source = try OpenModel(fixtures + name + ".gguf")
            let (layout, output) = (directory + "/layout", directory + "/m.gguf")
            _ = try convert(
                source,
                to: layout,
                ConversionOptions(target: .safetensors, dtype: .f32)
            )
            _ = try convert(
                OpenModel(layout),
                to: output,
                ConversionOptions(target: .gguf, type: .f32)
            )
            let parts = name.contains("-of-") ? ["1", "2", "3"] : [""]
            let files = try parts.map { part in
                try GGUFFile(
                    MappedFile(
                        fixtures + (part.isEmpty ? name : "qwen2-0000\(part)-of-00003") + ".gguf"
                    )
                )
            }
            let written = try GGUFFile(MappedFile(output))
            let expected = files.flatMap(\.tensors)
            #expect(Set(written.tensors.map(\.name)) == Set(expected.map(\.name)))
            for tensor in expected {
                let found = try #require(written.tensors.first { $0.name == tensor.name })
                #expect(found.shape == tensor.shape && found.type == .f32, "\(tensor.name)")
            }
            // Values, where both hold 32 bits: norms raised, heads interleaved, divisors of positions.
            for file in files {
                for tensor in file.tensors where tensor.type == .f32 {
                    let found = try #require(written.tensors.first { $0.name == tensor.name })
                    let (a, b) = (
                        file.bytes(of: tensor).array, written.bytes(of: found).array
                    )
                    let (before, after) = (
                        try #require([Float](copying: a)), try #require([Float](copying: b))
                    )
                    // Raised norms lose their last bit on the way; divisors are computed in two precisions.
                    #expect(
                        zip(before, after).allSatisfy { abs($0 - $1) <= 2e-6 * max(1, abs($0)) },
                        "\(tensor.name)"
                    )
                }
            }
            // What the first says of the model, the second says too, with the same numbers.
            let metadata = files[0].metadata
            let architecture = try #require(metadata.string("general.architecture"))
            for key in metadata.keys where key.hasPrefix(architecture + ".") {
                if let number = metadata.number(key) {
                    let found = written.metadata.number(key)
                    // A window of 0 is none, and a factor of attention that follows from the rule too.
                    let isUnsaid = number == 0
                    #expect(
                        found.map { abs($0 - number) <= 1e-6 * abs(number) } ?? isUnsaid,
                        "\(key)"
                    )
                } else if written.metadata[key] != nil {
                    #expect(written.metadata[key] == metadata[key], "\(key)")
                }
            }
            // And it is read back as the same configuration.
            let (one, other) = (source.config, try OpenModel(output).config)
            for key in one.object?.keys ?? [] where !["dtype", "torch_dtype"].contains(key) {
                #expect(withoutUsual(other[key]) == withoutUsual(one[key]), "\(key)")
            }
            for tensor in source.checkpoint.tensors {
                let found = try OpenModel(output).checkpoint.floats(named: tensor.name)
                let before = try tensor.floats()
                #expect(zip(before, found).allSatisfy { abs($0 - $1) <= 1e-6 }, "\(tensor.name)")
            }
        }
    }

    /// What GGUF says of yarn even where it is what everybody takes for granted.
    private func withoutUsual(_ value: JSON?) -> JSON? {
        guard var members = value?.object else { return value }
        if members["beta_fast"] == 32.0 { members["beta_fast"] = nil }
        if members["beta_slow"] == 1.0 { members["beta_slow"] = nil }
        return .object(members)
    }

    /// Checkpoints of each family with `transformers`' own logits elsewhere: what comes back from GGUF
    /// computes the same.
    @Test(
        "families compute the same from GGUF",
        arguments: ["gemma", "granite", "olmo2", "phi3-longrope-partial", "mixtral-window"]
    )
    func computesTheSame(name: String) async throws {
        try await expectSameLogits(families + name)
    }

    /// Those whose fixtures are out of the ordinary, made ordinary.
    @Test(
        "ordinary models of the other families do",
        arguments: ["cohere", "smollm3", "gemma2", "qwen2-window-yarn", "qwen3-biases-yarn"]
    )
    func computesTheSameWhereOrdinary(name: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/model"
            var files = try contents(of: families + name)
            var config = try #require(JSON(parsing: files["config.json"] ?? []).object)
            config["attention_bias"] = config["attention_bias"].map { _ in false }
            config["mlp_bias"] = config["mlp_bias"].map { _ in false }
            config["use_sliding_window"] = config["use_sliding_window"].map { _ in false }
            config["rope_scaling"] = nil
            config["rope_parameters"] = nil
            config["rope_theta"] = 10000.0
            var drops = [".bias"]
            switch name {
            case "cohere":
                config["use_qk_norm"] = false
                drops.append("_norm.")
            case "smollm3":
                config["no_rope_layers"] = [1, 1]
                config["layer_types"] = nil
            case "gemma2": config["query_pre_attn_scalar"] = config["head_dim"]
            case "qwen2-window-yarn":
                config["layer_types"] = nil
                drops = []
            default: config["layer_types"] = nil
            }
            files["config.json"] = Array(JSON.object(config).text().utf8)
            let kept = try storedTensors(inFile: families + name + "/model.safetensors").filter {
                tensor in !drops.contains { tensor.key.contains($0) }
            }
            files["model.safetensors"] = safetensors(kept)
            try write(files, to: path)
            try await expectSameLogits(path)
        }
    }

    private func expectSameLogits(_ path: String) async throws {
        try await withTemporaryDirectory { directory in
            let (model, output) = (try OpenModel(path), directory + "/m.gguf")
            _ = try convert(model, to: output, ConversionOptions(target: .gguf, type: .f32))
            let ids = [5, 17, 50, 3, 44, 9, 61, 28, 33, 60, 12]
            let before = try model.languageModel().logits(for: ids).elements
            let after = try OpenModel(output).languageModel().logits(for: ids).elements
            // Norms that are held one higher lose their last bits.
            #expect(relativeDistance(after, from: before) < 1e-5)
        }
    }

    @Test(
        "what GGUF cannot say of a family is refused by name",
        arguments: [
            ("cohere", "norms queries and keys"), ("gemma2", "multiplies queries by 0.44"),
            ("mistral-window-dynamic", "scales positions by \"dynamic\""),
            ("qwen2-window-yarn", "attends within a window"),
            ("qwen3-biases-yarn", "yarn with a factor of its own"),
            ("qwen3-moe-mixed", "norm_topk_prob false"), ("smollm3", "leaves positions out"),
        ]
    )
    func refuses(name: String, clause: String) async throws {
        try await withTemporaryDirectory { directory in
            let model = try OpenModel(families + name)
            let options = ConversionOptions(target: .gguf)
            for work in [
                { _ = try conversionLosses(model, options) },
                { _ = try convert(model, to: directory + "/m.gguf", options) },
            ] {
                let error = try #require(throws: GGUFExportError.self) { try work() }
                #expect("\(error)".contains(clause))
            }
            #expect(try directoryEntries(directory) == [])
        }
    }

    @Test(
        "tensors that lie are refused by name",
        arguments: [
            ("model.norm.weight", Lie.missing, "it has no tensor \"model.norm.weight\""),
            ("model.norm.weight", .reshaped, "shape [33], expected [32]"),
            ("model.layers.1.extra.weight", .added, "no place for its tensor"),
            ("model.norm.weight", .infinite, ""),
            ("model.embed_tokens.weight", .infinite, "finite"),
            ("model.embed_tokens.weight", .huge, "beyond the largest number"),
        ]
    )
    func refusesTensors(name: String, lie: Lie, clause: String) async throws {
        try await withTemporaryDirectory { directory in
            var model = TinyModel.small
            model.change = { tensors in
                switch lie {
                case .missing: tensors[name] = nil
                case .reshaped:
                    tensors[name] = ([33], [Float](repeating: 1, count: 33))
                case .added: tensors[name] = ([2], [1, 2])
                case .infinite: tensors[name]?.values[3] = .infinity
                case .huge: tensors[name]?.values[3] = 1e6
                }
            }
            try model.write(to: directory + "/model")
            let source = try OpenModel(directory + "/model")
            let options = ConversionOptions(target: .gguf, type: .q4_0)
            let output = directory + "/m.gguf"
            if clause.isEmpty {
                // Norms keep 32 bits, which hold anything.
                _ = try convert(source, to: output, options)
                return
            }
            let error = try #require(throws: (any Error).self) {
                try convert(source, to: output, options)
            }
            #expect("\(error)".contains(clause), "\(error)")
            #expect(try directoryEntries(directory) == ["model"])
        }
    }

    enum Lie: Sendable { case missing, reshaped, added, infinite, huge }

    @Test("a file of weights alone, and a name that is taken, are refused")
    func refusesOthers() async throws {
        try await withModels { place in
            let bare = try OpenModel(joined(place.model, "model.safetensors"))
            let options = ConversionOptions(target: .gguf)
            #expect(throws: ModelError.self) { try conversionLosses(bare, options) }
            let output = place.output + ".gguf"
            try AtomicFile.write("mine", to: output)
            #expect(throws: OutputError.exists(output)) {
                try convert(OpenModel(place.model), to: output, options)
            }
            #expect(try readFile(output) == Array("mine".utf8))
        }
    }

    @Test("the number of threads does not show")
    func isDeterministic() async throws {
        try await withModels { place in
            for type in [GGMLType.q4_K, .q8_0] {
                let model = try OpenModel(place.folded)
                for threads in [1, 3] {
                    _ = try convert(
                        model,
                        to: place.output + "\(type)\(threads).gguf",
                        ConversionOptions(target: .gguf, type: type, threads: threads)
                    )
                }
                #expect(
                    try readFile(place.output + "\(type)1.gguf")
                        == readFile(place.output + "\(type)3.gguf")
                )
            }
        }
    }
}
