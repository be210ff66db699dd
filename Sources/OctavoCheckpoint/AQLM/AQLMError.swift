/// How a model breaks the rules of the AQLM layout.
///
/// The rules are those of formats/hf-aqlm.md.
public enum AQLMError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A1: there is no `quantization_config`, or it names another method.
    case notAQLM(found: String)
    /// A1: the layout of the earliest publications, which needed code of their own.
    case obsoleteLayout
    /// A2: a field of `quantization_config` is of the wrong type or out of range.
    case badField(String, found: String, expected: String)
    /// A3: a quantized module lacks one of its tensors.
    case missingTensor(String)
    /// A3: a module has both codes and a weight.
    case bothForms(module: String)
    /// A4: a tensor has another dtype than the layout demands.
    case wrongType(tensor: String, found: String, expected: String)
    /// A5: a tensor has another shape than the layout demands.
    case wrongShape(tensor: String, found: [Int], expected: String)
    /// A5: codes that were saved after a forward pass on a CPU, which leaves them transposed.
    case transposedCodes(tensor: String, found: [Int])

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .notAQLM(let found): "the model's quantization method is \(found), expected \"aqlm\""
        case .obsoleteLayout:
            "the model is in the obsolete layout \"llama_aqlm\", "
                + "expected a quantization_config in config.json"
        case .badField(let name, let found, let expected):
            "quantization_config.\(name) is \(found), expected \(expected)"
        case .missingTensor(let name): "there is no tensor \"\(name)\""
        case .bothForms(let module): "\(module) has both codes and a weight"
        case .wrongType(let tensor, let found, let expected):
            "tensor \"\(tensor)\" has dtype \(found), expected \(expected)"
        case .wrongShape(let tensor, let found, let expected):
            "tensor \"\(tensor)\" has shape \(found), expected \(expected)"
        case .transposedCodes(let tensor, let found):
            "tensor \"\(tensor)\" has shape \(found): it was saved after a forward pass on a CPU, "
                + "which transposes codes"
        }
    }
}
