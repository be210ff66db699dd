import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// A model of our own making, saved by PyPI's transformers and aqlm, and what publications are known
/// to do to such models: each is read as the same weights, and written again it is what it was.
@Suite("AQLM models that break the layout")
struct AQLMRepairTests {
    /// One way in which a model is published, and what there is to say of it.
    struct Publication: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let faults: [ReaderFinding]
        let change: @Sendable (inout JSONObject, inout [String: StoredTensor]) -> Void

        init(
            _ description: String,
            _ faults: ReaderFinding...,
            change: @escaping @Sendable (inout JSONObject, inout [String: StoredTensor]) -> Void
        ) {
            testDescription = description
            self.faults = faults
            self.change = change
        }
    }

    static let linears = [
        "mlp.down_proj", "mlp.gate_proj", "mlp.up_proj", "self_attn.k_proj", "self_attn.o_proj",
        "self_attn.q_proj", "self_attn.v_proj",
    ].map { "model.layers.0." + $0 }

    static let publications =
        [
            Publication("as the layout has it") { _, _ in },
            Publication(
                "parameters listed by name alone, as before transformers 5",
                ReaderFinding(.oldSpelling, [.transformers5], ["lm_head"])
            ) { config, _ in
                list(&config) { $0.filter { $0 != "lm_head" } }
            },
            Publication(
                "modules listed alone, as for transformers 5",
                ReaderFinding(.newSpelling, [.transformers4], ["lm_head"])
            ) { config, _ in list(&config) { _ in ["lm_head"] } },
            Publication(
                "modules listed by the end of their path",
                ReaderFinding(.newSpelling, [.transformers4], ["lm_head"])
            ) { config, _ in list(&config) { _ in ["_head"] } },
            Publication(
                "nothing listed",
                ReaderFinding(.notListed, [.transformers4, .transformers5], ["lm_head"])
            ) { config, _ in section(&config) { $0["linear_weights_not_to_quantize"] = .null } },
            Publication(
                "no head, and none listed",
                ReaderFinding(.notListed, [.transformers4, .transformers5], ["lm_head"])
            ) { config, tensors in
                tensors["lm_head.weight"] = nil
                config["tie_word_embeddings"] = true
                list(&config) { $0.filter { !$0.hasPrefix("lm_head") } }
            },
            Publication(
                "quantized linears listed",
                ReaderFinding(
                    .listedThoughQuantized,
                    [.transformers4, .transformers5],
                    ["model.layers.0.mlp.up_proj", "model.layers.0.self_attn.v_proj"]
                )
            ) { config, _ in
                list(&config) { $0 + ["v_proj", "model.layers.0.mlp.up_proj.weight", "k_pro"] }
            },
            Publication(
                "a layer listed as a whole",
                ReaderFinding(.listedThoughQuantized, [.transformers5], linears)
            ) { config, _ in list(&config) { $0 + ["model.layers.0", "model.layers.00"] } },
            Publication(
                "the type of the first publications",
                ReaderFinding(.oldType, [.transformers4, .transformers5, .vLLM]),
                ReaderFinding(.notListed, [.transformers4, .transformers5], ["lm_head"])
            ) { config, _ in
                config["model_type"] = "llama_aqlm"
                config["auto_map"] = .object(["AutoConfig": "configuration_llama_aqlm.LlamaConfig"])
                config["quantization_config"] = nil
                config["aqlm"] = .object([
                    "nbits_per_codebook": 8, "num_codebooks": 1, "out_group_size": 1,
                    "in_group_size": 8,
                ])
            },
            Publication(
                "whole numbers with a fraction",
                ReaderFinding(.looseField, [.transformers4, .transformers5], ["in_group_size"])
            ) { config, _ in section(&config) { $0["in_group_size"] = 8.0 } },
            Publication(
                "numbers left to defaults",
                ReaderFinding(.absentField, [.vLLM], ["num_codebooks", "out_group_size"])
            ) { config, _ in
                section(&config) { ($0["num_codebooks"], $0["out_group_size"]) = (nil, nil) }
            },
            Publication(
                "scales of one dimension, and of two",
                ReaderFinding(
                    .scaleShape,
                    [.transformers4, .transformers5],
                    ["model.layers.0.mlp.up_proj", "model.layers.0.self_attn.q_proj"]
                )
            ) { _, tensors in
                reshape("model.layers.0.mlp.up_proj.scales", [128], &tensors)
                reshape("model.layers.0.self_attn.q_proj.scales", [64, 1], &tensors)
            },
            Publication(
                "codebooks in float32",
                ReaderFinding(.wideFloats, [], ["model.layers.0.self_attn.q_proj"])
            ) { _, tensors in
                let name = "model.layers.0.self_attn.q_proj.codebooks"
                guard let tensor = tensors[name], let values = tensor.floats else { return }
                tensors[name] = StoredTensor(
                    dtype: "F32",
                    shape: tensor.shape,
                    bytes: values.byteArray
                )
            },
            Publication(
                "the name of a rotary variant that is gone",
                ReaderFinding(.oldRotary, [.transformers4, .transformers5], ["rope_scaling"])
            ) { config, _ in config["rope_scaling"] = .object(["type": "su"]) },
            Publication(
                "rotary positions for transformers 5 alone",
                ReaderFinding(.newRotary, [.transformers4], ["rope_parameters"])
            ) { config, _ in
                (config["rope_theta"], config["rope_scaling"]) = (nil, nil)
                config["rope_parameters"] = .object(["rope_type": "default", "rope_theta": 500000])
            },
        ]
        + ["U8", "I16", "U16", "I32", "U32", "I64", "U64"].map { type in
            Publication(
                "codes in \(type)",
                ReaderFinding(.codeType, [.aqlmCPU, .aqlmCUDA], ["model.layers.0.mlp.up_proj"])
            ) { _, tensors in store("model.layers.0.mlp.up_proj.codes", as: type, &tensors) }
        }

    @Test("each is told, read as the same weights, and repaired", arguments: publications)
    func repairs(_ publication: Publication) async throws {
        try await withTemporaryDirectory { directory in
            var config = try #require(
                JSON(parsing: readFile(fixture("aqlm/sound/config.json"))).object
            )
            let sound = try storedTensors(inFile: fixture("aqlm/sound/model.safetensors"))
            var tensors = sound
            publication.change(&config, &tensors)
            try AtomicFile.write(JSON.object(config).text(), to: directory + "/config.json")
            try AtomicFile.write(safetensors(tensors), to: directory + "/model.safetensors")
            let layout = try AQLMLayout(Checkpoint(directory))
            #expect(layout.findings.filter(\.isFault) == publication.faults)
            #expect(layout.config["model_type"] == "llama" && layout.config["aqlm"] == nil)
            #expect(layout.denseLinears == ["lm_head"])
            try expectRepair(layout, gives: sound)
        }
    }

    /// Transformers 4.57.6 loaded the model, ran it on a CPU and saved it: codes are transposed, those
    /// of keys and values without a trace in their shape, and all else is float32.
    @Test("a model that was saved after a forward pass on a CPU is what it was before")
    func repairsRoundTrip() throws {
        let layout = try AQLMLayout(Checkpoint(fixture("aqlm/round-trip")))
        #expect(
            layout.findings.filter(\.isFault) == [
                ReaderFinding(.transposedCodes, [.transformers4, .transformers5], Self.linears),
                ReaderFinding(.wideFloats, [], Self.linears),
            ]
        )
        try expectRepair(
            layout,
            gives: storedTensors(inFile: fixture("aqlm/sound/model.safetensors"))
        )
    }

    @Test("codebooks that are no halves keep their type, and so the weights their values")
    func keepsWideValues() async throws {
        try await withTemporaryDirectory { directory in
            var tensors = try storedTensors(inFile: fixture("aqlm/sound/model.safetensors"))
            let path = "model.layers.0.mlp.up_proj"
            let name = path + ".codebooks"
            let books = try #require(tensors[name])
            var values = try #require(books.floats)
            values[7] = 0x1.0004p0  // One and a 16th of the least step of a half.
            tensors[name] = StoredTensor(dtype: "F32", shape: books.shape, bytes: values.byteArray)
            try AtomicFile.write(safetensors(tensors), to: directory + "/model.safetensors")
            try AtomicFile.write(
                readFile(fixture("aqlm/sound/config.json")),
                to: directory + "/config.json"
            )
            let layout = try AQLMLayout(Checkpoint(directory))
            let module = try #require(layout.modules.first { $0.path == path })
            let part = try #require(layout.repaired(module).first { $0.plan.name == name })
            #expect(part.plan.dtype == .f32)
            #expect(try part.bytes() == values.byteArray)
        }
    }

    @Test(
        "what cannot be told is refused by name",
        arguments: [
            (
                "some transposed, some not",
                AQLMError.undecidableCodes(
                    tensor: "model.layers.0.self_attn.k_proj.codes",
                    found: [8, 8, 1]
                )
            ),
            (
                "a code beyond its bits",
                .codeOutOfRange(tensor: "model.layers.0.mlp.up_proj.codes", found: "256", bits: 8)
            ),
            (
                "a code below its bits",
                .codeOutOfRange(tensor: "model.layers.0.mlp.up_proj.codes", found: "-129", bits: 8)
            ),
        ]
    )
    func refuses(_ change: String, _ error: AQLMError) async throws {
        try await withTemporaryDirectory { directory in
            var tensors = try storedTensors(inFile: fixture("aqlm/sound/model.safetensors"))
            let up = "model.layers.0.mlp.up_proj.codes"
            switch change {
            case "some transposed, some not": Self.reshape(up, [8, 128, 1], &tensors)
            default:
                Self.store(up, as: "I16", &tensors)
                let codes = try #require(tensors[up])
                let extreme = littleEndian(Int16(change == "a code below its bits" ? -129 : 256))
                tensors[up] = StoredTensor(
                    dtype: "I16",
                    shape: codes.shape,
                    bytes: codes.bytes.dropLast(2) + extreme
                )
            }
            try AtomicFile.write(safetensors(tensors), to: directory + "/model.safetensors")
            try AtomicFile.write(
                readFile(fixture("aqlm/sound/config.json")),
                to: directory + "/config.json"
            )
            #expect(throws: CheckpointError.aqlm(error)) {
                let layout = try AQLMLayout(Checkpoint(directory))
                for module in layout.modules { _ = try layout.tensors(of: module) }
            }
        }
    }

    /// Checks that modules are read as the weights that the aqlm package makes of the sound model's
    /// codes, and repaired to that model's bytes.
    private func expectRepair(_ layout: AQLMLayout, gives sound: [String: StoredTensor]) throws {
        let weights = try JSON(parsing: readFile(fixture("aqlm/weights.json")))
        #expect(layout.modules.map(\.path) == Self.linears)
        for module in layout.modules {
            let dense = try dequantized(layout.tensors(of: module))
            #expect(Digest(of: dense.byteArray).hex == weights[module.path]?.string)
            for part in try layout.repaired(module) {
                let stored = try #require(sound[part.plan.name])
                #expect(part.plan.dtype.rawValue == stored.dtype && part.plan.shape == stored.shape)
                #expect(try part.bytes() == stored.bytes, "\(part.plan.name)")
            }
        }
    }

    /// The weights by the definition, for one codebook: a product each, so that no order of sums counts.
    private func dequantized(_ tensors: AQLMTensors) -> [Float] {
        let group = tensors.parameters.inGroup
        let groups = tensors.inFeatures / group
        return tensors.codes.enumerated().flatMap { index, code in
            (0..<group).map {
                tensors.scales[index / groups] * tensors.codebooks[Int(code) * group + $0]
            }
        }
    }

    private static func section(_ config: inout JSONObject, _ change: (inout JSONObject) -> Void) {
        guard var section = config["quantization_config"]?.object else { return }
        change(&section)
        config["quantization_config"] = .object(section)
    }

    private static func list(_ config: inout JSONObject, _ change: ([String]) -> [String]) {
        section(&config) {
            let names = $0["linear_weights_not_to_quantize"]?.array?.compactMap(\.string) ?? []
            $0["linear_weights_not_to_quantize"] = .array(change(names).map(JSON.string))
        }
    }

    private static func reshape(
        _ name: String,
        _ shape: [Int],
        _ tensors: inout [String: StoredTensor]
    ) {
        guard let tensor = tensors[name] else { return }
        tensors[name] = StoredTensor(dtype: tensor.dtype, shape: shape, bytes: tensor.bytes)
    }

    /// Stores codes of 8 bits in another type: with their sign if it has one.
    private static func store(
        _ name: String,
        as type: String,
        _ tensors: inout [String: StoredTensor]
    ) {
        guard let tensor = tensors[name], let width = Int(type.dropFirst()) else { return }
        let bytes = tensor.bytes.flatMap { byte in
            let extension8: UInt8 = type.hasPrefix("I") && byte >= 128 ? 0xFF : 0
            return [byte] + [UInt8](repeating: extension8, count: width / 8 - 1)
        }
        tensors[name] = StoredTensor(dtype: type, shape: tensor.shape, bytes: bytes)
    }
}
