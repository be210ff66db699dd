public import OctavoBase

/// What `octavo evaluate` measured, with all that is needed to measure it again.
public struct EvaluationReport: Sendable, Equatable {
    /// What the text is called: a file's name, or who wrote it.
    public var text: String
    /// The SHA-256 of the token ids, as little-endian 32-bit integers.
    public var digest: Digest
    /// How many tokens a window has.
    public var windowLength: Int
    /// How many windows were read.
    public var windows: Int
    /// The model's perplexity on the text.
    public var perplexity: Double
    /// What comparing with the teacher gave, if there was one.
    public var comparison: Comparison?

    /// How a model differs from its teacher on the same text.
    public struct Comparison: Sendable, Equatable {
        /// The teacher's own perplexity.
        public var teacherPerplexity: Double
        /// The mean over tokens of KL(teacher ‖ model), in nats.
        public var divergence: Double
        /// The share of positions at which both hold the same token likeliest, 0 to 1.
        public var agreement: Double

        /// Records a comparison.
        public init(teacherPerplexity: Double, divergence: Double, agreement: Double) {
            self.teacherPerplexity = teacherPerplexity
            self.divergence = divergence
            self.agreement = agreement
        }
    }

    /// Records a measurement.
    public init(
        text: String,
        digest: Digest,
        windowLength: Int,
        windows: Int,
        perplexity: Double,
        comparison: Comparison? = nil
    ) {
        self.text = text
        self.digest = digest
        self.windowLength = windowLength
        self.windows = windows
        self.perplexity = perplexity
        self.comparison = comparison
    }

    /// How many tokens were read; all of them but the first of each window were foretold.
    public var tokens: Int { windows.multipliedReportingOverflow(by: windowLength).partialValue }

    /// The report as the command line prints it.
    ///
    /// The stride is the window's length, since windows do not overlap.
    public var json: JSON {
        .object([
            "text": .string(text), "tokens_sha256": .string(digest.hex),
            "window_length": .integer(windowLength), "windows": .integer(windows),
            "stride": .integer(windowLength), "tokens": .integer(tokens), "special_tokens": false,
            "perplexity": .number(perplexity),
            "teacher_perplexity": comparison.map { .number($0.teacherPerplexity) },
            "kl": comparison.map { .number($0.divergence) },
            "top1_agreement": comparison.map { .number($0.agreement) },
        ])
    }

    /// Reads what ``json`` writes; nil if it is anything else.
    public init?(json: JSON) {
        guard let text = json["text"]?.string,
            let digest = json["tokens_sha256"]?.string.flatMap(Digest.init(hex:)),
            let windowLength = json["window_length"]?.integer, windowLength > 0,
            let windows = json["windows"]?.integer, windows > 0,
            let perplexity = json["perplexity"]?.number
        else { return nil }
        self.init(
            text: text,
            digest: digest,
            windowLength: windowLength,
            windows: windows,
            perplexity: perplexity
        )
        if let teacher = json["teacher_perplexity"]?.number, let kl = json["kl"]?.number,
            let agreement = json["top1_agreement"]?.number
        {
            comparison = Comparison(
                teacherPerplexity: teacher,
                divergence: kl,
                agreement: agreement
            )
        }
    }
}
