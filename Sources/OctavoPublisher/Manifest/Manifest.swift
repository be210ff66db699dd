public import OctavoHub

/// What is to be published, and how it is made: a manifest (manifests/schema.json), read and checked.
///
/// Everything that can change a byte of what comes out is in it or in the files that it names, but for the
/// number of threads where it names none. Paths are resolved against the manifest's own folder.
public struct Manifest: Sendable {
    /// The file, as it was named.
    public let file: String
    /// What the manifest is called: the file's name without its ending.
    public let name: String
    /// The original model.
    public var source: ManifestSource
    /// How it is quantized; threads and memory are those of this machine where the manifest names none.
    public var quantization: QuantizationRequest
    /// How it is tuned as a whole, if it is.
    public var tuning: TuningRequest?
    /// What is measured.
    public var evaluation: ManifestEvaluation
    /// What is made, in this order; at least one.
    public var outputs: [ManifestOutput]
    /// How it gets onto a hub.
    public var hub: ManifestHub
    /// What people wrote for the card.
    public var card: ManifestCard
    /// The key that outputs are signed with, if they are.
    public var signing: ManifestSigning?
    /// What the author of the manifest expects of the work.
    public var expected: ManifestExpectation?

    /// The format and its version, which every manifest states.
    public static let format = "octavo-manifest/1"
}

/// The original model of a manifest.
public struct ManifestSource: Sendable {
    /// Its repository, to fetch it from and to name on the card.
    public var repository: RepositoryID?
    /// The branch, tag or commit.
    public var revision = Revision.main
    /// A single file of the repository that holds the model, as a GGUF file does.
    public var file: RepositoryPath?
    /// Where it is on this machine, instead of on a hub.
    public var path: String?
    /// The license that it is expected to have, by the hub's id.
    public var license: String?
}

/// What a manifest has measured.
public struct ManifestEvaluation: Sendable, Hashable {
    /// Text files; ``selfWritten`` stands for what the original writes.
    public var texts: [String] = [selfWritten]
    /// Tokens in a window.
    public var sequenceLength = 512
    /// The most windows of each text.
    public var windows = 60
    /// Files of tasks.
    public var tasks: [String] = []
    /// What sample generations begin with; none makes no samples.
    public var prompts: [String]?
    /// The most tokens of a sample.
    public var maxTokens = 48
    /// Whether tokens a second and memory are measured, which are never twice the same.
    public var measuresSpeed = true

    /// The name of text that the original writes.
    public static let selfWritten = "self-written"
}

/// One thing that a manifest makes: a folder that becomes a repository.
public struct ManifestOutput: Sendable, Hashable {
    /// The forms it can have.
    public enum Kind: String, CaseIterable, Sendable {
        /// The published AQLM layout.
        case hfAQLM = "hf-aqlm"
        /// One container, without loss.
        case aqlm
        /// One GGUF file.
        case gguf
        /// Hugging Face layout with plain weights.
        case dense
    }

    /// Its form.
    public var kind: Kind
    /// Where it goes, or nil where it is only made.
    ///
    /// A name alone is the user's own.
    public var repository: RepositoryID?
    /// The type of tensors, where the form leaves a choice: `bf16`, or `q8_0` for GGUF.
    public var type: WeightType?
    /// The most tensor bytes in a file of a directory.
    public var maxShardSize = ByteCount.fiveGigabytes.bytes
    /// Whether the tensors of a container are stored as they are run.
    public var isMapped = false
    /// What it is called: the kind, or the name that the manifest gives where a kind comes twice.
    public var name: String
}

/// How a manifest's outputs get onto a hub.
public struct ManifestHub: Sendable, Hashable {
    /// The branch.
    public var revision = Revision.main
    /// Whether new repositories are private.
    public var isPrivate = false
    /// The tag that the commit gets.
    public var tag: Revision?
    /// Whether a pull request is opened instead.
    public var asPullRequest = false
    /// Patterns of files on the branch that are to go if the output does not have them.
    public var deletions: [String] = []
    /// The commit's first line.
    public var message: String?
    /// The title of the collection that repositories are put into.
    public var collection: String?
}

/// What people wrote for the card.
public struct ManifestCard: Sendable {
    /// What the model is called; by default as the repository is.
    public var title: String?
    /// Paragraphs by the heading that they stand under.
    public var sections: [CardSection] = []
    /// A Mustache file instead of the card's own template.
    public var template: String?
    /// Whether whoever publishes has accepted the license of a gated original.
    public var acceptsLicense = false
}

/// The key that outputs are signed with.
public struct ManifestSigning: Sendable, Hashable {
    /// The private key, a PEM file.
    public var key: String
    /// A file whose first line is the key's passphrase.
    public var passphraseFile: String?
}

/// What the author of a manifest expects, by the model of cost in docs/publishing.md.
public struct ManifestExpectation: Sendable, Hashable {
    /// Bytes of the first output's weights.
    public var size: Int?
    /// Bytes of memory at the peak of quantizing.
    public var memory: Int?
    /// Processor seconds of quantizing.
    public var cpuSeconds: Double?
}
