import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite
struct GGUFModelTests {
    /// A file as llama.cpp's converter writes it, against the weights it was made of.
    @Test
    func aLlamaComesBackAsHuggingFaceHasIt() throws {
        let checkpoint = try Checkpoint(fixture("tiny-llama.gguf"))
        let expected = try #require(JSON(parsing: try readFile(fixture("tiny-llama.json"))).object)
        #expect(Set(checkpoint.tensors.map(\.name)) == Set(expected.keys))
        for (name, tensor) in expected {
            #expect(checkpoint[name]?.shape == (try tensor.shape("shape")), "\(name)")
            let floats = try checkpoint.floats(named: name)
            #expect(Digest(of: floats).hex == (try tensor.string("sha256")), "\(name)")
        }
        let config = checkpoint.config
        let numbers = [
            "hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
            "intermediate_size": 64, "vocab_size": 8, "num_hidden_layers": 1, "bos_token_id": 1,
            "eos_token_id": 2, "max_position_embeddings": 131072,
        ]
        for (key, value) in numbers { #expect(config[key] == .integer(value), "\(key)") }
        #expect(config["rms_norm_eps"] == 1e-05)
        #expect(config["attention_bias"] == true)
        #expect(config["mlp_bias"] == false)
        #expect(config["tie_word_embeddings"] == true)
        #expect(config["pad_token_id"] == nil)
        #expect(config["rope_theta"] == 500000.0)
        let scaling = try config.object("rope_scaling")
        #expect(scaling["rope_type"] == "llama3")
        #expect(scaling["factor"] == 8.0)
        #expect(scaling["low_freq_factor"] == 1.0)
        #expect(scaling["high_freq_factor"] == 4.0)
        #expect(scaling["original_max_position_embeddings"] == 8192)
        var parameters = try config.object("rope_parameters")
        #expect(parameters["rope_theta"] == 500000.0)
        parameters["rope_theta"] = nil
        #expect(parameters == scaling)
        #expect(checkpoint.sideFiles.map(\.name) == ["generation_config.json"])
    }

    /// Swift holds these names equal; the file does not.
    @Test
    func namesAreToldApartByTheirBytes() throws {
        var builder = GGUFBuilder()
        builder.pairs = ["\u{E9}", "e\u{301}"].enumerated().map {
            Builder.pair($1, 4, littleEndian(UInt32($0)))
        }
        builder.tensors = [
            .init(name: "\u{E9}", dimensions: [8]), .init(name: "e\u{301}", offset: 32),
        ]
        builder.data = 48
        let bytes = builder.bytes
        let header = try GGUFHeader(bytes.span.bytes)
        #expect(header.metadata.integer("\u{E9}") == 0 && header.metadata.integer("e\u{301}") == 1)
        #expect(header.tensors.map(\.shape) == [[8], [4]])
    }

    /// Their rows, counted one by one, would never end.
    @Test
    func rowsWithoutColumnsAreNotMoved() {
        #expect(deinterleaved([], rows: 1 << 60, heads: 1 << 30) == [])
    }

    @Test
    func otherTypesAreNamedWhenTheirValuesAreWanted() async throws {
        try await withModel { builder in
            builder.tensors[0].type = 16
            builder.tensors[0].dimensions = [256, 1]
            builder.tensors.removeLast()
            builder.replace("llama.embedding_length", 256)
            builder.data = 96
        } check: { path in
            let checkpoint = try Checkpoint(path)
            #expect(checkpoint.tensors[0].type.name == "IQ2_XXS")
            let error = GGUFError(
                reason: .unsupportedType(tensor: "model.embed_tokens.weight", .iq2_XXS),
                offset: checkpoint.tensors[0].range.lowerBound
            )
            #expect(throws: CheckpointError.gguf(file: "m.gguf", error)) {
                try checkpoint.floats(named: "model.embed_tokens.weight")
            }
        }
    }

