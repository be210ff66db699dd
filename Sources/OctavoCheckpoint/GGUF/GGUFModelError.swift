/// Why the model in a sound GGUF file cannot be expressed in the Hugging Face layout.
///
/// The rules are those of formats/gguf.md.
public enum GGUFModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// M1: an architecture that Octavo does not import.
    case unsupportedArchitecture(String)
    /// M2: a key is absent, or its value is of the wrong type or out of range.
    case badKey(String, expected: String)
    /// M3: a tensor that the architecture does not have.
    case unknownTensor(String)
    /// M3: a tensor that every model of the architecture has is not there.
    case missingTensor(String)
    /// M4: a tensor whose shape contradicts the metadata.
    case badShape(tensor: String, found: [Int], expected: [Int])
    /// M4: a tensor without elements.
    case emptyTensor(String, shape: [Int])
    /// M5: a variant of the architecture that the Hugging Face layout, or Octavo, has no words for.
    case unsupportedFeature(String)
    /// M6: `rope_freqs.weight` is not what the llama3 scaling rule gives.
    case unknownRopeFrequencies(index: Int, found: Float, expected: Float)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .unsupportedArchitecture(let name):
            "its architecture is \"\(name)\"; supported: \(LlamaGGUF.architecture)"
        case .badKey(let key, let expected): "its key \"\(key)\" is not \(expected)"
        case .unknownTensor(let name): "tensor \"\(name)\" is unknown to its architecture"
        case .missingTensor(let name): "it has no tensor \"\(name)\""
        case .badShape(let tensor, let found, let expected):
            "tensor \"\(tensor)\" has shape \(found), expected \(expected)"
        case .emptyTensor(let tensor, let shape):
            "tensor \"\(tensor)\" has shape \(shape), expected no dimension of 0"
        case .unsupportedFeature(let feature): "it uses \(feature), which is not supported"
        case .unknownRopeFrequencies(let index, let found, let expected):
            "rope_freqs.weight does not follow the llama3 rule: "
                + "entry \(index) is \(found), expected \(expected)"
        }
    }
}
