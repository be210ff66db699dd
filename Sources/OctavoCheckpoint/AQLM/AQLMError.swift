/// How a model breaks the rules of the AQLM layout so that what it means cannot be told.
///
/// The rules are those of formats/hf-aqlm.md. What can be told in spite of a broken rule is read, and
/// reported as an ``ReaderFinding``.
public enum AQLMError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A1: there is no `quantization_config`, or it names another method.
    case notAQLM(found: String)
    /// A1: a model of the first publications without the numbers of its scheme, or with two sets.
    case obsoleteLayout
    /// A2: a field of `quantization_config` is of the wrong type or out of range.
    case badField(String, found: String, expected: String)
    /// A3: a quantized module lacks one of its tensors.
    case missingTensor(String)
    /// A3: a module has both codes and a weight.
    case bothForms(module: String)
    /// A4: a tensor has a dtype that cannot be taken for the layout's.
    case wrongType(tensor: String, found: String, expected: String)
    /// A5: a tensor has a shape that cannot be taken for the layout's.
    case wrongShape(tensor: String, found: [Int], expected: String)
    /// A5: there is a scale for each group of codes, for which the layout has no place.
    case groupScales(tensor: String, found: [Int])
    /// A5: codes are transposed, though no reader is known to do that to codes of so many bits.
    case transposedCodes(tensor: String, found: [Int])
    /// A5: codes whose shape is its own transpose, in a model where some are transposed and some not.
    case undecidableCodes(tensor: String, found: [Int])
    /// A6: a number is no code of so many bits, signed or not.
    case codeOutOfRange(tensor: String, found: String, bits: Int)
    /// The bytes of a tensor cannot be had.
    case unreadable(tensor: String, reason: String)

    /// As a clause: what was found and what was expected.
    public var description: String {
        switch self {
        case .notAQLM(let found): "the model's quantization method is \(found), expected \"aqlm\""
        case .obsoleteLayout:
            "the model is in the obsolete layout \"llama_aqlm\", expected either a section \"aqlm\" "
                + "or a quantization_config in config.json"
        case .badField(let name, let found, let expected):
            "quantization_config.\(name) is \(found), expected \(expected)"
        case .missingTensor(let name): "there is no tensor \"\(name)\""
        case .bothForms(let module): "\(module) has both codes and a weight"
        case .wrongType(let tensor, let found, let expected):
            "tensor \"\(tensor)\" has dtype \(found), expected \(expected)"
        case .wrongShape(let tensor, let found, let expected):
            "tensor \"\(tensor)\" has shape \(found), expected \(expected)"
        case .groupScales(let tensor, let found):
            "tensor \"\(tensor)\" has shape \(found): a scale for each group of codes, "
                + "expected one for each group of rows"
        case .transposedCodes(let tensor, let found):
            "tensor \"\(tensor)\" has shape \(found): its codes are transposed, as none but those "
                + "of 8 bits are known to become"
        case .undecidableCodes(let tensor, let found):
            "tensor \"\(tensor)\" has shape \(found): whether its codes are transposed cannot be "
                + "told, as some in this model are and some are not"
        case .unreadable(_, let reason): reason
        case .codeOutOfRange(let tensor, let found, let bits):
            "tensor \"\(tensor)\" holds the code \(found), which is none of \(bits) bits"
        }
    }
}
