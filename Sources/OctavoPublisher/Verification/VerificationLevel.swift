/// What a verification is about, from what needs least to what needs most.
public enum VerificationLevel: String, Sendable, CaseIterable {
    /// Every byte is as the record, the hub and the container's content id have it.
    case bytes
    /// The files follow the rules of their formats, tensors fit the configuration, values are sound.
    case structure
    /// The signature is by a key that is trusted, and of these files.
    case origin
    /// The model answers as it did when it was made.
    case behaviour

    /// The exit status of `octavo verify` where this is the first level that does not hold.
    public var exitStatus: Int32 {
        switch self {
        case .bytes: 10
        case .structure: 11
        case .origin: 12
        case .behaviour: 13
        }
    }
}

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

    /// What it is about.
    public let level: VerificationLevel
    /// What was checked.
    public let name: String
    /// How it ended.
    public let outcome: Outcome
    /// What was found, in a clause.
    public let detail: String
    /// Everything that is wrong, if it failed.
    public let problems: [String]
}

/// What a verification found.
public struct VerificationReport: Sendable {
    /// The checks, in the order of their levels.
    public private(set) var checks: [Check] = []
    /// The distance to the teacher, if there was one.
    public var evaluation: EvaluationReport?
    /// The fingerprint of the key that the signature names, if there is a signature that can be read.
    public var signer: String?

    /// An empty report.
    public init() {}

    /// Whether every check that was made holds.
    public var holds: Bool { firstFailure == nil }

    /// The first level that does not hold.
    public var firstFailure: VerificationLevel? {
        VerificationLevel.allCases.first { outcome(of: $0) == .failed }
    }

    /// How a level ended: a check that failed decides, then one that passed.
    ///
    /// Origin passes only where a trusted key made the signature: that files are as somebody signed them
    /// proves nothing of who did.
    public func outcome(of level: VerificationLevel) -> Check.Outcome {
        let checks = checks.filter { $0.level == level }
        if checks.contains(where: { $0.outcome == .failed }) { return .failed }
        if level == .origin, checks.contains(where: { $0.outcome == .skipped }) { return .skipped }
        return checks.contains { $0.outcome == .passed } ? .passed : .skipped
    }

    /// Records a check.
    public mutating func add(
        _ level: VerificationLevel,
        _ name: String,
        _ outcome: Check.Outcome,
        _ detail: String
    ) {
        let problems = outcome == .failed ? [detail] : []
        checks.append(
            Check(level: level, name: name, outcome: outcome, detail: detail, problems: problems)
        )
    }

    /// Records a check by what is wrong: the first finding, or what to say if there are none.
    mutating func add(
        _ level: VerificationLevel,
        _ name: String,
        problems: [String],
        otherwise: String
    ) {
        guard let first = problems.first else { return add(level, name, .passed, otherwise) }
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        checks.append(
            Check(
                level: level,
                name: name,
                outcome: .failed,
                detail: first + more,
                problems: problems
            )
        )
    }
}
