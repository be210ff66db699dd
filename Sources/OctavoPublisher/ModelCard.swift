/// The facts on a model card: what was measured and recorded, nothing else.
public struct ModelCard: Sendable {
    /// What the card calls the model.
    public var title: String
    /// The artifact's own record.
    public var record: ArtifactRecord
    /// Where its bytes go.
    public var sizes: SizeBreakdown
    /// The repository of the original model, if it has one that can be linked to.
    public var base: String?
    /// The license's id as the hub spells it, if known.
    public var license: String?
    /// The languages the original declares.
    public var languages: [String]
    /// What `octavo evaluate` measured, if it was run.
    public var evaluations: [EvaluationReport]

    /// Gathers the facts.
    public init(
        title: String,
        record: ArtifactRecord,
        sizes: SizeBreakdown,
        base: String? = nil,
        license: String? = nil,
        languages: [String] = [],
        evaluations: [EvaluationReport] = []
    ) {
        self.title = title
        self.record = record
        self.sizes = sizes
        self.base = base
        self.license = license
        self.languages = languages
        self.evaluations = evaluations
    }

    /// The name of the card among a model's files.
    public static let fileName = "README.md"
}

/// The mean relative loss of all layers of one kind.
public struct KindLoss: Sendable, Equatable {
    /// The kind: the last part of the layers' names, as in `q_proj`.
    public let kind: String
    /// How many layers are of it.
    public let count: Int
    /// The mean of their relative losses.
    public let mean: Double
    /// The largest.
    public let worst: Double

    /// Groups layers by kind, in the order in which kinds first appear.
    public static func summarize(_ layers: [LayerRecord]) -> [KindLoss] {
        var order: [String] = []
        var losses: [String: [Double]] = [:]
        for layer in layers {
            if losses[layer.kind] == nil { order.append(layer.kind) }
            losses[layer.kind, default: []].append(Double(layer.relativeLoss))
        }
        return order.map { kind in
            let values = losses[kind] ?? []
            return KindLoss(
                kind: kind,
                count: values.count,
                mean: values.reduce(0, +) / Double(max(1, values.count)),
                worst: values.max() ?? 0
            )
        }
    }
}