    @Test(arguments: [
        (GGUFModelError.unsupportedArchitecture("gemma"), "architecture"),
        (.badKey("llama.embedding_length", expected: "a positive whole number"), "hidden size 0"),
        (.badKey("llama.block_count", expected: "a positive whole number"), "no block count"),
        (.badKey("llama.attention.head_count_kv", expected: "a divisor of 2"), "key heads"),
        (.unknownTensor("blk.7.attn_q.weight"), "layer beyond"),
        (.unknownTensor("blk.00.attn_q.weight"), "layer with zeros"),
        (.missingTensor("token_embd.weight"), "no embedding"),
        (.emptyTensor("blk.0.attn_q.weight", shape: [1 << 60, 0]), "no columns"),
        (.emptyTensor("token_embd.weight", shape: [0, 8]), "no rows"),
        (.badShape(tensor: "blk.0.attn_q.weight", found: [3, 8], expected: [8, 8]), "query rows"),
        (.badShape(tensor: "rope_freqs.weight", found: [3], expected: [2]), "rope length"),
        (.unknownRopeFrequencies(index: 0, found: 2, expected: 1), "rope values"),
        (.unsupportedFeature("a mixture of experts"), "experts"),
        (.unsupportedFeature("rope scaling of type \"yarn\""), "yarn"),
        (.unsupportedFeature("rotation of a part of each head"), "partial rotation"),
        (
            .unsupportedFeature("biases in some of attn_q, attn_k, attn_v, attn_output"),
            "some biases"
        ),
    ])
    func whatCannotBeExpressedIsNamed(_ error: GGUFModelError, _ change: String) async throws {
        try await withModel { builder in
            switch change {
            case "architecture": builder.replace("general.architecture", "gemma")
            case "hidden size 0": builder.replace("llama.embedding_length", 0)
            case "no block count":
                builder.pairs.removeAll { $0.starts(with: Builder.string("llama.block_count")) }
            case "key heads": builder.add("llama.attention.head_count_kv", 3)
            case "layer beyond": builder.tensors[1].name = "blk.7.attn_q.weight"
            case "layer with zeros": builder.tensors[1].name = "blk.00.attn_q.weight"
            case "no embedding": builder.tensors[0].name = "output.weight"
            case "no columns": builder.tensors[1].dimensions = [0, 1 << 60]
            case "no rows":
                builder.tensors[0].dimensions = [8, 0]
                builder.tensors[1].offset = 0
            case "query rows": builder.tensors[1].dimensions = [8, 3]
            case "rope length":
                builder.tensors[1] = .init(name: "rope_freqs.weight", dimensions: [3], offset: 256)
            case "rope values":
                builder.tensors[1] = .init(name: "rope_freqs.weight", dimensions: [2], offset: 256)
                builder.data = 264
                builder.tail = littleEndian(Float(2).bitPattern) + littleEndian(Float(2).bitPattern)
            case "experts": builder.add("llama.expert_count", 8)
            case "yarn":
                builder.pairs.append(
                    Builder.pair("llama.rope.scaling.type", 8, Builder.string("yarn"))
                )
            case "partial rotation": builder.add("llama.rope.dimension_count", 2)
            case "some biases":
                builder.tensors[1] = .init(name: "blk.0.attn_v.bias", dimensions: [8], offset: 256)
            default: Issue.record("no such change: \(change)")
            }
        } check: { path in
            #expect(throws: CheckpointError.ggufModel(file: "m.gguf", error)) {
                try Checkpoint(path)
            }
        }
    }

    private typealias Builder = GGUFBuilder

    /// Writes a small llama, changed, and checks what comes of it.
    private func withModel(
        _ change: (inout GGUFBuilder) -> Void,
        check: (String) throws -> Void
    ) async throws {
        var builder = GGUFBuilder()
        builder.pairs = [
            Builder.pair("general.architecture", 8, Builder.string("llama")),
            Builder.pair(
                "llama.attention.layer_norm_rms_epsilon",
                6,
                littleEndian(Float(1e-5).bitPattern)
            ),
        ]
        for (key, value) in [
            ("embedding_length", 8), ("feed_forward_length", 16), ("block_count", 1),
            ("attention.head_count", 2),
            ("context_length", 64),
        ] {
            builder.add("llama." + key, UInt32(value))
        }
        builder.tensors = [
            .init(name: "token_embd.weight", dimensions: [8, 8]),
            .init(name: "blk.0.attn_q.weight", dimensions: [8, 8], offset: 256),
        ]
        builder.data = 512
        change(&builder)
        try await withTemporaryDirectory { directory in
            let bytes = builder.bytes
            try AtomicFile.write(bytes, to: directory + "/m.gguf")
            try check(directory + "/m.gguf")
        }
    }
}

extension GGUFBuilder {
    /// Adds a 32-bit number.
    fileprivate mutating func add(_ key: String, _ value: UInt32) {
        pairs.append(Self.pair(key, 4, littleEndian(value)))
    }

    fileprivate mutating func replace(_ key: String, _ value: UInt32) {
        pairs.removeAll { $0.starts(with: Self.string(key)) }
        add(key, value)
    }

    fileprivate mutating func replace(_ key: String, _ value: String) {
        pairs.removeAll { $0.starts(with: Self.string(key)) }
        pairs.append(Self.pair(key, 8, Self.string(value)))
    }
}
