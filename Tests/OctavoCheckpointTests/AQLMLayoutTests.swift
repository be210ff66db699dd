import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

@Suite
struct AQLMLayoutTests {
    /// Golden files packed by the `aqlm` package: codes unpacked and packed again give its bytes.
    @Test(
        .enabled(if: Shared.isHere),
        arguments: [
            ("llama-2x8g8", 14, 2, 8, 8), ("llama-1x12g8", 14, 1, 12, 8),
            ("llama-1x8g8", 14, 1, 8, 8),
            ("llama-4x8g16", 14, 4, 8, 16), ("mixtral-2x8g8", 32, 2, 8, 8),
            ("phi3-2x8g8", 8, 2, 8, 8),
            ("qwen2-2x8g8", 14, 2, 8, 8), ("gemma-2x8g8", 14, 2, 8, 8),
        ]
    )
    func goldenModelsRead(_ name: String, modules: Int, codebooks: Int, bits: Int, group: Int)
        throws
    {
        let checkpoint = try Checkpoint(Shared.path("golden/aqlm/\(name)"))
        #expect(AQLMLayout.isDeclared(by: checkpoint))
        let layout = try AQLMLayout(checkpoint)
        #expect(layout.modules.count == modules)
        #expect(
            layout.parameters == AQLMParameters(codebooks: codebooks, bits: bits, inGroup: group)
        )
        for module in layout.modules {
            let tensors = try layout.tensors(of: module)
            #expect(tensors.codes.allSatisfy { $0 < 1 << bits })
            #expect(
                tensors.codes.count == module.outFeatures * module.inFeatures / group * codebooks
            )
            #expect(tensors.codebooks.count == codebooks << bits * group)
            #expect(tensors.scales.count == module.outFeatures)
            let packed = packedCodes(tensors.codes, bits: bits)
            let stored = try checkpoint.tensor(named: module.path + ".codes")
            #expect(try stored.withBytes { $0.array } == packed)
        }
        // The mixtral golden file lists its routers in the old spelling alone, as published ones do,
        // and has another rotary base than transformers 4 assumes where it is told none.
        let routers = (0...1).map { "model.layers.\($0).block_sparse_moe.gate" }
        #expect(
            layout.findings.filter(\.isFault)
                == (name.hasPrefix("mixtral")
                    ? [
                        ReaderFinding(.oldSpelling, [.transformers5], routers),
                        ReaderFinding(.newRotary, [.transformers4], ["rope_parameters"]),
                    ] : [])
        )
    }

    @Test(
        arguments: [
            (8, [0, 127, 128, 255], [0x00, 0x7F, 0x80, 0xFF]),
            (4, [0, 7, 8, 15], [0x00, 0x07, 0xF8, 0xFF]),
            (1, [0, 1], [0x00, 0xFF]),
            (12, [0, 2047, 2048, 4095], [0x00, 0x00, 0xFF, 0x07, 0x00, 0xF8, 0xFF, 0xFF]),
            (9, [255, 256, 511], [0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF]),
            (16, [1, 32767, 32768, 65535], [0x01, 0x00, 0xFF, 0x7F, 0x00, 0x80, 0xFF, 0xFF]),
        ] as [(Int, [UInt16], [UInt8])]
    )
    func codesAreSignExtended(_ bits: Int, _ codes: [UInt16], _ bytes: [UInt8]) {
        #expect(packedCodes(codes, bits: bits) == bytes)
    }

    @Test(arguments: [
        ("none", AQLMError.notAQLM(found: "none")),
        ("gptq", .notAQLM(found: "\"gptq\"")),
        ("llama_aqlm without numbers", .obsoleteLayout),
        ("two sections", .obsoleteLayout),
        (
            "fraction",
            .badField("in_group_size", found: "8.5", expected: "a whole number from 1 to 65536")
        ),
        (
            "true",
            .badField("num_codebooks", found: "true", expected: "a whole number from 1 to 65536")
        ),
        (
            "zero",
            .badField("out_group_size", found: "0", expected: "a whole number from 1 to 65536")
        ),
        (
            "17 bits",
            .badField("nbits_per_codebook", found: "17", expected: "a whole number from 1 to 16")
        ),
        (
            "text list",
            .badField(
                "linear_weights_not_to_quantize",
                found: "\"lm_head\"",
                expected: "a list of strings"
            )
        ),
        (
            "number list",
            .badField("linear_weights_not_to_quantize", found: "[1]", expected: "a list of strings")
        ),
        ("no scales", .missingTensor("p.scales")),
        ("no codebooks", .missingTensor("p.codebooks")),
        ("no codes", .missingTensor("p.codes")),
        ("weight too", .bothForms(module: "p")),
        (
            "F16 codes",
            .wrongType(
                tensor: "p.codes",
                found: "F16",
                expected: "U8, I8, I16, U16, I32, U32, I64, U64"
            )
        ),
        (
            "I16 codebooks",
            .wrongType(tensor: "p.codebooks", found: "I16", expected: "F16, BF16, F32")
        ),
        ("group scales", .groupScales(tensor: "p.scales", found: [4, 2, 1, 1])),
        (
            "wide scales",
            .wrongShape(
                tensor: "p.scales",
                found: [4, 3, 1, 1],
                expected: "[groups of rows, 1, 1, 1]"
            )
        ),
        (
            "short codebooks",
            .wrongShape(tensor: "p.codebooks", found: [2, 15, 1, 8], expected: "[2, 16, 1, 8]")
        ),
        (
            "one code",
            .wrongShape(
                tensor: "p.codes",
                found: [4, 2, 1],
                expected: "[4, groups of a row, 2]"
            )
        ),
        (
            "flat codes",
            .wrongShape(tensor: "p.codes", found: [16], expected: "[4, groups of a row, 2]")
        ),
        ("transposed", .transposedCodes(tensor: "p.codes", found: [2, 4, 2])),
    ])
    func eachViolationIsNamed(_ change: String, _ error: AQLMError) async throws {
        try await withTemporaryDirectory { directory in
            try write(change, to: directory)
            let checkpoint = try Checkpoint(directory)
            #expect(throws: CheckpointError.aqlm(error)) { try AQLMLayout(checkpoint) }
        }
    }

    /// Writes a model of one quantized linear `p` (2x4g8, 4 by 16) and a dense one `d`, changed.
    private func write(_ change: String, to directory: String) throws {
        let parameters = try #require(AQLMParameters(codebooks: 2, bits: 4, inGroup: 8))
        var quantization = try #require(parameters.quantizationConfig(unquantized: ["d"]).object)
        var config = JSONObject()
        let list = "linear_weights_not_to_quantize"
        var tensors: [String: (DType, [Int])] = [
            "p.codes": (.i8, [4, 2, 2]), "p.codebooks": (.f16, [2, 16, 1, 8]),
            "p.scales": (.f16, [4, 1, 1, 1]),
            "d.weight": (.f16, [4, 16]), "model.embed_tokens.weight": (.f16, [8, 16]),
        ]
        switch change {
        case "none": break
        case "gptq": quantization["quant_method"] = "gptq"
        case "llama_aqlm without numbers":
            config["model_type"] = "llama_aqlm"
            quantization["quant_method"] = nil
        case "two sections": config["aqlm"] = .object(["in_group_size": 8])
        case "fraction": quantization["in_group_size"] = 8.5
        case "true": quantization["num_codebooks"] = true
        case "zero": quantization["out_group_size"] = 0
        case "17 bits": quantization["nbits_per_codebook"] = 17
        case "text list": quantization[list] = "lm_head"
        case "number list": quantization[list] = [1]
        case "no scales": tensors["p.scales"] = nil
        case "no codebooks": tensors["p.codebooks"] = nil
        case "no codes": tensors["p.codes"] = nil
        case "weight too": tensors["p.weight"] = (.f16, [4, 16])
        case "F16 codes": tensors["p.codes"]?.0 = .f16
        case "I16 codebooks": tensors["p.codebooks"]?.0 = .i16
        case "group scales": tensors["p.scales"]?.1 = [4, 2, 1, 1]
        case "wide scales": tensors["p.scales"]?.1 = [4, 3, 1, 1]
        case "short codebooks": tensors["p.codebooks"]?.1 = [2, 15, 1, 8]
        case "one code": tensors["p.codes"]?.1 = [4, 2, 1]
        case "flat codes": tensors["p.codes"]?.1 = [16]
        case "transposed": tensors["p.codes"]?.1 = [2, 4, 2]
        default: Issue.record("no such change: \(change)")
        }
        if change != "none" { config["quantization_config"] = .object(quantization) }
        _ = try writeText(JSON.object(config).text(), to: directory, name: "config.json")
        let plans = try tensors.map { try #require(TensorPlan(name: $0, dtype: $1.0, shape: $1.1)) }
        _ = try writeSafetensors(plans, to: directory) { plan, writer in
            let bytes = [UInt8](repeating: 0, count: plan.byteCount)
            try writer.write(bytes)
        }
    }
}
