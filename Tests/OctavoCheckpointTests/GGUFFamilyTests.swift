import OctavoBase
import OctavoTestSupport
import Testing

@testable import OctavoCheckpoint

/// Files that the `gguf` package of PyPI wrote as llama.cpp's converter would, against the models they
/// were made of.
@Suite
struct GGUFFamilyTests {
    static let models = [
        "llama", "mistral", "mixtral", "mixtral_apart", "qwen2", "qwen3", "qwen3moe", "gemma",
        "gemma2", "gemma3", "phi3",
    ]

    private func checkpoint(_ model: String) throws -> Checkpoint {
        // One is split into three files.
        let name = model == "qwen2" ? "qwen2-00001-of-00003" : model
        return try Checkpoint(fixture("gguf/\(name).gguf"))
    }

    private func expected(_ model: String) throws -> JSON {
        try JSON(parsing: try readFile(fixture("gguf/\(model).json")))
    }

    @Test(arguments: models)
    func tensorsComeBackAsHuggingFaceHasThem(_ model: String) throws {
        let checkpoint = try checkpoint(model)
        let expected = try expected(model).object("tensors")
        #expect(checkpoint.tensors.map(\.name).sorted() == expected.keys.sorted())
        for (name, tensor) in expected {
            #expect(checkpoint[name]?.shape == (try tensor.shape("shape")), "\(name)")
            let floats = try checkpoint.floats(named: name)
            #expect(Digest(of: floats).hex == (try tensor.string("sha256")), "\(name)")
        }
    }

    /// Key by key, none more and none less.
    @Test(arguments: models)
    func theConfigurationIsThatOfBothGenerations(_ model: String) throws {
        let found = try #require(try checkpoint(model).config.object)
        let expected = try expected(model).object("config")
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (key, value) in expected {
            #expect(found[key]?.withSortedKeys == value.withSortedKeys, "\(key)")
        }
    }

    /// A llama with all biases, whose positions are scaled by divisors.
    @Test
    func divisorsComeBackAsTheRuleTheyFollow() throws {
        let checkpoint = try Checkpoint(fixture("tiny-llama.gguf"))
        let expected = try #require(JSON(parsing: try readFile(fixture("tiny-llama.json"))).object)
        #expect(Set(checkpoint.tensors.map(\.name)) == Set(expected.keys))
        for (name, tensor) in expected {
            #expect(checkpoint[name]?.shape == (try tensor.shape("shape")), "\(name)")
            let floats = try checkpoint.floats(named: name)
            #expect(Digest(of: floats).hex == (try tensor.string("sha256")), "\(name)")
        }
        let config = checkpoint.config
        let numbers = [
            "hidden_size": 32, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 16,
            "intermediate_size": 64, "vocab_size": 8, "num_hidden_layers": 1, "bos_token_id": 1,
            "eos_token_id": 2, "max_position_embeddings": 131072,
        ]
        for (key, value) in numbers { #expect(config[key] == .integer(value), "\(key)") }
        #expect(config["rms_norm_eps"] == 1e-05)
        #expect(config["attention_bias"] == true)
        #expect(config["mlp_bias"] == false)
        #expect(config["tie_word_embeddings"] == true)
        #expect(config["pad_token_id"] == nil)
        #expect(config["rope_theta"] == 500000.0)
        let scaling = try config.object("rope_scaling")
        #expect(scaling["rope_type"] == "llama3")
        #expect(scaling["factor"] == 8.0)
        #expect(scaling["low_freq_factor"] == 1.0)
        #expect(scaling["high_freq_factor"] == 4.0)
        #expect(scaling["original_max_position_embeddings"] == 8192)
        var parameters = try config.object("rope_parameters")
        #expect(parameters["rope_theta"] == 500000.0)
        parameters["rope_theta"] = nil
        #expect(parameters == scaling)
        #expect(checkpoint.sideFiles.map(\.name) == ["generation_config.json"])
    }

    @Test
    func theTokensOfGenerationAreStated() throws {
        let checkpoint = try checkpoint("gemma3")
        let file = try #require(checkpoint.sideFiles.first)
        let generation = try JSON(parsing: try file.bytes())
        #expect(file.name == "generation_config.json" && checkpoint.sideFiles.count == 1)
        #expect(generation["bos_token_id"] == 1)
        #expect(generation["eos_token_id"] == 2)
        #expect(generation["pad_token_id"] == 0)
    }
}

extension JSON {
    /// The same with every object's members in the order of their keys.
    fileprivate var withSortedKeys: JSON {
        switch self {
        case .array(let items): return .array(items.map(\.withSortedKeys))
        case .object(let members):
            var sorted = JSONObject()
            for key in members.keys.sorted() { sorted[key] = members[key]?.withSortedKeys }
            return .object(sorted)
        default: return self
        }
    }
}
