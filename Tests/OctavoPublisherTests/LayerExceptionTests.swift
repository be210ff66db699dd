import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Linears that are treated otherwise than the rest")
struct LayerExceptionTests {
    @Test(
        "what is written is read",
        arguments: [
            ("*.down_proj=dense", "*.down_proj", nil), ("a=b=dense", "a=b", nil),
            ("*=2x8g8", "*", "2x8g8"),
        ]
    )
    func reads(text: String, pattern: String, scheme: String?) throws {
        let exception = try #require(LayerException(text))
        let treatment = try scheme.map { LayerException.Treatment.scheme(try #require(Scheme($0))) }
        #expect(exception == LayerException(pattern, treatment ?? .dense))
        #expect("\(exception)" == text)
    }

    @Test(
        "what is no exception is none",
        arguments: ["", "=dense", "dense", "*.down_proj", "a=", "a=Dense", "a=2x8", "a=dense "]
    )
    func refuses(text: String) {
        #expect(LayerException(text) == nil)
    }

    /// A model of two blocks, as in `TinyModel`.
    private func configuration() throws -> ModelConfiguration {
        try ModelConfiguration(json: TinyModel.small.config)
    }

    private func dense(_ texts: [String]) throws -> Set<String> {
        try denseLinears(
            by: texts.map { try #require(LayerException($0)) },
            scheme: try #require(Scheme("2x4g8")),
            in: try configuration()
        )
    }

    @Test(
        "patterns name linears, and the last one that matches decides",
        arguments: [
            ([], []),
            (["model.layers.1.mlp.up_proj=dense"], ["model.layers.1.mlp.up_proj"]),
            (
                ["*.down_proj=dense"],
                ["model.layers.0.mlp.down_proj", "model.layers.1.mlp.down_proj"]
            ),
            (
                ["*.0.*_attn.*=dense", "*.o_proj=2x4g8"],
                [
                    "model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.k_proj",
                    "model.layers.0.self_attn.v_proj",
                ]
            ),
            // A star gives back what it took too much of.
            (["*l*_proj*.v_proj=dense", "*=2x4g8"], nil),
            (["*.mlp.*p_p*j=dense", "*.layers.0.*=2x4g8"], ["model.layers.1.mlp.up_proj"]),
            (["**1**k_proj**=dense"], ["model.layers.1.self_attn.k_proj"]),
        ] as [([String], [String]?)]
    )
    func resolves(texts: [String], paths: [String]?) throws {
        guard let paths else {
            #expect(throws: LayerExceptionError.self) { try dense(texts) }
            return
        }
        #expect(try dense(texts) == Set(paths))
    }

    @Test("what cannot be held or meant is refused with its reason")
    func refusesExceptions() throws {
        let other = try #require(LayerException("*.up_proj=4x4g8"))
        let main = try #require(Scheme("2x4g8"))
        #expect(throws: LayerExceptionError.anotherScheme(other, main: main)) {
            try dense(["*.up_proj=4x4g8"])
        }
        #expect(
            "\(LayerExceptionError.anotherScheme(other, main: main))".contains("one scheme for all")
        )
        let stray = try #require(LayerException("model.layers.2.*=dense"))
        #expect(throws: LayerExceptionError.matchesNothing(stray)) {
            try dense(["model.layers.2.*=dense"])
        }
        // A path is not found by a part of it.
        for text in [
            "down_proj=dense", "model.layers.0=dense", "lm_head=dense", "*.down_proj.=dense",
        ] {
            #expect(throws: LayerExceptionError.self) { try dense([text]) }
        }
        #expect(throws: LayerExceptionError.nothingLeft) { try dense(["*=dense"]) }
        #expect(throws: LayerExceptionError.nothingLeft) {
            try dense(["*.0.*=dense", "*.1.*=dense"])
        }
    }

    /// Two linears of a folded model are put back as weights, the very ones that their codes stand for.
    @Test("a model in which some linears stayed dense is read, verified, and computes the same")
    func readsMixedModels() async throws {
        try await withModels { place in
            let kept = ["model.layers.0.mlp.down_proj", "model.layers.1.self_attn.q_proj"]
            _ = try convert(
                OpenModel(place.folded),
                to: place.output,
                ConversionOptions(target: .dense, dtype: .f16, maxShardSize: 1 << 30)
            )
            let dense = try storedTensors(inFile: joined(place.output, "model.safetensors"))
            let file = joined(place.folded, "model.safetensors")
            var tensors = try storedTensors(inFile: file)
            for path in kept {
                for suffix in [".codes", ".codebooks", ".scales"] { tensors[path + suffix] = nil }
                let weight = try #require(dense[path + ".weight"])
                tensors[path + ".weight"] = weight
            }
            let before = try OpenModel(place.folded)
            let tokens = [5, 60, 7, 200, 31, 90, 12, 4]
            let expected = try before.languageModel().logits(for: tokens).elements
            try AtomicFile.write(safetensors(tensors), to: file)
            try removeAll(joined(place.folded, ArtifactRecord.fileName))

            // Listed as quantized though they are not: reported by name.
            let silent = try verify(OpenModel(place.folded), VerificationRequest(threads: 1))
            #expect(!silent.holds)
            #expect(silent.checks.contains { $0.outcome == .failed && $0.detail.contains(kept[0]) })

            var config = try #require(before.checkpoint.config.object)
            let parameters = try #require(before.aqlm).parameters
            config["quantization_config"] = parameters.quantizationConfig(
                unquantized: ["lm_head"] + kept
            )
            try AtomicFile.write(
                JSON.object(config).text(.pretty),
                to: joined(place.folded, "config.json")
            )
            let mixed = try OpenModel(place.folded)
            let report = try verify(mixed, VerificationRequest(threads: 1))
            #expect(report.holds, "\(report.checks)")
            #expect(mixed.aqlm?.modules.count == 12)
            // The weights were rounded to halves: eleven bits, in layers of 32 and 64 inputs.
            #expect(
                relativeDistance(
                    try mixed.languageModel().logits(for: tokens).elements,
                    from: expected
                ) < 0.01
            )
        }
    }
}
