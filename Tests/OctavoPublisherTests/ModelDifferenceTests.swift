import OctavoBase
import OctavoCheckpoint
import OctavoPublisher
import OctavoTestSupport
import Testing

@Suite("Differences of models")
struct ModelDifferenceTests {
    /// Writes the small model twice, the second changed, and compares.
    private func difference(
        _ change: @escaping @Sendable (inout [String: (shape: [Int], values: [Float])]) -> Void = {
            _ in
        },
        files: (String) throws -> Void = { _ in }
    ) async throws -> ModelDifference {
        try await withTemporaryDirectory { directory in
            var model = TinyModel.small
            try model.write(to: directory + "/a")
            model.change = change
            try model.write(to: directory + "/b")
            try files(directory + "/b")
            return try ModelDifference(
                from: OpenModel(directory + "/a"),
                to: OpenModel(directory + "/b")
            )
        }
    }

    @Test("the same is no difference")
    func none() async throws {
        let found = try await difference()
        #expect(found.isNone && found.haveSameWeights && found.same == 20)
    }

    /// By hand: one of 32 numbers moved by a quarter, the others of the norm known.
    @Test("a number that moved is measured")
    func moved() async throws {
        let name = "model.norm.weight"
        let before = try #require(TinyModel.small.tensors[name]).values
        let found = try await difference { $0[name]?.values[3] += 0.25 }
        #expect(!found.isNone && !found.haveSameWeights && found.same == 19)
        let changed = try #require(found.changed.first)
        let values = try #require(changed.values)
        #expect(found.changed.count == 1 && changed.name == name && changed.isOfOneType)
        #expect(values.count == 32 && values.changed == 1)
        #expect(abs(values.largest - 0.25) < 1e-6 && abs(values.mean - 0.25 / 32) < 1e-7)
        let norm = before.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        #expect(abs(values.relative - 0.25 / norm) < 1e-6)
    }

    @Test("what is no number differs from numbers, and not from its like")
    func oddNumbers() async throws {
        let name = "model.norm.weight"
        let found = try await difference { $0[name]?.values[0] = .nan }
        #expect(found.changed.first?.values?.largest == .infinity)
        #expect(found.changed.first?.values?.changed == 1)
    }

    @Test("tensors that come, go or change their shape are named")
    func shapes() async throws {
        let found = try await difference {
            $0["extra.weight"] = ([1], [1])
            $0["model.norm.weight"] = nil
            $0["model.layers.0.input_layernorm.weight"] = ([31], [Float](repeating: 1, count: 31))
        }
        #expect(found.added == ["extra.weight"] && found.removed == ["model.norm.weight"])
        let changed = try #require(found.changed.first)
        #expect(changed.shapes == [[32], [31]] && changed.values == nil)
        #expect(!found.haveSameWeights)
    }

    @Test("another type with the same numbers is a difference, but none of weights")
    func types() async throws {
        try await withModels { place in
            let options = ConversionOptions(target: .safetensors, dtype: .f16)
            _ = try convert(OpenModel(place.model), to: place.output, options)
            let half = try OpenModel(place.output)
            let wide = place.path + "/wide"
            _ = try convert(half, to: wide, ConversionOptions(target: .safetensors, dtype: .f32))
            let found = try ModelDifference(from: half, to: OpenModel(wide))
            #expect(!found.isNone && found.haveSameWeights && found.changed.count == 20)
            #expect(found.changed.allSatisfy { $0.types == ["F16", "F32"] && $0.hasSameValues })
            // Converting a configuration again changes nothing but what was asked for.
            #expect(found.config.map(\.path).sorted() == ["dtype", "torch_dtype"])
        }
    }

    @Test("members of the configuration and files beside the weights are compared")
    func besides() async throws {
        let found = try await difference(files: { folder in
            var config = try #require(JSON(parsing: readFile(folder + "/config.json")).object)
            config["rms_norm_eps"] = 1e-6
            config["hidden_act"] = nil
            config["note"] = .object(["a": 1])
            try AtomicFile.write(JSON.object(config).text(), to: folder + "/config.json")
            try AtomicFile.write("text", to: folder + "/LICENSE")
            try removeAll(folder + "/tokenizer_config.json")
            // The same in another order says the same.
            try AtomicFile.write(
                "{\"eos_token_id\": 1.0, \"bos_token_id\": 0}",
                to: folder + "/generation_config.json"
            )
        })
        #expect(found.haveSameWeights && !found.isNone)
        #expect(found.config.map(\.path) == ["rms_norm_eps", "hidden_act", "note"])
        #expect(found.config[0].first == 1e-5 && found.config[0].second == 1e-6)
        #expect(found.config[1].second == nil && found.config[2].first == nil)
        #expect(found.addedFiles == ["LICENSE"])
        #expect(found.removedFiles == ["tokenizer_config.json"] && found.changedFiles == [])
    }

    @Test("codes are compared with codes, and with the weights that they stand for")
    func codes() async throws {
        try await withModels { place in
            let folded = try OpenModel(place.folded)
            #expect(try ModelDifference(from: folded, to: folded).isNone)
            let dense = ConversionOptions(target: .dense, dtype: .f32)
            _ = try convert(folded, to: place.output, dense)
            let found = try ModelDifference(from: folded, to: OpenModel(place.output))
            #expect(found.haveSameWeights && !found.isNone)
            #expect(found.changed.contains { $0.types == ["AQLM 2x4g8", "F32"] })
            let original = try ModelDifference(from: OpenModel(place.model), to: folded)
            #expect(!original.haveSameWeights && original.added == [] && original.removed == [])
        }
    }
}
