import OctavoBase
import OctavoModel
import OctavoNumerics
public import OctavoQuantizer

/// What a tuning is asked to do.
public struct TuningRequest: Sendable {
    /// What is learned, and how.
    public var options: TuningOptions
    /// The files that the text is read from: conversations where their names end in `.jsonl`.
    public var files: [String]
    /// How many tokens of it, at most.
    public var tokens = 131_072
    /// How many tokens a sequence of text has, and one of a conversation at most.
    public var sequenceLength = 512
    /// How many of the original's probabilities are kept for each token; nil keeps what all of them
    /// are formed from.
    public var teacherProbabilities: Int? = 64
    /// The threads that take part.
    public var threads: Int
    /// The bytes of memory that may be taken.
    public var memory = 8_000_000_000
    /// After how many seconds no further step is begun; nil for no limit.
    public var seconds: Double?
    /// Whether to take up an interrupted run.
    public var resume = false
    /// The most tensor bytes in a file.
    public var maxShardSize = 5_000_000_000

    /// Asks, with products in the fastest precision.
    public init(files: [String], threads: Int) {
        options = TuningOptions()
        options.precision = .fastest
        self.files = files
        self.threads = threads
    }
}

/// Why a tuning cannot begin.
public enum TuningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The model has no codes.
    case notQuantized(String)
    /// The original is quantized itself.
    case quantizedTeacher(String)
    /// Model and original differ in their mathematics or shapes.
    case differs(what: String, model: String, teacher: String)
    /// The text has fewer sequences than it takes to learn from some and measure on others.
    case tooFewSequences(Int)
    /// The objective asks an original that was not given, or one was given that it does not ask.
    case teacher(needed: Bool, objective: TuningOptions.Objective)
    /// The tokenizers differ.
    case tokenizers
    /// The original gives logits that are not finite.
    case teacherNotFinite(String)
    /// It takes more memory than it may.
    case memory(needed: Int, allowed: Int)

    /// As a sentence.
    public var description: String {
        switch self {
        case .notQuantized(let path):
            "\(path) is not quantized; expected a model in the AQLM layout"
        case .quantizedTeacher(let path):
            "\(path) is quantized; expected the original to tune towards"
        case .differs(let what, let model, let teacher):
            "the model's \(what) is \(model) and the original's \(teacher); expected the same"
        case .tooFewSequences(let count):
            "the text makes \(count) sequence; expected at least 2, one of which is held out"
        case .teacher(let needed, let objective):
            needed
                ? "the objective \(objective.rawValue) compares with the original, which is not given"
                : "the objective \(objective.rawValue) asks no original, but one is given"
        case .tokenizers:
            "the model and the original make different tokens of the text; expected the same tokenizer"
        case .teacherNotFinite(let path):
            "\(path) computes numbers that are not finite on the text; expected a sound original"
        case .memory(let needed, let allowed):
            "the run takes about \(byteText(needed)) of memory, expected at most \(byteText(allowed))"
        }
    }
}

/// Checks that a model can be tuned towards another.
func checkPair(
    _ model: OpenModel,
    _ teacher: OpenModel?,
    _ objective: TuningOptions.Objective
) throws -> ModelConfiguration {
    guard model.scheme != nil else { throw TuningError.notQuantized(model.path) }
    guard (teacher != nil) == objective.needsTeacher else {
        throw TuningError.teacher(needed: objective.needsTeacher, objective: objective)
    }
    guard let teacher else { return try model.configuration() }
    guard teacher.aqlm == nil else { throw TuningError.quantizedTeacher(teacher.path) }
    let (mine, its) = (try model.configuration(), try teacher.configuration())
    let compared: [(String, String, String)] = [
        ("family", "\(mine.family)", "\(its.family)"),
        ("vocabulary", "\(mine.vocabularySize) tokens", "\(its.vocabularySize) tokens"),
    ]
    for (what, mine, its) in compared where mine != its {
        throw TuningError.differs(what: what, model: mine, teacher: its)
    }
    return mine
}
