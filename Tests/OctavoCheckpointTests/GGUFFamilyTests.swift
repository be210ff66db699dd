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
