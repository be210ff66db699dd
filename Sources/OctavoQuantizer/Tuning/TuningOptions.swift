public import OctavoNumerics

/// How a quantized model is tuned towards its original. (Malinovskii et al., "PV-Tuning: beyond
/// straight-through estimation for extreme LLM compression".)
public struct TuningOptions: Hashable, Sendable {
    /// What is learned.
    public enum Update: String, CaseIterable, Sendable {
        /// Codebooks, scales, norms and biases: the P step.
        case codebooks
        /// Codes alone: the V step.
        case codes
        /// Both.
        case both
    }

    /// What codes are chosen to come near to.
    public enum StraightThrough: String, CaseIterable, Sendable {
        /// Weights that keep what they learned from one step to the next.
        case buffer
        /// A step from the weights that the codes stand for, forgotten if it changes no code.
        case none
    }

    /// What the outputs are measured by.
    public enum Objective: String, CaseIterable, Sendable {
        /// KL(original ‖ model) of each token: the model stays what it was.
        case divergence = "kl"
        /// The negative log likelihood of each token's successor: the model learns the text.
        case crossEntropy = "cross-entropy"
        /// Both: the model learns the text and keeps near to the original.
        case mixed

        /// Whether the original is asked.
        public var needsTeacher: Bool { self != .crossEntropy }
    }

    /// What is learned.
    public var update = Update.both
    /// What the outputs are measured by.
    public var objective = Objective.divergence
    /// The share of the cross-entropy in a mixed objective; the divergence has the rest.
    public var crossEntropyShare = 0.5
    /// How the continuous parameters step.
    public var optimizer = Optimizer.adam
    /// How far the first step moves a continuous parameter, relative to its size.
    ///
    /// The rate rises in a straight line over the first steps, and falls to zero over all.
    public var learningRate: Float = 0.0005
    /// How many steps it takes until rates have risen: Adam's first steps are large and poorly aimed.
    public var warmupSteps = 8
    /// How far a step moves the weights that codes come near to, as a share of their norm.
    public var codeLearningRate: Float = 0.01
    /// The share of a layer's groups whose codes may change in a step, those that are farthest off.
    public var codeShare = 0.01
    /// The most that a step may change a layer's weights, as a share of their norm; nil for no bound.
    public var trustRatio: Double?
    /// What codes are chosen to come near to.
    public var straightThrough = StraightThrough.buffer
    /// How many partial sums the search for codes keeps, 1 to 64.
    public var beam = 5
    /// Whether embedding and head are learned too.
    public var updatesEmbeddings = false
    /// How exactly products of the text with weights, and those of their gradients, are computed; what is learned
    /// is kept in single precision.
    public var precision = ProductPrecision.single
    /// How many steps are made, at most.
    public var steps = 100
    /// About how many tokens make a step.
    public var batchTokens = 2048
    /// The share of sequences, spread over the text, that are not learned from and choose the best model.
    public var heldOutShare = 0.05
    /// The loss on these is measured before the first step and after every so many.
    public var stepsPerEvaluation = 20
    /// Tuning ends after this many measurements without a better one.
    public var patience = 3
    /// What the order of sequences is drawn from.
    public var seed: UInt64 = 0

    /// The defaults.
    public init() {}

    /// What rates are multiplied by at a step, from 0.
    func rateFactor(step: Int) -> Float {
        let warmth = Float(step + 1) / Float(max(1, warmupSteps))
        return min(1, warmth) * (1 - Float(step) / Float(max(1, steps)))
    }

    /// Whether codes are learned.
    public var updatesCodes: Bool { update != .codebooks }
    /// Whether anything but codes is learned.
    var updatesParameters: Bool { update != .codes }
}
