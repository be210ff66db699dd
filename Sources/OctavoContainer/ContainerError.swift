/// A rule of formats/aqlm-container.md, by its number there.
public enum ContainerRule: Int, CaseIterable, Sendable {
    /// The file is shorter than a preamble.
    case tooShort = 1
    /// The file does not begin as a container does.
    case magic
    /// It is of a version that is not known.
    case version
    /// It has a flag that is not known.
    case flags
    /// The header's length is not one that a header has.
    case headerLength
    /// The file is not as long as it says, or ends before its header does.
    case fileLength
    /// The header is not JSON.
    case headerText
    /// The header is not in canonical form.
    case canonicalHeader
    /// A member of the header is missing or of another type.
    case headerMember
    /// There are not as many leaves as data.
    case leafCount
    /// Preamble, header and leaves do not give the content id.
    case contentID
    /// A reader must know something that this one does not.
    case requirement
    /// A path leads out of the folder, or into what is hidden.
    case path
    /// Two files have one path, or one is a folder of the other.
    case samePath
    /// A member of a file or part is missing or of another type.
    case partMember
    /// A part is encoded in a way that is not known.
    case encoding
    /// A tensor's type or shape is none.
    case tensor
    /// Two tensors have one name.
    case sameTensor
    /// A part has another size than its tensor.
    case tensorSize
    /// What an encoding needs is missing or impossible, or the part has another length than it gives.
    case encodedLength
    /// The parts do not end where the file does.
    case tiling
    /// A file of tensors says something else of its tensors than the container.
    case tensorFile
    /// A MiB of the data does not have its digest.
    case leafDigest
    /// What is between parts is not zero.
    case padding
    /// The table of a part's blocks does not fit the part.
    case blockTable
    /// A block does not decode to what it stands for.
    case block
    /// Bits after the last code are not zero.
    case unusedBits
    /// A part does not decode to the bytes that it stands for.
    case partDigest
}

/// How a container lies, or is damaged.
public struct ContainerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that is broken.
    public let rule: ContainerRule
    /// What was found and what was expected, as a clause.
    public let detail: String

    init(_ rule: ContainerRule, _ detail: String) {
        self.rule = rule
        self.detail = detail
    }

    /// The clause, with the rule's number.
    public var description: String { "\(detail) (rule C\(rule.rawValue))" }
}
