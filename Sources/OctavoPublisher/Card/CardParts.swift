import OctavoCheckpoint

/// What kind of files a model is published as; hubs and readers choose by it.
public enum CardOutput: String, CaseIterable, Sendable {
    /// AQLM in Hugging Face layout, for transformers with aqlm.
    case transformers
    /// Plain weights in Hugging Face layout.
    case dense
    /// GGUF, for llama.cpp and its kin.
    case gguf
    /// Octavo's container.
    case aqlm

    /// The library that hubs name beside the model.
    var library: String {
        switch self {
        case .transformers, .dense: "transformers"
        case .gguf: "gguf"
        case .aqlm: "octavo"
        }
    }
}

extension OpenModel {
    /// What a card calls its kind of files.
    public var cardOutput: CardOutput {
        if container != nil { return .aqlm }
        if checkpoint.format == .gguf { return .gguf }
        return aqlm == nil ? .dense : .transformers
    }
}

/// One of several variants of a model that are published together.
public struct CardVariant: Sendable, Equatable {
    /// What it is called, as `2x8g8`.
    public var name: String
    /// Its repository, OWNER/NAME; nil if it is in none.
    public var repository: String?
    /// Its bytes.
    public var bytes: Int
    /// Its bits per weight over the whole model.
    public var bits: Double
    /// Its perplexity, if it was measured; on the same text for all variants.
    public var perplexity: Double?
    /// Its KL to the original in nats a token, if it was measured.
    public var divergence: Double?
    /// Whether it is the one that the card is of.
    public var isThis: Bool

    /// Describes a variant.
    public init(
        name: String,
        repository: String? = nil,
        bytes: Int,
        bits: Double,
        perplexity: Double? = nil,
        divergence: Double? = nil,
        isThis: Bool = false
    ) {
        self.name = name
        self.repository = repository
        self.bytes = bytes
        self.bits = bits
        self.perplexity = perplexity
        self.divergence = divergence
        self.isThis = isThis
    }
}

/// How to load a model with one program.
public struct CardSnippet: Sendable, Equatable {
    /// Whether it was tried.
    public enum Execution: Sendable, Equatable {
        /// It was not.
        case notRun
        /// It was, with success, as the words say: when, where, with what output.
        case run(String)
    }

    /// The program, as `transformers`.
    public var runtime: String
    /// The versions that it was tried with, or that it is for.
    public var versions: String?
    /// The language of the code, as a fence of Markdown names it.
    public var language: String
    /// The code.
    public var code: String
    /// Whether it was tried.
    public var execution: Execution

    /// Describes a way to load.
    public init(
        runtime: String,
        versions: String? = nil,
        language: String = "python",
        code: String,
        execution: Execution = .notRun
    ) {
        self.runtime = runtime
        self.versions = versions
        self.language = language
        self.code = code
        self.execution = execution
    }
}

/// How an artifact is signed.
public struct CardSignature: Sendable, Equatable {
    /// The file of the signature, as `model.sig`.
    public var file: String
    /// The SHA-256 of the public key, as the signature names it.
    public var fingerprint: String
    /// Where the public key can be found: a file of the repository, or a URL.
    public var publicKey: String?

    /// Describes a signature.
    public init(file: String = "model.sig", fingerprint: String, publicKey: String? = nil) {
        self.file = file
        self.fingerprint = fingerprint
        self.publicKey = publicKey
    }
}

/// A version that was published.
public struct CardChange: Sendable, Equatable {
    /// Its tag.
    public var tag: String
    /// What it changed, in a line.
    public var text: String

    /// Describes a version.
    public init(tag: String, text: String) {
        self.tag = tag
        self.text = text
    }
}

/// A text that the publisher wrote.
public struct CardSection: Sendable, Equatable {
    /// Its heading.
    public var title: String
    /// Its text, as Markdown.
    public var text: String

    /// Takes a text.
    public init(title: String, text: String) {
        self.title = title
        self.text = text
    }
}

/// What making an artifact took.
public struct CardRun: Sendable, Equatable {
    /// Seconds by the wall, of all stages.
    public var seconds: Double
    /// The most bytes that were in memory, if anyone looked.
    public var peakMemory: Int?
    /// What it ran on, if anyone noted it.
    public var machine: MeasuringMachine?

    /// Describes a run.
    public init(seconds: Double, peakMemory: Int? = nil, machine: MeasuringMachine? = nil) {
        self.seconds = seconds
        self.peakMemory = peakMemory
        self.machine = machine
    }
}
