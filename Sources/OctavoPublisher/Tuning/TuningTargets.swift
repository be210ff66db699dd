import OctavoModel
import OctavoQuantizer

/// What a model's outputs are measured by.
struct TuningTargets: Sendable {
    let objective: TuningOptions.Objective
    let crossEntropyShare: Double
    let sequences: [TuningSequence]
    /// What the original says; nil where it is not asked.
    let teacher: TeacherFile?

    /// The loss of some sequences, by their indices, at the places that are learned.
    func loss(of indices: [Int], weight: Float) throws -> TokenLoss {
        let share = Float(objective == .mixed ? crossEntropyShare : 1)
        let divergence = try teacher?.loss(
            of: indices,
            weight: objective == .mixed ? weight * (1 - share) : weight
        )
        if objective == .divergence, let divergence { return divergence }
        let likelihood = TokenLoss.likelihood(
            of: indices.flatMap { sequences[$0].successors },
            weight: weight * share
        )
        return divergence.map { TokenLoss.sum($0, likelihood) } ?? likelihood
    }
}
