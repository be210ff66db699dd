import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoTestSupport
import Testing

/// What a model is converted from.
enum ConversionSource: String, CaseIterable, Sendable {
    case safetensors, sharded, pytorch, gguf, aqlm

    /// Makes the small model in this form.
    func make(in place: Workplace) throws -> String {
        let path = joined(place.path, rawValue + (self == .gguf ? ".gguf" : ""))
        switch self {
        case .safetensors: return place.model
        case .sharded:
            let options = ConversionOptions(target: .safetensors, maxShardSize: 20_000)
            _ = try convert(OpenModel(place.model), to: path, options)
            #expect(fileKind(joined(path, "model.safetensors.index.json")) == .file)
        case .pytorch:
            try write(try contents(of: place.model), to: path)
            try removeAll(joined(path, "model.safetensors"))
            try AtomicFile.write(
                torchFile(TinyModel.small.tensors),
                to: joined(path, "pytorch_model.bin")
            )
        case .gguf:
            let options = ConversionOptions(target: .gguf, type: .f32)
            _ = try convert(OpenModel(place.model), to: path, options)
        case .aqlm: return place.folded
        }
        return path
    }
}

private let tokens = [0, 74, 103, 110, 110, 113, 34, 200, 201, 7, 255, 1]

private func logits(_ path: String) throws -> [Float] {
    try OpenModel(path).languageModel().logits(for: tokens).elements
}

@Suite("Conversions from everything to everything")
struct ConversionMatrixTests {
    /// All cells of docs/conversion.md but those whose output is an AQLM container.
    @Test(
        "a cell computes what its source does and says what it loses, or is refused",
        arguments: ConversionSource.allCases,
        ConversionOptions.Target.allCases
    )
    func cell(source: ConversionSource, target: ConversionOptions.Target) async throws {
        try await withModels { place in
            let path = try source.make(in: place)
            let model = try OpenModel(path)
            var options = ConversionOptions(target: target, dtype: .f32, type: .f32, threads: 2)
            // Codebooks and all else of an AQLM model keep their types.
            if target == .hfAQLM { options.dtype = nil }
            let output = place.output + (target == .gguf ? ".gguf" : target == .aqlm ? ".aqlm" : "")
            if target == .hfAQLM, source != .aqlm {
                #expect(throws: ModelError.self) { try conversionLosses(model, options) }
                #expect(throws: ModelError.self) { try convert(model, to: output, options) }
                #expect(fileKind(output) == nil && fileKind(output + ".partial") == nil)
                return
            }
            let losses = try conversionLosses(model, options)
            let files = try convert(model, to: output, options)
            #expect(!files.isEmpty)
            // In 32 bits the weights are the same; only the order of sums differs, where codes are read
            // through tables and weights are not.
            let distance = relativeDistance(try logits(output), from: try logits(path))
            #expect(distance <= (source == .aqlm ? 1e-4 : 0))
            #expect(losses.contains { $0.contains("rounded") } == false, "\(losses)")
            let isUnfolded = source == .aqlm && target == .dense
            #expect(losses.contains { $0.contains("codes") } == isUnfolded)
            let difference = try ModelDifference(from: model, to: OpenModel(output))
            #expect(difference.haveSameWeights)
            // The tokenizer goes along, whatever holds it.
            let text = "Sheets, leaves — ½."
            let ids = try model.tokenizer().encode(text, addSpecialTokens: true)
            #expect(
                try OpenModel(output).tokenizer().encode(text, addSpecialTokens: true) == ids
            )
        }
    }

    private static let bounds: [(type: GGMLType, bound: Double)] = [
        (.f16, 0x1p-11), (.bf16, 0x1p-8), (.q8_0, 0.005), (.q6_K, 0.033), (.q4_K, 0.134),
        (.q4_1, 0.134), (.q4_0, 0.127),
    ]

    /// Each type of GGUF moves a number by half a step of its blocks at most, or by a step where scales are
    /// rounded too; by hand, as a share of the largest of a block.
    @Test("types of GGUF round as far as they must", arguments: bounds)
    func rounding(type: GGMLType, bound: Double) async throws {
        try await withTemporaryDirectory { directory in
            var model = TinyModel.small
            (model.hidden, model.intermediate, model.heads) = (256, 256, 4)
            (model.keyValueHeads, model.layers) = (2, 1)
            try model.write(to: directory + "/model")
            let output = directory + "/m.gguf"
            let source = try OpenModel(directory + "/model")
            let options = ConversionOptions(target: .gguf, type: type, threads: 2)
            let losses = try conversionLosses(source, options)
            #expect(losses.contains { $0.contains("rounded from F32 to \(type.name)") })
            _ = try convert(source, to: output, options)
            let file = try GGUFFile(MappedFile(output))
            let isSmall = [.q4_K, .q4_1, .q4_0].contains(type)
            for tensor in file.tensors {
                let isHead = tensor.name == "token_embd.weight"
                let expected: GGMLType =
                    tensor.shape.count == 1 ? .f32 : isHead && isSmall ? .q6_K : type
                #expect(tensor.type == expected, "\(tensor.name)")
            }
            let found = try OpenModel(output)
            for tensor in source.checkpoint.tensors where !tensor.name.contains("embed") {
                let (before, after) = (
                    try tensor.floats(), try found.checkpoint.floats(named: tensor.name)
                )
                let largest = Double(before.map { abs($0) }.max() ?? 0)
                let moved = zip(before, after).map { abs(Double($0) - Double($1)) }.max() ?? 0
                #expect(moved <= bound * largest, "\(tensor.name)")
            }
            // Written again as it is, nothing moves.
            let again = directory + "/again.gguf"
            let same = ConversionOptions(target: .gguf, type: type)
            #expect(try conversionLosses(found, same) == [])
            _ = try convert(found, to: again, same)
            #expect(
                try ModelDifference(from: found, to: OpenModel(again)).isNone
            )
        }
    }

    @Test("rows that are no multiple of a block get the types that llama.cpp gives them")
    func fallbacks() async throws {
        try await withModels { place in
            // Width 32, and 64 in the feed-forward part.
            for (type, head, rest) in [
                (GGMLType.q4_K, GGMLType.q8_0, GGMLType.q5_0), (.q6_K, .q8_0, .q8_0),
                (.q4_0, .q8_0, .q4_0), (.q8_0, .q8_0, .q8_0),
            ] {
                let output = place.output + type.name + ".gguf"
                let source = try OpenModel(place.model)
                let options = ConversionOptions(target: .gguf, type: type)
                let losses = try conversionLosses(source, options)
                let isNamed = losses.contains { $0.contains("no multiple of 256") }
                #expect(isNamed == (type.blockElements == 256))
                _ = try convert(source, to: output, options)
                for tensor in try GGUFFile(MappedFile(output)).tensors where tensor.shape.count > 1
                {
                    #expect(tensor.type == (tensor.name == "token_embd.weight" ? head : rest))
                }
            }
            var narrow = TinyModel.small
            (narrow.hidden, narrow.intermediate, narrow.heads) = (16, 48, 2)
            try narrow.write(to: place.path + "/narrow")
            let output = place.output + ".gguf"
            _ = try convert(
                OpenModel(place.path + "/narrow"),
                to: output,
                ConversionOptions(target: .gguf, type: .q4_K)
            )
            let types = Set(try GGUFFile(MappedFile(output)).tensors.map(\.type))
            #expect(types == [.f32, .f16])
        }
    }
}
