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
    /// M5: a key of the architecture that Octavo does not know: it may change what the model computes.
    case unsupportedKey(String)
    /// M6: `rope_freqs.weight` is not what the llama3 scaling rule gives.
    case unknownRopeFrequencies(index: Int, found: Float, expected: Float)
    /// M7: a file of several that is not the first.
    case notFirst(number: Int, of: Int, first: String)
    /// M7: the files of a model contradict each other, or their names.
    case badSplit(String)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .unsupportedArchitecture(let name):
            "its architecture is \"\(name)\"; supported: "
                + Set(GGUFFamily.all.map(\.architecture)).sorted().joined(separator: ", ")
        case .badKey(let key, let expected): "its key \"\(key)\" is not \(expected)"
        case .unknownTensor(let name): "tensor \"\(name)\" is unknown to its architecture"
        case .missingTensor(let name): "it has no tensor \"\(name)\""
        case .badShape(let tensor, let found, let expected):
            "tensor \"\(tensor)\" has shape \(found), expected \(expected)"
        case .emptyTensor(let tensor, let shape):
            "tensor \"\(tensor)\" has shape \(shape), expected no dimension of 0"
        case .unsupportedFeature(let feature): "it uses \(feature), which is not supported"
        case .unsupportedKey(let key):
            "its key \"\(key)\" is not known to Octavo, and may change what the model computes"
        case .unknownRopeFrequencies(let index, let found, let expected):
            "rope_freqs.weight does not follow the llama3 rule: "
                + "entry \(index) is \(found), expected \(expected)"
        case .notFirst(let number, let count, let first):
            "it is number \(number) of \(count) files of one model; open the first, \(first)"
        case .badSplit(let problem): problem
        }
    }
}
