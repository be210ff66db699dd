public import OctavoBase

/// What an artifact says of itself, in `octavo.json` beside its files (formats/octavo-json.md).
///
/// It holds what went in, what was done, and the digest of everything that came out, but no time and
/// no machine: the same inputs give the same bytes.
public struct ArtifactRecord: Sendable, Equatable {
    /// The version of the tool that made the artifact.
    public var toolVersion: String
    /// The files it was made from.
    public var sources: [FileRecord]
    /// The scheme, as in `2x8g8`.
    public var scheme: String
    /// How it was calibrated.
    public var calibration: CalibrationRecord
    /// The seed of all that was random.
    public var seed: Int
    /// The settings of the solver, for whoever wants to repeat the run with another version.
    public var solver: JSON
    /// The threads that took part; products of matrices differ in their last bits with their number.
    public var threads: Int
    /// Whether the entries of codebooks are in ascending order.
    public var isCanonical = false
    /// How embedding and head are stored with loss; nil if they are not.
    public var embeddings: EmbeddingRecord?
    /// What fitting the final norm gained; nil if that was not tried, or the norm was learned anew since.
    public var finalNorm: FinalNormRecord?
    /// How it was tuned as a whole; nil if it was not.
    public var tuning: TuningRecord?
    /// Every quantized layer, in the model's order; its loss is that before the tuning.
    public var layers: [LayerRecord]
    /// Every file of the artifact but this record and the card.
    public var files: [FileRecord]
    /// Every tensor in those files.
    public var tensors: [TensorRecord]
    /// What the artifact answers to a few inputs.
    public var probe: [ProbeRecord]

    /// How often the calibration text went through each block to tune it, as far as is known.
    var blockTuningEpochs: Int { solver["block_tuning"]?["epochs"]?.integer ?? 0 }

    /// The name of the record among an artifact's files.
    public static let fileName = "octavo.json"
    /// The format and its version, as the record states it.
    public static let format = "octavo-artifact/1"
    /// The most bytes that it may have.
    static let largest = 100_000_000
}

/// A file by path, length and content.
public struct FileRecord: Sendable, Equatable {
    /// The path relative to the artifact or source.
    public var path: String
    /// Its length in bytes.
    public var size: Int
    /// The SHA-256 of its bytes.
    public var digest: Digest

    /// Records a file.
    public init(path: String, size: Int, digest: Digest) {
        self.path = path
        self.size = size
        self.digest = digest
    }
}

/// A tensor by name, type, shape and content.
public struct TensorRecord: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its element type.
    public var dtype: DType
    /// Its shape.
    public var shape: [Int]
    /// The SHA-256 of its bytes.
    public var digest: Digest

    /// Records a tensor.
    public init(name: String, dtype: DType, shape: [Int], digest: Digest) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.digest = digest
    }
}

/// The text that a quantization was fitted to.
public struct CalibrationRecord: Sendable, Equatable {
    /// "self" where the model wrote the text, else the names of the files.
    public var text: [String]
    /// How many tokens were used.
    public var tokens: Int
    /// How many tokens a sequence has.
    public var sequenceLength: Int
    /// The SHA-256 of all token ids in order, as little-endian 32-bit integers.
    public var digest: Digest

    /// Records a calibration.
    public init(text: [String], tokens: Int, sequenceLength: Int, digest: Digest) {
        self.text = text
        self.tokens = tokens
        self.sequenceLength = sequenceLength
        self.digest = digest
    }

    /// Of a model that somebody else quantized.
    static var unknown: CalibrationRecord {
        CalibrationRecord(text: [], tokens: 0, sequenceLength: 0, digest: Digest(of: ""))
    }

    /// Whether the model wrote the text itself.
    public var isSelfWritten: Bool { text == ["self"] }
}

/// A quantized layer and how well it came out.
public struct LayerRecord: Sendable, Equatable {
    /// The module's path, as in `model.layers.0.self_attn.q_proj`.
    public var name: String
    /// Squared output error over squared output, both weighted by the calibration text.
    public var relativeLoss: Float

    /// Records a layer.
    public init(name: String, relativeLoss: Float) {
        self.name = name
        self.relativeLoss = relativeLoss
    }

    /// The kind of the layer: the last part of its name, as in `q_proj`.
    public var kind: String { name.split(separator: ".").last.map(String.init) ?? name }
}

/// A token sequence and the largest logits that follow it.
public struct ProbeRecord: Sendable, Equatable {
    /// The token ids.
    public var tokens: [Int]
    /// The ids of the largest logits after the last token, largest first.
    public var ids: [Int]
    /// Those logits.
    public var logits: [Float]

    /// Records what a model answered.
    public init(tokens: [Int], ids: [Int], logits: [Float]) {
        self.tokens = tokens
        self.ids = ids
        self.logits = logits
    }
}
