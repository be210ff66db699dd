/// How much work a layer is worth.
public enum Effort: String, CaseIterable, Sendable {
    /// For a first look: a fraction of the standard's time, and a loss a few percent higher.
    case quick
    /// Where more work begins to gain little.
    case standard
    /// Several times the standard's work for another few percent: rows keep several hypotheses where
    /// the standard keeps one.
    case max
}

extension LayerQuantizerOptions {
    /// What an effort stands for.
    public init(effort: Effort, seed: UInt64 = 0) {
        self.init()
        self.seed = seed
        switch effort {
        case .quick:
            (clusteringPasses, rounds, refinements, sweeps) = (6, 2, 1, 1)
            beam = 8
        case .standard:
            break
        case .max:
            (clusteringPasses, rounds, refinements, sweeps) = (20, 16, 16, 4)
            beam = 20
            (hypotheses, refinementHypotheses, continuations) = (2, 2, 2)
            refinedInputs = 192
        }
    }
}
