import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite
struct GGUFModelTests {
    /// What the lies are told of is sound itself.
    @Test(arguments: [
        ("llama", GGUFBuilder.llama), ("mixtral", .mixtral), ("phi3", .phi3),
    ])
    func theSmallestModelsAreRead(_ family: String, _ builder: GGUFBuilder) async throws {
        try await withFile(builder.bytes) { path in
            let checkpoint = try Checkpoint(path)
            #expect(checkpoint.config["model_type"] == .string(family))
            for tensor in checkpoint.tensors {
                #expect(try tensor.floats().count == tensor.shape.reduce(1, *))
            }
        }
    }

    @Test(arguments: HandMadeModel.all)
    func whatCannotBeExpressedIsNamed(_ model: HandMadeModel) async throws {
        try await withFile(model.bytes) { path in
            #expect(throws: CheckpointError.ggufModel(file: "m.gguf", model.error)) {
                try Checkpoint(path)
            }
        }
    }

    /// What converters write without changing the model.
    @Test
    func neutralKeysAreAccepted() async throws {
        var builder = GGUFBuilder.llama
        builder.state("llama.vocab_size", 2)
        builder.state("llama.expert_count", 0)
        builder.state("llama.vision.block_count", 27)
        builder.state("llama.attention.causal", 7, [1])
        builder.state("llama.rope.scaling.attn_factor", float: 1)
        // An item for each layer.
        let array = littleEndian(UInt32(4)) + littleEndian(UInt64(1)) + littleEndian(UInt32(1))
        builder.state("llama.attention.head_count_kv", 9, array)
        // Divisors of one change nothing.
        builder.add("rope_freqs.weight", values: [1, 1])
        try await withFile(builder.bytes) { path in
            let config = try Checkpoint(path).config
            #expect(config["rope_scaling"] == .null)
            #expect(config["num_key_value_heads"] == 1)
        }
    }

    /// A factor of attention that does not follow from the lengths is kept.
    @Test
    func longropeKeepsAnAttentionFactorOfItsOwn() async throws {
        var builder = GGUFBuilder.phi3
        builder.state("phi3.rope.scaling.attn_factor", float: 1.25)
        builder.add("rope_factors_short.weight", values: [1, 1])
        builder.add("rope_factors_long.weight", values: [1, 2])
        try await withFile(builder.bytes) { path in
            let parameters = try Checkpoint(path).config.object("rope_parameters")
            #expect(parameters["attention_factor"] == 1.25)
            #expect(parameters["short_factor"] == [1.0, 1.0])
            #expect(parameters["long_factor"] == [1.0, 2.0])
        }
    }

    /// 60 / 88 * 88 comes to a little less than 60, which readers would round down to 59.
    @Test
    func partsOfHeadsAreFoundAgain() async throws {
        var builder = GGUFBuilder.phi3
        builder.state("phi3.attention.key_length", 88)
        builder.state("phi3.rope.dimension_count", 60)
        builder.change("blk.0.attn_qkv.weight", [4, 3 * 88])
        builder.change("blk.0.attn_output.weight", [88, 4])
        try await withFile(builder.bytes) { path in
            let part = try #require(try Checkpoint(path).config["partial_rotary_factor"]?.number)
            #expect(Int(88 * part) == 60)
        }
    }

    /// Of a type that Octavo does not decode, all but the values is to be had.
    @Test
    func otherTypesAreNamedWhenTheirValuesAreWanted() async throws {
        var builder = GGUFBuilder.llama
        builder.tensors = []
        for tensor in GGUFBuilder.llama.tensors {
            builder.add(tensor.name, tensor.dimensions.map { $0 == 4 ? 256 : $0 }, type: .iq2_XXS)
        }
        for key in ["embedding_length", "feed_forward_length"] {
            builder.state("llama.\(key)", 256)
        }
        try await withFile(builder.bytes) { path in
            let checkpoint = try Checkpoint(path)
            let tensor = try checkpoint.tensor(named: "model.embed_tokens.weight")
            #expect(tensor.type.name == "IQ2_XXS")
            let error = GGUFError(
                reason: .unsupportedType(tensor: tensor.name, .iq2_XXS),
                offset: tensor.range.lowerBound
            )
            #expect(throws: CheckpointError.gguf(file: "m.gguf", error)) { try tensor.floats() }
        }
    }

    /// Swift holds these names equal; the file does not.
    @Test
    func namesAreToldApartByTheirBytes() throws {
        var builder = GGUFBuilder()
        builder.pairs = ["\u{E9}", "e\u{301}"].enumerated().map {
            GGUFBuilder.pair($1, 4, littleEndian(UInt32($0)))
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

    private func withFile(_ bytes: [UInt8], _ check: (String) throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            try AtomicFile.write(bytes, to: directory + "/m.gguf")
            try check(directory + "/m.gguf")
        }
    }
}
