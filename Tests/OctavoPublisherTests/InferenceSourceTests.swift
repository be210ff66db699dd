import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoTestSupport
import Testing

@testable import OctavoPublisher

/// A model is the same however its weights get to where they are run: mapped, turned, or code by code.
@Suite("Models as they are run")
struct InferenceSourceTests {
    /// Lays out codes one by one, and copies halves: what needs nothing of how they are stored.
    private struct Copying: WeightSource {
        let model: OpenModel

        func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
            try model.tensor(name)
        }

        func shape(of name: String) -> [Int]? { model.shape(of: name) }

        func packedLayer(_ name: String) throws -> PackedLayer? {
            try model.additiveLayer(name).map(PackedLayer.init)
        }

        func halves(_ name: String) throws -> HalfMatrix? {
            let tensor = try model.checkpoint.tensor(named: name)
            guard tensor.shape.count == 2, [.dtype(.f16), .dtype(.bf16)].contains(tensor.type)
            else { return nil }
            return HalfMatrix(
                rows: tensor.shape[0],
                columns: tensor.shape[1],
                kind: tensor.type == .dtype(.f16) ? .ieee : .brain,
                bytes: SharedBytes(try tensor.withBytes { $0.array })
            )
        }
    }

    private func logits(_ model: LanguageModel) throws -> [UInt32] {
        var state = DecodingState(configuration: model.configuration, sequences: 1, capacity: 8)
        var bits: [UInt32] = []
        for tokens in [[3, 1, 4, 1, 5], [9], [2]] {
            bits += try model.extend(&state, with: [tokens]).elements.map(\.bitPattern)
        }
        return bits
    }

    @Test(
        "from files, packed and packed to be mapped, the same logits, bit for bit",
        arguments: ["2x8g8", "1x4g8", "2x12g8", "1x16g8"]
    )
    func sameBits(scheme: String) async throws {
        try await withModels { place in
            let folded = joined(place.path, "other")
            let request = try smallRequest { $0.scheme = Scheme(scheme) ?? $0.scheme }
            _ = try quantize(OpenModel(place.model), to: folded, request)
            let model = try OpenModel(folded)
            #expect(model.scheme == Scheme(scheme))
            let expected = try logits(
                LanguageModel(configuration: model.configuration(), from: Copying(model: model))
            )
            #expect(try logits(model.inferenceModel(threads: 2)) == expected)
            for isMapped in [false, true] {
                let packed = joined(place.path, "\(isMapped).aqlm")
                let options = ConversionOptions(target: .aqlm, isMapped: isMapped, threads: 2)
                _ = try pack(model, to: packed, options)
                #expect(try logits(OpenModel(packed).inferenceModel(threads: 2)) == expected)
            }
        }
    }

    @Test("dense halves of every form", arguments: [DType.f16, .bf16])
    func dense(dtype: DType) async throws {
        try await withModels { place in
            let (halves, gguf) = (joined(place.path, "halves"), joined(place.path, "halves.gguf"))
            let options = ConversionOptions(target: .safetensors, dtype: dtype)
            _ = try convert(OpenModel(place.model), to: halves, options)
            let model = try OpenModel(halves)
            let expected = try logits(
                LanguageModel(configuration: model.configuration(), from: Copying(model: model))
            )
            #expect(try logits(model.inferenceModel()) == expected)
            _ = try convert(
                model,
                to: gguf,
                ConversionOptions(target: .gguf, type: dtype == .f16 ? .f16 : .bf16)
            )
            // Queries and keys are interleaved there, and so are floats: only the head's products are the same.
            let written = try OpenModel(gguf)
            let head = "model.embed_tokens.weight"
            let source = InferenceSource(model: written, threads: 1)
            let found = try #require(try source.halves(head))
            let bytes = try model.checkpoint.tensor(named: head).withBytes { $0.array }
            #expect(found.bytes.bytes.array == bytes)
            #expect(try source.halves("model.layers.0.self_attn.q_proj.weight") == nil)
            let isNear = zip(
                try logits(written.inferenceModel()).map(Float.init(bitPattern:)),
                expected.map(Float.init(bitPattern:))
            ).allSatisfy { abs($0 - $1) <= 1e-4 * max(1, abs($1)) }
            #expect(isNear)
        }
    }

    @Test("a layer without inputs is refused, not run")
    func refusesEmptyLayers() async throws {
        try await withModels { place in
            var files = try contents(of: place.folded)
            // Codes of 8 bits, of which there are none: [32, 0, 2].
            var config = try JSON(parsing: try #require(files["config.json"]))
            var object = try #require(config.object)
            object["quantization_config"] = .object([
                "quant_method": "aqlm", "nbits_per_codebook": 8, "num_codebooks": 2,
                "in_group_size": 8, "out_group_size": 1, "linear_weights_not_to_quantize": [],
            ])
            config = .object(object)
            files["config.json"] = Array(config.text(.compact).utf8)
            let path = "model.layers.0.self_attn.q_proj"
            files["model.safetensors"] = safetensors([
                path + ".codes": StoredTensor(dtype: "I8", shape: [32, 0, 2], bytes: []),
                path + ".codebooks": StoredTensor(
                    dtype: "F16",
                    shape: [2, 256, 1, 8],
                    bytes: [UInt8](repeating: 0, count: 8192)
                ),
                path + ".scales": StoredTensor(
                    dtype: "F16",
                    shape: [32, 1, 1, 1],
                    bytes: [UInt8](repeating: 0, count: 64)
                ),
            ])
            let folder = joined(place.path, "empty")
            try write(files, to: folder)
            let model = try OpenModel(folder)
            #expect(try model.mappedLayer(path, threads: 1) == nil)
            #expect(throws: (any Error).self) { try model.inferenceModel() }
        }
    }
}
