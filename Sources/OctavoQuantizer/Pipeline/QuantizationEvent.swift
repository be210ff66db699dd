public import OctavoModel

/// Says how far the quantization of a model has come.
public enum QuantizationEvent: Sendable {
    /// What a run spends its time on.
    public enum Stage: String, CaseIterable, Sendable {
        /// Calibration tokens pass through a block, and the moments of its inputs are summed.
        case passes
        /// Linears are quantized.
        case quantizing
        /// A quantized block is tuned.
        case tuning
        /// The final norm is fitted.
        case finalNorm
    }

    /// A stage has begun; the one before it has ended.
    case stage(Stage)
    /// A linear of a block is done; without a loss if a journal gave it back.
    case linear(LinearName, block: Int, relativeLoss: Float?)
    /// Fewer calibration tokens pass an expert than its linears have inputs.
    case rareExpert(ExpertUse)
    /// A block is done.
    case block(Int, BlockErrors)
    /// So many steps of so many are done in fitting the final norm.
    case finalNorm(steps: Int, of: Int)
}

/// How many calibration tokens pass an expert.
///
/// With fewer tokens than inputs nothing is known of some directions; the moments of inputs are then
/// shrunk towards their diagonal, and without any token the expert is fitted to those of all tokens.
public struct ExpertUse: Sendable, Equatable {
    /// The block, from 0.
    public var block: Int
    /// The expert, from 0.
    public var expert: Int
    /// How many tokens pass it.
    public var tokens: Int
    /// The inputs of its widest linear.
    public var inputs: Int

    /// Counts tokens.
    public init(block: Int, expert: Int, tokens: Int, inputs: Int) {
        self.block = block
        self.expert = expert
        self.tokens = tokens
        self.inputs = inputs
    }
}

/// How far the residual stream behind a block is from the original model's: the mean over tokens of
/// `‖h − h₀‖² / ‖h₀‖²`.
public struct BlockErrors: Sendable, Equatable {
    /// With the block's linears quantized; nil if the original's stream was not followed.
    public var quantized: Double?
    /// After tuning; nil without.
    public var tuned: Double?
}
