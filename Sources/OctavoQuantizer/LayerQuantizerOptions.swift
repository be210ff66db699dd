/// How much effort a layer gets, and the seed of its random numbers.
///
/// The defaults are where more effort gains little; the same options, inputs and processor give the
/// same bytes.
public struct LayerQuantizerOptions: Hashable, Sendable {
    /// The most passes of k-means that a codebook starts from.
    public var clusteringPasses = 12
    /// Rounds of coding with error feedback, each followed by a solution for codebooks and scales.
    public var rounds = 4
    /// The most sweeps of coordinate descent, each followed by the same solution.
    public var sweeps = 12
    /// The sweeps end when one lowers the loss by less than this share.
    public var leastGain = 0.003
    /// How many partial sums a search for codes carries from one codebook to the next, 1 to 64.
    public var beam = 8
    /// The most conjugate gradient steps for a solution.
    public var solverSteps = 2
    /// What the random numbers start from.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
}
