import OctavoBase
import OctavoPublisher

extension VerificationReport {
    /// The report for people: a line a check, and what it comes to.
    func text(_ model: String) -> String {
        var lines = checks.map { check in
            let mark =
                switch check.outcome {
                case .passed: "ok     "
                case .failed: "FAILED "
                case .skipped: "skipped"
                }
            let level = check.level.rawValue
            let padding = String(repeating: " ", count: 9 - level.count)
            return "\(mark)  \(level)\(padding)  \(check.name): \(check.detail)"
        }
        if let evaluation { lines.append("\n" + evaluationText(evaluation)) }
        lines.append(
            firstFailure.map { "\n\(model) does NOT hold: \($0.rawValue)" } ?? "\n\(model) holds"
        )
        return lines.joined(separator: "\n")
    }

    /// The report for programs (docs/verification.md).
    func json(_ model: String) -> JSON {
        .object([
            "model": .string(model), "holds": .bool(holds),
            "exit_status": .integer(Int(firstFailure?.exitStatus ?? 0)),
            "levels": .array(
                VerificationLevel.allCases.map {
                    .object([
                        "level": .string($0.rawValue), "outcome": .string("\(outcome(of: $0))"),
                    ])
                }
            ),
            "checks": .array(
                checks.map {
                    .object([
                        "level": .string($0.level.rawValue), "name": .string($0.name),
                        "outcome": .string("\($0.outcome)"), "detail": .string($0.detail),
                        // A file may be wrong in as many ways as it has tensors.
                        "problems": .array($0.problems.prefix(100).map(JSON.string)),
                    ])
                }
            ),
            "signer": signer.map(JSON.string), "evaluation": evaluation?.json,
        ])
    }

    /// What is to be said of a model whose hub sends other contents than it lists.
    static func unfetched(_ levels: Set<VerificationLevel>, because reason: String)
        -> VerificationReport
    {
        var report = VerificationReport()
        report.add(.bytes, "remote", .failed, reason)
        for level in VerificationLevel.allCases where level != .bytes {
            report.add(
                level,
                "fetching",
                .skipped,
                levels.contains(level) ? "the model could not be fetched" : "not asked for"
            )
        }
        return report
    }
}
