import OctavoModel
import OctavoTestSupport

/// The checkpoints that `Fixtures/make.py` made.
enum Fixture {
    static let names = ["linear-rope-with-biases", "llama3-rope-tied", "mistral-full-attention"]

    static func folder(_ name: String) throws -> SafetensorsFolder {
        try SafetensorsFolder(packageRoot + "/Tests/OctavoModelTests/Fixtures/" + name)
    }

    /// The model with biases and a head of its own.
    static func model() throws -> LanguageModel { try LanguageModel(folder: folder(names[0])) }
}
