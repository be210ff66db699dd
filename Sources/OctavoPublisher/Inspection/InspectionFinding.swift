public import OctavoCheckpoint

/// Something about a model that Octavo or somebody else stumbles over.
public enum InspectionFinding: Sendable, Hashable {
    /// What readers elsewhere stumble over.
    case reader(ReaderFinding)
    /// The model says that it is AQLM, but what it means cannot be told.
    case unreadable(String)
    /// Configuration and tensors contradict each other.
    case contradictions([String])
    /// There is no tokenizer.
    case noTokenizer

    /// A short name for it, the same in every version.
    public var code: String {
        switch self {
        case .reader(let finding): finding.code.rawValue
        case .unreadable: "unreadable-aqlm"
        case .contradictions: "contradictions"
        case .noTokenizer: "no-tokenizer"
        }
    }

    /// Whether the model is at fault, and not a reader.
    public var isFault: Bool {
        switch self {
        case .reader(let finding): finding.isFault
        case .unreadable, .contradictions, .noTokenizer: true
        }
    }

    /// Who stumbles, by name; everybody if it is empty.
    public var readers: [String] {
        switch self {
        case .reader(let finding): finding.readers.map(\.rawValue)
        case .unreadable, .contradictions, .noTokenizer: []
        }
    }

    /// What it concerns: paths of linears, or keys of the configuration.
    public var subjects: [String] {
        switch self {
        case .reader(let finding): finding.subjects
        case .unreadable, .contradictions, .noTokenizer: []
        }
    }

    /// What is so, as a sentence.
    public var sentence: String {
        switch self {
        case .reader(let finding): return "\(finding)"
        case .unreadable(let reason): return reason
        case .contradictions(let problems):
            let more = problems.count > 2 ? ", and \(problems.count - 2) more" : ""
            return problems.prefix(2).joined(separator: ", ") + more
        case .noTokenizer: return "there is no tokenizer, which calibration and generation need"
        }
    }

    /// Whether stored shapes are known to be others than the configuration's.
    var concernsShapes: Bool {
        guard case .reader(let finding) = self else { return false }
        return finding.code == .transposedCodes || finding.code == .scaleShape
    }
}
