import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoTestSupport
import Testing

/// Every family on its way through the quantizer: fused linears, norms behind linears, parts that
/// stand side by side, factors, windows.
@Suite("Each family is quantized, written and verified")
struct FamilyTests {
    static let names = [
        "mistral-window-dynamic", "qwen2-window-yarn", "qwen3-biases-yarn", "gemma", "gemma2",
        "gemma3-linear", "phi3-longrope-partial", "cohere", "granite", "olmo2", "smollm3",
        "mixtral-window", "qwen3-moe-mixed",
    ]

    /// A model of a family with a tokenizer, in a folder of its own.
    private func copy(_ source: String, to folder: String) throws {
        try TinyModel.small.write(to: folder)
        try removeAll(joined(folder, "model.safetensors"))
        for name in try directoryEntries(source)
        where name == "config.json" || name.hasPrefix("model") {
            try AtomicFile.write(readFile(joined(source, name)), to: joined(folder, name))
        }
    }

    private func logits(_ path: String) throws -> Matrix {
        try OpenModel(path).languageModel().logits(for: [5, 17, 50, 3, 44, 9, 61, 28, 33, 60, 12])
    }

    /// Codebooks with an entry for every group of these small layers: what comes out computes what went
    /// in, to the precision of halves, if every linear was fitted to the right thing.
    @Test(arguments: names)
    func amplyCodedModelsStayWhatTheyAre(name: String) async throws {
        try await withTemporaryDirectory { directory in
            let (model, folded) = (joined(directory, "model"), joined(directory, "folded"))
            try copy(
                packageRoot + "/Tests/OctavoModelTests/Fixtures/families/" + name,
                to: model
            )
            let scheme = try #require(Scheme("1x8g8"))
            let record = try quantize(
                OpenModel(model),
                to: folded,
                smallRequest { $0.scheme = scheme }
            )
            let configuration = try OpenModel(folded).configuration()
            let linears = (0..<configuration.layerCount).flatMap(configuration.linears(inLayer:))
            #expect(record.layers.count == linears.count)
            let (before, after) = (try logits(model), try logits(folded))
            // Scales and entries are rounded to 11 bits each, in a few layers.
            #expect(relativeDistance(after.elements, from: before.elements) < 0.05)
        }
    }

    @Test(arguments: names)
    func coarselyCodedAndTunedModelsVerify(name: String) async throws {
        try await withTemporaryDirectory { directory in
            let (model, folded) = (joined(directory, "model"), joined(directory, "folded"))
            try copy(
                packageRoot + "/Tests/OctavoModelTests/Fixtures/families/" + name,
                to: model
            )
            _ = try quantize(
                OpenModel(model),
                to: folded,
                smallRequest { $0.blockTuningEpochs = 2 }
            )
            let report = try verify(OpenModel(folded), VerificationRequest(threads: 2))
            #expect(report.passesUnsigned, "\(report.checks)")
        }
    }

    /// The checkpoints that transformers' own logits belong to.
    @Test(
        .enabled(if: Shared.isHere),
        arguments: [
            "llama3-rope-tied", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3",
            "mixtral", "qwen3-moe",
        ]
    )
    func goldenModelsVerify(name: String) async throws {
        try await withTemporaryDirectory { directory in
            let (model, folded) = (joined(directory, "model"), joined(directory, "folded"))
            try copy(Shared.path("golden/models/" + name), to: model)
            let scheme = try #require(Scheme("2x8g8"))
            _ = try quantize(OpenModel(model), to: folded, smallRequest { $0.scheme = scheme })
            let report = try verify(OpenModel(folded), VerificationRequest(threads: 2))
            #expect(report.passesUnsigned, "\(report.checks)")
        }
    }
}
