/// Why a model cannot be expressed in GGUF, where its readers would take it for what it is.
///
/// The rules are those of formats/gguf.md.
public enum GGUFExportError: Error, Hashable, Sendable, CustomStringConvertible {
    /// W2: a family that GGUF's readers do not know, or that Octavo does not write.
    case unsupportedFamily(String)
    /// W2: a key of the configuration is absent or of no use.
    case badConfig(String, expected: String)
    /// W2: what the family's readers take for granted is not so here.
    case inexpressible(String)
    /// W3: a tensor that the family does not have.
    case unknownTensor(String)
    /// W3: a tensor that every model of the family has is not there.
    case missingTensor(String)
    /// W3: a tensor's shape contradicts the configuration.
    case badShape(tensor: String, found: [Int], expected: [Int])
    /// W3: a tensor that GGUF cannot declare: its name is too long, or its bytes cannot be counted.
    case undeclarable(String, shape: [Int])

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .unsupportedFamily(let name):
            "its family is \"\(name)\"; written are "
                + Set(GGUFFamily.all.map(\.modelType)).sorted().joined(separator: ", ")
        case .badConfig(let key, let expected): "its configuration's \(key) is not \(expected)"
        case .inexpressible(let feature): "it \(feature), which GGUF cannot say of its family"
        case .unknownTensor(let name): "GGUF has no place for its tensor \"\(name)\""
        case .missingTensor(let name): "it has no tensor \"\(name)\""
        case .badShape(let tensor, let found, let expected):
            "its tensor \"\(tensor)\" has shape \(found), expected \(expected)"
        case .undeclarable(let tensor, let shape):
            "tensor \"\(tensor)\" of shape \(shape) cannot be declared in GGUF"
        }
    }
}
