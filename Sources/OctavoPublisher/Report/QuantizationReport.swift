/// What a quantization did, as `NAME.report.html` tells it to people.
///
/// It tells the times of one run on one machine, so it lies beside the artifact's folder, whose bytes
/// depend on inputs alone. Whatever is not known stays empty or nil, and the page says so or leaves it
/// out.
public struct QuantizationReport: Sendable, Equatable {
    /// The artifact's name.
    public var title: String
    /// The scheme, as in `2x8g8`.
    public var scheme: String
    /// How much work a layer was worth, as in `standard`; empty where there is no choice.
    public var effort = ""
    /// What the artifact was made from: names of files, without their folders.
    public var sources: [String] = []
    /// The bytes of all tensors of the original.
    public var originalBytes: Int?
    /// The bytes and bits of the artifact.
    public var sizes: SizeBreakdown
    /// The calibration text, as in `pile.txt, web.txt`.
    public var calibration = ""
    /// How many tokens of it were used.
    public var tokens = 0
    /// Every quantized layer.
    public var layers: [Layer] = []
    /// Paths of the linears that stayed as they were.
    public var dense: [String] = []
    /// The error after each block, in order.
    public var blocks: [Block] = []
    /// Of how many blocks an earlier, interrupted run had finished layers; their time is not known.
    public var resumedBlocks = 0
    /// Where the time went, in the order of the work.
    public var stages: [Stage] = []
    /// All that the result depends on, in the order in which it is told.
    public var settings: [Setting] = []
    /// What the reader should know before trusting the result: one sentence each.
    public var warnings: [String] = []
    /// The command line that makes the artifact again: arguments with names of files for paths.
    public var command: [String] = []
    /// The version of the tool.
    public var toolVersion = octavoVersion

    /// Begins a report.
    public init(title: String, scheme: String, sizes: SizeBreakdown) {
        self.title = title
        self.scheme = scheme
        self.sizes = sizes
    }

    /// What is added to an artifact's path to get its report's.
    public static let fileSuffix = ".report.html"

    /// A quantized layer.
    public struct Layer: Sendable, Equatable {
        /// Its block, from 0.
        public var block: Int
        /// What it does there: the last part of its path, as in `q_proj`.
        public var kind: String
        /// Squared output error over squared output, both weighted by the calibration text.
        public var relativeLoss: Double
        /// Stored bits a weight: codes, codebooks and scales.
        public var bits: Double

        /// Describes a layer.
        public init(block: Int, kind: String, relativeLoss: Double, bits: Double) {
            self.block = block
            self.kind = kind
            self.relativeLoss = relativeLoss
            self.bits = bits
        }
    }

    /// How far the residual stream is from the original's behind a block.
    public struct Block: Sendable, Equatable {
        /// The block, from 0.
        public var index: Int
        /// Squared distance over the original's squared length, before the block was tuned.
        public var relativeError: Double?
        /// The same after the block was tuned; nil if it was not.
        public var tunedError: Double?

        /// Describes a block.
        public init(index: Int, relativeError: Double?, tunedError: Double? = nil) {
            self.index = index
            self.relativeError = relativeError
            self.tunedError = tunedError
        }
    }

    /// A part of the work.
    public struct Stage: Sendable, Equatable {
        /// What was done, as in "Hessians".
        public var name: String
        /// How long it took.
        public var seconds: Double?
        /// The processor time it took on all threads.
        public var cpuSeconds: Double?

        /// Describes a stage.
        public init(name: String, seconds: Double?, cpuSeconds: Double? = nil) {
            self.name = name
            self.seconds = seconds
            self.cpuSeconds = cpuSeconds
        }
    }

    /// A setting and its value.
    public struct Setting: Sendable, Equatable {
        /// Its name, as in "Threads".
        public var name: String
        /// Its value.
        public var value: String

        /// Names a value.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }
}
