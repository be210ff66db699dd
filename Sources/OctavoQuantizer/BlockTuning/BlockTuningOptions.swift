/// How a block is tuned.
public struct BlockTuningOptions: Hashable, Sendable {
    /// How much each token's squared error counts.
    public enum Weighting: Hashable, Sendable {
        /// As it is: tokens with a large residual stream, often the first of each sequence, rule.
        case uniform
        /// As a share of the token's own mean square: what a norm behind the block sees.
        case relative
    }

    /// How often each batch is used, at most.
    public var epochs = 3
    /// How far a step moves a parameter, as a share of the root mean square of its kind.
    ///
    /// That of the first step; it falls to zero in a straight line over all epochs.
    public var learningRate: Float = 0.003
    /// How much each token counts.
    public var weighting = Weighting.relative
    /// The share of batches, the last ones, that are not trained on and choose the best epoch; at
    /// least one batch, unless there is only one.
    public var heldOutShare = 0.1
    /// Tuning ends after this many epochs without a better held-out loss.
    public var patience = 2
    /// What the order of batches is drawn from.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
}
