/// How far a long piece of work has come.
public struct Progress: Sendable {
    /// What is being done, in a few words: "writing tensors", "quantizing".
    public let stage: String
    /// How much of it is done.
    public let completed: Int
    /// How much there is.
    public let total: Int
    /// What is counted.
    public let unit: Unit
    /// What is worth knowing now: a perplexity, a tensor's name.
    ///
    /// May be empty.
    public let detail: String
    /// The share of the stage's work that is done, 0 to 1, each piece weighted by what it costs.
    public let work: Double
    /// The layer that was finished just now, where the work is one of layers.
    public let layer: Layer?
    /// How far a tuning is, where the work is one.
    public let tuning: TuningState?
    /// What is to be told in any case, whatever else is left out; nil if nothing is.
    public let note: String?

    /// What a stage's work is counted in.
    public enum Unit: String, Sendable {
        /// Files, tensors, windows: whatever the stage is about.
        case pieces
        /// Bytes.
        case bytes
    }

    /// A layer that is done.
    public struct Layer: Sendable, Equatable {
        /// Its block, from 0.
        public var block: Int
        /// How many blocks there are.
        public var blocks: Int
        /// Its name within the block, as in `self_attn.q_proj`.
        public var name: String
        /// What quantization lost of its output; nil for a layer that an earlier run had finished.
        public var relativeLoss: Float?

        /// Describes a layer.
        public init(block: Int, blocks: Int, name: String, relativeLoss: Float?) {
            self.block = block
            self.blocks = blocks
            self.name = name
            self.relativeLoss = relativeLoss
        }
    }

    /// Describes a state of the work.
    ///
    /// - Parameters:
    ///   - stage: What is being done.
    ///   - completed: How much of it is done.
    ///   - total: How much there is.
    ///   - unit: What is counted.
    ///   - detail: What is worth knowing now.
    ///   - work: The share of the work that is done; by default all pieces cost the same.
    ///   - layer: The layer that was finished just now.
    ///   - tuning: How far a tuning is.
    ///   - note: What is to be told in any case.
    public init(
        _ stage: String,
        _ completed: Int,
        of total: Int,
        unit: Unit = .pieces,
        detail: String = "",
        work: Double? = nil,
        layer: Layer? = nil,
        tuning: TuningState? = nil,
        note: String? = nil
    ) {
        self.stage = stage
        self.completed = completed
        self.total = total
        self.unit = unit
        self.detail = detail
        let share = work ?? Double(completed) / Double(max(1, total))
        self.work = share.isFinite ? min(1, max(0, share)) : 0
        self.layer = layer
        self.tuning = tuning
        self.note = note
    }
}

/// Is told how far the work has come, from any thread.
public typealias ProgressHandler = @Sendable (Progress) -> Void
