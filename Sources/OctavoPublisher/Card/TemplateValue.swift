import Mustache

/// What a variable of a card's template holds.
indirect enum TemplateValue {
    /// A text, as it is to stand on the card.
    case text(String)
    /// Whether something is so.
    case flag(Bool)
    /// Things of one kind, maybe none.
    case list([[String: TemplateValue]])

    /// As the template engine takes it.
    var any: Any {
        switch self {
        case .text(let text): text.isEmpty ? NoText() : text
        case .flag(let flag): flag
        case .list(let items): items.map { $0.mapValues(\.any) }
        }
    }

    /// An empty text: nothing to show, and no to a section that asks for it.
    private struct NoText: MustacheCustomRenderable {
        var renderText: String { "" }
        var isNull: Bool { true }
    }

    /// One thing, or none.
    static func optional(_ item: [String: TemplateValue]?) -> TemplateValue {
        .list(item.map { [$0] } ?? [])
    }
}

/// A variable that a template may use.
public struct CardVariable: Sendable {
    /// Its name.
    public let name: String
    /// The variables that are known within it, where it is a list; empty where it is a text or a flag.
    public let members: [String]

    init(_ name: String, _ members: [String] = []) {
        self.name = name
        self.members = members
    }

    /// Every variable, as docs/model-card.md explains them.
    public static let all: [CardVariable] = [
        CardVariable("title"), CardVariable("scheme"), CardVariable("version"),
        CardVariable("place"),
        CardVariable("quantizedBits"), CardVariable("totalBits"), CardVariable("total"),
        CardVariable("bases", ["id", "isLinked", "revisions"]), CardVariable("revisions", ["sha"]),
        CardVariable("originals", ["size", "ratio"]), CardVariable("commits", ["sha"]),
        CardVariable("attributions", ["text"]), CardVariable("licenses", ["id"]),
        CardVariable("licenseTexts", ["name", "link"]), CardVariable("licenseFiles", ["path"]),
        CardVariable("isGated"), CardVariable("isContainer"), CardVariable("isGGUF"),
        CardVariable("isTransformers"),
        CardVariable("parts", ["name", "size", "share"]),
        CardVariable("regressions", ["text"]), CardVariable("isEvaluated"),
        CardVariable(
            "evaluations",
            ["text", "tokens", "original", "quantized", "ratio", "kl", "agreement", "digest"]
        ),
        CardVariable("hasTasks"),
        CardVariable("tasks", ["name", "questions", "measure", "original", "quantized", "digest"]),
        CardVariable(
            "speeds",
            ["reading", "writing", "promptTokens", "addedTokens", "runs", "memory"]
        ),
        CardVariable("machines", ["text"]), CardVariable("hasSamples"),
        CardVariable("samples", ["prompt", "text", "fence", "end"]),
        CardVariable("kinds", ["name", "count", "mean", "worst"]), CardVariable("isTuned"),
        CardVariable("hasVariants"),
        CardVariable("variants", ["name", "size", "bits", "perplexity", "kl"]),
        CardVariable("plots", ["path"]),
        CardVariable("calibration"), CardVariable("calibrationDigest"), CardVariable("seed"),
        CardVariable("threads"), CardVariable("tuning"), CardVariable("exceptions", ["text"]),
        CardVariable(
            "embeddings",
            ["encoding", "size", "kl", "original", "perplexity", "tokens"]
        ),
        CardVariable("sources", ["path", "sha256"]),
        CardVariable("runs", ["time", "memory", "machine"]),
        CardVariable("snippets", ["runtime", "versions", "language", "code", "fence", "status"]),
        CardVariable("notes", ["text"]), CardVariable("limits", ["text"]),
        CardVariable("recordFormat"), CardVariable("recordFile"),
        CardVariable("files", ["path", "size", "sha256"]),
        CardVariable("hasChanges"), CardVariable("isSigned"),
        CardVariable("signatures", ["file", "fingerprint", "key"]),
        CardVariable("changes", ["tag", "text"]), CardVariable("sections", ["title", "text"]),
        CardVariable("citations", ["text"]),
    ]
}
