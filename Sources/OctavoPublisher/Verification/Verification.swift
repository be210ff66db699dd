import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics

/// One thing that was checked.
public struct Check: Sendable, Equatable {
    /// How a check ended.
    public enum Outcome: Sendable, Equatable {
        /// It holds.
        case passed
        /// It does not hold.
        case failed
        /// It was not made; the detail says why.
        case skipped
    }

    /// What was checked.
    public let name: String
    /// How it ended.
    public let outcome: Outcome
    /// What was found, in a clause.
    public let detail: String
}

/// What a verification found.
public struct VerificationReport: Sendable {
    /// The checks, in the order in which they were made.
    public private(set) var checks: [Check] = []
    /// The distance to the teacher, if there was one.
    public var evaluation: EvaluationReport?

    /// Whether every check that was made holds.
    public var holds: Bool { !checks.contains { $0.outcome == .failed } }

    mutating func add(_ name: String, _ outcome: Check.Outcome, _ detail: String) {
        checks.append(Check(name: name, outcome: outcome, detail: detail))
    }

    /// Records a check by what is wrong: the first few findings, or what to say if there are none.
    mutating func add(_ name: String, problems: [String], otherwise: String) {
        guard let first = problems.first else { return add(name, .passed, otherwise) }
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        add(name, .failed, first + more)
    }
}

/// What a verification is asked to do.
public struct VerificationRequest: Sendable {
    /// Whether to run the model.
    public var runsInference: Bool
    /// The original, to measure the distance to.
    public var teacher: OpenModel?
    /// The threads that take part.
    public var threads: Int
    /// Whether to look at nothing but digests: the quickest proof that every byte is as it was made.
    public var digestsOnly = false

    /// Asks.
    public init(runsInference: Bool = true, teacher: OpenModel? = nil, threads: Int) {
        self.runsInference = runsInference
        self.teacher = teacher
        self.threads = threads
    }
}

/// Checks a model: its files against its record, its tensors against its configuration, and the
/// model itself by running it.
///
/// A check that does not hold is reported, not thrown; only what cannot be read at all is an error.
public func verify(
    _ model: OpenModel,
    _ request: VerificationRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> VerificationReport {
    var report = VerificationReport()
    if let container = model.container {
        checkContainer(container, request, &report, progress)
        // What is damaged would be found damaged once more by every other check.
        guard report.holds, !request.digestsOnly else { return report }
    }
    var record: ArtifactRecord?
    do { record = try model.record() } catch let error as RecordError {
        report.add("record", .failed, "\(error)")
    }
    if let record {
        report.add(
            "files",
            problems: try fileProblems(model, record),
            otherwise: "\(record.files.count) with the recorded digests"
        )
        report.add(
            "tensors",
            problems: tensorProblems(model, record, progress),
            otherwise: "\(record.tensors.count) with the recorded types, shapes and digests"
        )
    } else if report.holds {
        report.add("files", .skipped, "there is no \(ArtifactRecord.fileName) to compare with")
    }
    if request.digestsOnly { return report }
    report.add("values", problems: valueProblems(model, progress), otherwise: "all sound")
    report.add("layout", problems: layoutProblems(model), otherwise: layoutSummary(model))
    guard request.runsInference, report.holds, !model.checkpoint.isBare else {
        let reason =
            !report.holds
            ? "the files are not sound"
            : request.runsInference
                ? "a lone file has no configuration to run it by" : "not asked for"
        report.add("inference", .skipped, reason)
        return report
    }
    try checkInference(model, record, request, &report, progress)
    return report
}
