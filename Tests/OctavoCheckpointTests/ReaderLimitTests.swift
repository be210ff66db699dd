import OctavoBase
import Testing

@testable import OctavoCheckpoint

@Suite("What readers do not manage of sound AQLM models")
struct ReaderLimitTests {
    private static let module = "model.layers.0.mlp.up_proj"

    /// By hand from the tables of readers in formats/hf-aqlm.md.
    @Test(
        arguments: [
            ("1x16g8", 1, 16, 8, 1, 4096, []),
            ("1x16g8 of rows that are no multiple of 64", 1, 16, 8, 1, 4072, ["narrow-rows"]),
            ("1x16g16 of 128 inputs", 1, 16, 16, 1, 128, []),
            ("1x16g16 of 192 inputs", 1, 16, 16, 1, 192, ["narrow-rows"]),
            ("1x16g16 of 4096 inputs", 1, 16, 16, 1, 4096, []),
            ("1x16g16 of 8192 inputs", 1, 16, 16, 1, 8192, ["wide-rows"]),
            ("2x8g8", 2, 8, 8, 1, 64, ["cpu-kernel"]),
            ("2x8g8 of 72 inputs", 2, 8, 8, 1, 72, ["cpu-kernel", "narrow-rows"]),
            ("1x12g8 of 72 inputs", 1, 12, 8, 1, 72, []),
            ("1x16g8 over 2 rows", 1, 16, 8, 2, 4096, ["tall-groups vLLM"]),
            ("1x8g8 over 2 rows", 1, 8, 8, 2, 64, ["cpu-kernel", "tall-groups aqlm on CPU, vLLM"]),
        ] as [(String, Int, Int, Int, Int, Int, [String])]
    )
    func dependOnTheScheme(
        name: String,
        codebooks: Int,
        bits: Int,
        inGroup: Int,
        outGroup: Int,
        inputs: Int,
        expected: [String]
    ) throws {
        let parameters = try #require(
            AQLMParameters(codebooks: codebooks, bits: bits, inGroup: inGroup, outGroup: outGroup)
        )
        let module = AQLMLayout.Module(path: Self.module, outFeatures: 64, inFeatures: inputs)
        let found = readerLimits(parameters, [module], dense: ["lm_head"], .object([:]))
        #expect(found.allSatisfy { !$0.isFault })
        let readers = found.map { finding in
            guard finding.code == .tallGroups else { return finding.code.rawValue }
            let names = finding.readers.map { $0 == .vLLM ? "vLLM" : $0.rawValue }
            return finding.code.rawValue + " " + names.joined(separator: ", ")
        }
        #expect(readers == expected)
    }

    @Test(
        arguments: [
            ("model.layers.0.mlp.experts.3.up_proj", "lm_head", "float16", ["experts"]),
            ("model.layers.0.self_attn.qkv_proj", "lm_head", "float16", ["fused-linears"]),
            (module, "model.layers.0.mlp.down_proj", "float16", ["dense-linears"]),
            (module, "model.layers.0.block_sparse_moe.gate", "float16", []),
            (module, "lm_head", "bfloat16", ["bfloat16"]),
        ]
    )
    func dependOnTheModel(path: String, dense: String, dtype: String, expected: [String]) throws {
        let parameters = try #require(AQLMParameters(codebooks: 1, bits: 16, inGroup: 8))
        let module = AQLMLayout.Module(path: path, outFeatures: 64, inFeatures: 64)
        let found = readerLimits(
            parameters,
            [module],
            dense: [dense],
            .object(["torch_dtype": .string(dtype)])
        )
        #expect(found.map(\.code.rawValue) == expected)
    }
}
