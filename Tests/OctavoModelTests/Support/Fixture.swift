import OctavoModel
import OctavoTestSupport

/// The checkpoints that `Fixtures/make.py` made.
enum Fixture {
    static let names = ["linear-rope-with-biases", "llama3-rope-tied", "mistral-full-attention"]

    static func folder(_ name: String) throws -> SafetensorsFolder {
        try SafetensorsFolder(packageRoot + "/Tests/OctavoModelTests/Fixtures/" + name)
    }

    /// Those that `Fixtures/make_families.py` made: every family but Llama.
    static let families = [
        "mistral-window-dynamic", "qwen2-window-yarn", "qwen3-biases-yarn", "gemma", "gemma2",
        "gemma3-linear", "phi3-longrope-partial", "cohere", "granite", "olmo2", "smollm3",
        "mixtral-window", "qwen3-moe-mixed",
    ]

    static func family(_ name: String) throws -> SafetensorsFolder {
        try folder("families/" + name)
    }

    /// The model with biases and a head of its own.
    static func model() throws -> LanguageModel { try LanguageModel(folder: folder(names[0])) }
}
