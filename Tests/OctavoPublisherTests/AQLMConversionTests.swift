import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Published AQLM models, written again")
struct AQLMConversionTests {
    private static let golden = [
        "llama-1x8g8", "llama-2x8g8", "llama-1x12g8", "llama-4x8g16", "qwen2-2x8g8", "gemma-2x8g8",
        "phi3-2x8g8", "mixtral-2x8g8",
    ]

    @Test(
        "sound ones keep every tensor, bit for bit, and no fault is left",
        .enabled(if: Shared.isHere),
        arguments: golden
    )
    func keepsSound(name: String) async throws {
        try await withTemporaryDirectory { directory in
            let (path, output) = (Shared.path("golden/aqlm/" + name), directory + "/out")
            _ = try convert(OpenModel(path), to: output, ConversionOptions(target: .hfAQLM))
            #expect(
                try storedTensors(inFile: output + "/model.safetensors")
                    == storedTensors(inFile: path + "/model.safetensors")
            )
            let aqlm = try #require(OpenModel(output).aqlm)
            #expect(aqlm.findings.filter(\.isFault) == [])
            let config = try JSON(parsing: readFile(output + "/config.json"))
            #expect(config["torch_dtype"] == "float16" && config["dtype"] == "float16")
            let list = try #require(
                config["quantization_config"]?["linear_weights_not_to_quantize"]?.array
            )
            #expect(list.contains("lm_head") && list.contains("lm_head.weight"))
        }
    }

    /// Codes transposed and all else widened by a round trip through transformers 4.57.6 on a CPU.
    @Test("one that a forward pass on a CPU has been over computes what it did before")
    func repairsRoundTrip() async throws {
        try await withTemporaryDirectory { directory in
            let fixtures = packageRoot + "/Tests/OctavoCheckpointTests/Fixtures/aqlm"
            let broken = try OpenModel(fixtures + "/round-trip")
            let output = directory + "/out"
            let options = ConversionOptions(target: .hfAQLM, dtype: .f16)
            _ = try convert(broken, to: output, options)
            let repaired = try OpenModel(output)
            // The original's embedding, head and norms were halves, so that they can be again.
            #expect(
                try storedTensors(inFile: output + "/model.safetensors")
                    == storedTensors(inFile: fixtures + "/sound/model.safetensors")
            )
            #expect(repaired.aqlm?.findings.filter(\.isFault) == [])
            let sound = try OpenModel(fixtures + "/sound")
            let tokens = [1, 5, 9, 63, 0, 7]
            let expected = try sound.languageModel().logits(for: tokens)
            for model in [broken, repaired] {
                #expect(try model.languageModel().logits(for: tokens) == expected)
            }
        }
    }

    @Test("one of the type of the first publications runs, and is written as what it is")
    func repairsOldType() async throws {
        try await withTemporaryDirectory { directory in
            let fixtures = packageRoot + "/Tests/OctavoCheckpointTests/Fixtures/aqlm"
            let (old, output) = (directory + "/old", directory + "/out")
            var files = try contents(of: fixtures + "/sound")
            var config = try #require(JSON(parsing: files["config.json"] ?? []).object)
            config["model_type"] = "llama_aqlm"
            config["auto_map"] = .object(["AutoConfig": "configuration_llama_aqlm.LlamaConfig"])
            config["aqlm"] = .object([
                "nbits_per_codebook": 8, "num_codebooks": 1, "out_group_size": 1,
                "in_group_size": 8,
            ])
            config["quantization_config"] = nil
            files["config.json"] = Array(JSON.object(config).text().utf8)
            files["modeling_llama_aqlm.py"] = Array("raise SystemExit".utf8)
            try write(files, to: old)
            let model = try OpenModel(old)
            #expect(try verify(model, VerificationRequest(threads: 1)).holds == false)
            let names = try convert(model, to: output, ConversionOptions(target: .hfAQLM))
            #expect(names == ["model.safetensors", "config.json"])
            let written = try JSON(parsing: readFile(output + "/config.json"))
            #expect(written["model_type"] == "llama" && written["quantization_config"] != nil)
            #expect(written["aqlm"] == nil && written["auto_map"] == nil)
            #expect(try verify(OpenModel(output), VerificationRequest(threads: 1)).holds)
        }
    }

    @Test("what is not quantized is refused")
    func refusesDense() async throws {
        try await withModels { place in
            #expect(throws: ModelError.self) {
                try convert(
                    OpenModel(place.model),
                    to: place.output,
                    ConversionOptions(target: .hfAQLM)
                )
            }
            #expect(fileKind(place.output) == nil)
        }
    }
}
