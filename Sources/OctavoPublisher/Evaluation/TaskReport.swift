public import OctavoBase

/// A share of questions answered rightly.
public struct Accuracy: Sendable, Equatable {
    /// The share, 0 to 1.
    public var value: Double
    /// Its standard error: √(p(1 − p)/(n − 1)), the sample's deviation over √n; nil of one question.
    public var standardError: Double?

    /// Counts right answers.
    ///
    /// - Parameters:
    ///   - right: How many answers were right.
    ///   - count: Of how many, at least 1.
    public init(right: Int, of count: Int) {
        precondition(count > 0 && 0...count ~= right)
        value = Double(right) / Double(count)
        standardError =
            count > 1 ? (value * (1 - value) / Double(count - 1)).squareRoot() : nil
    }

    /// Records a share.
    init(value: Double, standardError: Double?) {
        self.value = value
        self.standardError = standardError
    }

    /// As it is written.
    var json: JSON {
        .object([
            "value": .number(value), "standard_error": standardError.map(JSON.number) ?? .null,
        ])
    }

    /// Reads what ``json`` writes; nil if it is anything else.
    init?(json: JSON?) {
        guard let value = json?["value"]?.number, (0...1).contains(value),
            let error = json?["standard_error"]
        else { return nil }
        if error != .null {
            guard let number = error.number, number >= 0 else { return nil }
            self.init(value: value, standardError: number)
        } else {
            self.init(value: value, standardError: nil)
        }
    }
}

/// How a model did on a task.
public struct TaskScore: Sendable, Equatable {
    /// By the likelihood of each choice.
    public var plain: Accuracy
    /// By the likelihood over the number of characters of each choice.
    public var normalized: Accuracy

    /// Records two shares.
    init(plain: Accuracy, normalized: Accuracy) {
        self.plain = plain
        self.normalized = normalized
    }

    /// Counts right answers.
    ///
    /// - Parameters:
    ///   - right: How many were right by likelihood.
    ///   - rightNormalized: How many were right by likelihood over length.
    ///   - count: Of how many, at least 1.
    public init(right: Int, rightNormalized: Int, of count: Int) {
        self.init(
            plain: Accuracy(right: right, of: count),
            normalized: Accuracy(right: rightNormalized, of: count)
        )
    }

    /// As it is written.
    var json: JSON { .object(["acc": plain.json, "acc_norm": normalized.json]) }

    /// Reads what ``json`` writes; nil if it is anything else.
    init?(json: JSON?) {
        guard let plain = Accuracy(json: json?["acc"]),
            let normalized = Accuracy(json: json?["acc_norm"])
        else { return nil }
        self.init(plain: plain, normalized: normalized)
    }
}

/// What a task measured.
public struct TaskReport: Sendable, Equatable {
    /// What the task is called.
    public var name: String
    /// The SHA-256 of its file.
    public var digest: Digest
    /// How many questions it has.
    public var questions: Int
    /// How many choices did not fit the context whole, and lost the beginning of their query.
    public var truncated: Int
    /// Whether the model's first token stood before every query.
    public var beginToken: Bool
    /// How the model did.
    public var score: TaskScore
    /// How the original did, if it was there.
    public var original: TaskScore?

    /// As it is written.
    public var json: JSON {
        .object([
            "name": .string(name), "sha256": .string(digest.hex), "questions": .integer(questions),
            "truncated": .integer(truncated), "begin_token": .bool(beginToken),
            "model": score.json, "original": original?.json,
        ])
    }

    /// Records a measurement.
    public init(
        name: String,
        digest: Digest,
        questions: Int,
        truncated: Int = 0,
        beginToken: Bool = false,
        score: TaskScore,
        original: TaskScore? = nil
    ) {
        self.name = name
        self.digest = digest
        self.questions = questions
        self.truncated = truncated
        self.beginToken = beginToken
        self.score = score
        self.original = original
    }

    /// Reads what ``json`` writes; nil if it is anything else.
    public init?(json: JSON) {
        guard let name = json["name"]?.string,
            let digest = json["sha256"]?.string.flatMap(Digest.init(hex:)),
            let questions = json["questions"]?.integer, questions > 0,
            let truncated = json["truncated"]?.integer, truncated >= 0,
            let beginToken = json["begin_token"]?.bool,
            let score = TaskScore(json: json["model"])
        else { return nil }
        let original = TaskScore(json: json["original"])
        guard (json["original"] == nil) == (original == nil) else { return nil }
        self.init(
            name: name,
            digest: digest,
            questions: questions,
            truncated: truncated,
            beginToken: beginToken,
            score: score,
            original: original
        )
    }
}
