public import OctavoModel

/// A block after tuning.
public struct TunedBlock: Sendable {
    /// The layers with their codes as they were; codebooks and scales are exact in half precision.
    public let layers: [LinearName: AdditiveLayer]
    /// The whole block: norms and biases are exact in half precision, the weights of the layers
    /// are formed, and other linears are as they were.
    public let block: DecoderBlock
    /// How tuning went.
    public let report: BlockTuningReport
}

/// The losses of a block's tuning: weighted squared errors of its output on held-out batches, as a
/// share of the targets' weighted squares.
public struct BlockTuningReport: Sendable, Hashable {
    /// Before tuning.
    public let before: Double
    /// After each epoch.
    public internal(set) var epochs: [Double] = []
    /// Of what is returned.
    public internal(set) var after: Double
}

/// Says that an epoch is over.
public struct BlockTuningProgress: Sendable {
    /// Which, from 1, and of how many at most.
    public let epoch: Int
    /// The most there will be.
    public let epochs: Int
    /// The relative loss over the epoch's batches while they were learned from.
    public let trainingLoss: Double
    /// The relative loss on held-out batches.
    public let heldOutLoss: Double
}
