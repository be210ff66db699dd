/// The facts on a model card: what was measured and recorded, nothing else.
///
/// The same facts give the same bytes: no time is on the card unless it is among the facts.
public struct ModelCard: Sendable {
    /// What the card calls the model.
    public var title: String
    /// The artifact's own record.
    public var record: ArtifactRecord
    /// Where its bytes go.
    public var sizes: SizeBreakdown
    /// The repository of the original model, if it has one that can be linked to.
    public var base: String?
    /// The licence's id as the hub spells it, as the user states it; nil takes the original's.
    public var license: String?
    /// The name of a licence whose id is `other`, as the user states it.
    public var licenseName: String?
    /// Where that licence can be read, as the user states it.
    public var licenseLink: String?
    /// The languages of the model, as the user states them; none takes the original's.
    public var languages: [String]
    /// What `octavo evaluate` measured, if it was run, apart from ``measurements``.
    public var evaluations: [EvaluationReport]

    /// What is known of the original; nil if nothing is.
    public var baseFacts: BaseModelFacts?
    /// The bytes of the original's weights, if they are known.
    public var originalBytes: Int?
    /// What running the artifact gave; nil if it was not run.
    public var measurements: ArtifactMeasurements?
    /// What kind of files the model is in.
    public var output = CardOutput.transformers
    /// The repository that the artifact is published in, OWNER/NAME.
    public var repository: String?
    /// All variants that are published together, this one among them.
    public var variants: [CardVariant] = []
    /// How to load the model; none gives those of its output, called not run.
    public var snippets: [CardSnippet] = []
    /// How the artifact is signed; nil if it is not.
    public var signature: CardSignature?
    /// What was published before, newest first.
    public var changes: [CardChange] = []
    /// Texts that the publisher wrote.
    public var sections: [CardSection] = []
    /// What the quantization took; nil if nobody noted it.
    public var run: CardRun?
    /// The commit of the tool that made the artifact, if it is known.
    public var toolCommit: String?
    /// BibTeX entries of the original, one each.
    public var citations: [String] = []

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
    /// The plot of size against quality among them.
    public static let plotPath = "assets/size-quality.svg"
}

extension ModelCard {
    /// The repository of the original.
    var baseRepository: String? { base ?? baseFacts?.repository }

    /// The ids of the licence: what the user states, else what the original's card says.
    public var licenses: [String] { license.map { [$0] } ?? baseFacts?.licenses ?? [] }

    /// The licence's name and link, where its id is `other`: what the user states, else the original's.
    var otherLicense: (name: String?, link: String?) {
        guard licenses == ["other"] else { return (nil, nil) }
        let carried = license == nil || baseFacts?.licenses == ["other"] ? baseFacts : nil
        // A file of the original is copied beside the card, so its name is a link here too.
        return (licenseName ?? carried?.licenseName, licenseLink ?? carried?.licenseLink)
    }

    /// Every text that was foretold, whoever measured it.
    var allEvaluations: [EvaluationReport] { (measurements?.evaluations ?? []) + evaluations }

    /// What the licences demand.
    var terms: [LicenseTerms] {
        licenses.compactMap { LicenseTerms.of($0, name: otherLicense.name) }
    }

    /// Refuses what may not be published: a model without a licence, or made of one whose terms nobody accepted.
    ///
    /// - Parameter acceptsLicense: Whether the user says that they accept the original's terms.
    /// - Throws: ``CardError/noLicense(base:)``, ``CardError/gated(base:licenses:)``,
    ///   ``CardError/licenseName``.
    public func requirePermission(acceptsLicense: Bool) throws(CardError) {
        if licenses.isEmpty { throw .noLicense(base: baseRepository) }
        if let baseFacts, baseFacts.isGated, !acceptsLicense {
            throw .gated(base: baseRepository, licenses: licenses)
        }
        if licenses == ["other"], otherLicense.name == nil || otherLicense.link == nil {
            throw .licenseName
        }
    }

    /// What its licence wants of its name, where the name is another; to be told before it is published.
    public var nameWarning: String? {
        let name = repository?.split(separator: "/").last.map(String.init) ?? title
        guard let terms = terms.first(where: { !$0.allows(name: name) }),
            let prefix = terms.namePrefix
        else { return nil }
        return
            "the model is called \"\(name)\"; its licence wants a name that begins with \"\(prefix)\""
    }
}

/// Why a card cannot be written.
public enum CardError: Error, Sendable, CustomStringConvertible {
    /// The model has no record.
    case noRecord(String)
    /// A file holds no measurement.
    case noEvaluation(String)
    /// A file of facts for the card holds something else.
    case badFacts(String, String)
    /// Nobody says under which licence the original is.
    case noLicense(base: String?)
    /// The original's terms must be accepted.
    case gated(base: String?, licenses: [String])
    /// A licence that hubs have no id for has no name or no link.
    case licenseName
    /// What came out breaks the rules of cards.
    case faulty(CardFinding)

    /// As a sentence.
    public var description: String {
        switch self {
        case .noRecord(let path): "\(path) has no \(ArtifactRecord.fileName) to take the facts from"
        case .noEvaluation(let path):
            "\(path) holds no measurement of `octavo evaluate --json` or `octavo verify --teacher … --json`"
        case .badFacts(let path, let problem): "\(path): \(problem)"
        case .noLicense(let base):
            "\(base ?? "the original") declares no licence, expected one that allows to publish it"
        case .gated(let base, let licenses):
            "\(base ?? "the original") is gated: who publishes a model made of it must have accepted its terms"
                + (licenses.isEmpty ? "" : " (\(licenses.joined(separator: ", ")))")
        case .licenseName: "the licence is \"other\" without a name and a link, expected both"
        case .faulty(let finding): "the card would be faulty: \(finding.text)"
        }
    }
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
