import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoPublisher
import OctavoTestSupport
import Testing

/// Containers that store little and claim much: what would fill memory is refused before it is decoded.
@Suite("What a container claims")
struct ExpansionTests {
    /// A container of the model in a workplace, with files beside its own or in their place.
    private func packed(
        _ place: Workplace,
        files: [String: [UInt8]] = [:],
        tensors: [(name: String, shape: [Int])] = []
    ) throws -> String {
        var plans: [ContainedFilePlan] = []
        for name in ["config.json", "tokenizer.json"] where files[name] == nil {
            plans.append(
                ContainedFilePlan(
                    path: name,
                    parts: [PartPlan(.memory(try readFile(joined(place.model, name))))]
                )
            )
        }
        plans += files.map { ContainedFilePlan(path: $0, parts: [PartPlan(.memory($1))]) }
        var header = JSONObject()
        var parts: [PartPlan] = []
        var offset = 0
        for tensor in tensors {
            let count = 2 * tensor.shape.reduce(1, *)
            header[tensor.name] = .object([
                "dtype": "BF16", "shape": .array(tensor.shape.map(JSON.integer)),
                "data_offsets": [.integer(offset), .integer(offset + count)],
            ])
            offset += count
            parts.append(
                PartPlan(
                    .memory([UInt8](repeating: 0, count: count)),
                    tensor: ContainedTensor(name: tensor.name, dtype: .bf16, shape: tensor.shape)
                )
            )
        }
        let text = Array(JSON.object(header).text(.compact).utf8)
        let beginning = PartPlan(.memory([UInt64(text.count)].byteArray + text))
        plans.append(ContainedFilePlan(path: "model.safetensors", parts: [beginning] + parts))
        let path = joined(place.path, "claims.aqlm")
        let summary = try writeContainer(plans, to: ContainerFileOutput(path), threads: 2)
        // Otherwise these were no claims.
        #expect(summary.size < summary.contentSize / 100)
        return path
    }

    /// By docs/side-files.md and a byte more, by OpenModel.record() and a byte more.
    @Test(
        "a side file may have as many bytes as in a folder",
        arguments: [
            ("config.json", 16_000_001), ("tokenizer_config.json", 16_000_001),
            ("tokenizer.json", 256_000_001), ("octavo.json", 100_000_001),
        ]
    )
    func sideFiles(name: String, size: Int) async throws {
        try await withModels { place in
            let spaces = [UInt8](repeating: UInt8(ascii: " "), count: size)
            let path = try packed(place, files: [name: spaces])
            #expect(throws: FileError(tooLarge: name)) {
                let model = try OpenModel(path)
                _ = try model.record()
                _ = try model.tokenizer()
            }
        }
    }

    @Test("a tensor of zeros beyond measure is read in pieces, and not held")
    func tensors() async throws {
        try await withModels { place in
            // 80 MB in some kilobytes.
            let path = try packed(place, tensors: [("w", [40_000, 1000])])
            let tensor = try #require(OpenModel(path).checkpoint["w"])
            #expect {
                _ = try tensor.floats()
            } throws: { error in
                guard case CheckpointError.expansion("w", 80_000_000, let stored) = error else {
                    return false
                }
                return stored < 80_000_000 / 256
            }
            var count = 0
            var areZero = true
            try tensor.forEachFloats { floats in
                count += floats.count
                areZero = areZero && floats.allSatisfy { $0 == 0 }
            }
            #expect(count == 40_000_000 && areZero)
            let rows = try TensorRows(tensor).floats(39_998..<40_000)
            #expect(rows.count == 2000)
        }
    }

    @Test("a model of many such tensors is not held, though each might be")
    func models() async throws {
        try await withModels { place in
            // 3 × 60 MB; each is below what is allowed of anything.
            let path = try packed(place, tensors: ["a", "b", "c"].map { ($0, [30_000, 1000]) })
            let model = try OpenModel(path)
            #expect(try model.checkpoint.floats(named: "a").count == 30_000_000)
            for load in [{ try model.languageModel() }, { try model.inferenceModel() }] {
                #expect {
                    _ = try load()
                } throws: { error in
                    guard case CheckpointError.expansion(nil, 180_000_000, _) = error else {
                        return false
                    }
                    return true
                }
            }
        }
    }

    @Test("a tensor of another shape than the configuration has is not decoded to see that")
    func shapes() async throws {
        try await withModels { place in
            let path = try packed(place, tensors: [("model.embed_tokens.weight", [20_000, 1000])])
            let part = try #require(OpenModel(path).container?.header.files.last?.parts.last)
            var bytes = try readFile(path)
            // No frame begins with zeros: whoever decodes it says so.
            bytes.replaceSubrange(part.stored.prefix(8), with: [UInt8](repeating: 0, count: 8))
            try removeAll(path)
            try AtomicFile.write(bytes, to: path)
            let model = try OpenModel(path)
            #expect(throws: CheckpointError.self) {
                try model.checkpoint.floats(named: "model.embed_tokens.weight")
            }
            #expect(throws: WeightError.self) { try model.languageModel() }
        }
    }
}
