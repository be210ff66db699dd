/// How much effort a layer gets, and the seed of its random numbers.
///
/// The defaults are those of ``Effort/standard``; the same options, inputs and processor give the same
/// bytes.
public struct LayerQuantizerOptions: Hashable, Sendable {
    /// The most passes of k-means that a codebook starts from.
    public var clusteringPasses = 12
    /// Rounds of coding with error feedback, each followed by a solution for codebooks and scales.
    public var rounds = 4
    /// How many hypotheses a row keeps from group to group in the later half of the rounds, 1 to 64.
    public var hypotheses = 1
    /// Refinements of a few groups at a time, each followed by the same solution.
    public var refinements = 5
    /// How many inputs are refined at a time.
    public var refinedInputs = 128
    /// How many hypotheses a row keeps in a refinement, 1 to 64.
    public var refinementHypotheses = 1
    /// How many continuations of a hypothesis are considered where there are several, 1 to 64.
    public var continuations = 3
    /// The most sweeps of coordinate descent, each followed by the same solution.
    public var sweeps = 2
    /// Refinements and sweeps end when one lowers the loss by less than this share.
    public var leastGain = 0.001
    /// How many partial sums a search for codes carries from one codebook to the next, 1 to 48.
    public var beam = 16
    /// The most conjugate gradient steps for a solution.
    public var solverSteps = 2
    /// The threads that share the rows of a layer; with several BLAS has one.
    public var threads = 1
    /// What the random numbers start from.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}
}
