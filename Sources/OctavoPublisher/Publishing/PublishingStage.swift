/// A step on the way from a manifest to a repository; most are made once for each output.
public struct PublishingStage: Hashable, Sendable, CustomStringConvertible {
    /// What is done, in the order in which it is done.
    public enum Kind: String, CaseIterable, Sendable {
        /// The original is fetched and hashed.
        case source
        /// It is quantized.
        case quantize
        /// The quantized model is tuned as a whole.
        case tune
        /// The result is written in the form of an output.
        case output
        /// The output is measured by running it.
        case evaluate
        /// Its card is written from what is known.
        case card
        /// It is signed.
        case sign
        /// It is verified as whoever downloads it would.
        case verify
        /// It is sent to its repository, and what is there is compared with what is here.
        case push
    }

    /// What is done.
    public let kind: Kind
    /// The output that it is done for; nil for what all outputs share.
    public let output: String?

    /// Names a stage.
    public init(_ kind: Kind, of output: String? = nil) {
        self.kind = kind
        self.output = output
    }

    /// As in `quantize`, or `evaluate hf-aqlm`.
    public var description: String {
        output.map { "\(kind.rawValue) \($0)" } ?? kind.rawValue
    }
}

/// What is asked of a publication beside its manifest.
public struct PublishingRequest: Sendable {
    /// The folder that everything is made in.
    public var workspace: String
    /// Whether only a plan is wanted.
    public var onlyPlans = false
    /// Whether a stage that was interrupted is taken up.
    public var resume = false
    /// Whether outputs are sent to the hub.
    public var pushes = true
    /// The one kind of stage that is carried out, if only one is.
    public var only: PublishingStage.Kind?
    /// The kind of stage from which on all is made anew.
    public var from: PublishingStage.Kind?
    /// Where the original is on this machine, instead of where the manifest has it.
    public var sourcePath: String?

    /// Asks.
    public init(workspace: String) { self.workspace = workspace }
}

/// Why a publication does not go on.
public enum PublishingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A stage was interrupted.
    case unfinished(PublishingStage)
    /// Only a stage was asked for whose inputs are not made, or not up to date.
    case notReady(PublishingStage, needs: PublishingStage)
    /// The branch of the original has moved since the work was begun.
    case baseMoved(String, revision: String, from: String, to: String)
    /// The original's license is another than the manifest expects.
    case license(found: String?, expected: String)
    /// The repository belongs to somebody else.
    case foreignRepository(String, user: String)
    /// The token may only read.
    case readOnlyToken(user: String)
    /// Another process is working in the folder.
    case inUse(String)
    /// An output does not hold what it must.
    case doesNotHold(output: String, check: String)
    /// An output names no repository, and it was to be sent.
    case noRepository(output: String)
    /// A hub is needed, and there is none.
    case noHub
    /// The repository is public, and was to be private.
    case isPublic(String)
    /// The state of the work cannot be read.
    case damagedState(String)
    /// The manifest has no such stage.
    case noSuchStage(PublishingStage.Kind)

    /// As a sentence.
    public var description: String {
        switch self {
        case .unfinished(let stage): "the stage \(stage) was interrupted"
        case .notReady(let stage, let needs):
            "the stage \(stage) was asked for alone, but \(needs) is not up to date"
        case .baseMoved(let id, let revision, let from, let to):
            "\(id) at \(revision) was \(from) when the work was begun, now it is \(to)"
        case .license(let found, let expected):
            "the original's license is \(found ?? "not stated"), the manifest expects \(expected)"
        case .foreignRepository(let id, let user):
            "\(id) belongs to neither \(user) nor an organization of theirs"
        case .readOnlyToken(let user):
            "the token of \(user) may only read, expected one that may write"
        case .inUse(let path): "another process is working in \(path)"
        case .doesNotHold(let output, let check): "\(output) does not hold: \(check)"
        case .noRepository(let output): "the output \(output) names no repository to send it to"
        case .noHub: "the manifest names a repository, and there is no hub to ask for it"
        case .isPublic(let id): "\(id) exists already and is public, expected a private repository"
        case .damagedState(let path): "\(path) is damaged"
        case .noSuchStage(let kind): "the manifest has no stage \(kind.rawValue)"
        }
    }
}
