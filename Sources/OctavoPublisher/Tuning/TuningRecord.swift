public import OctavoBase
import OctavoQuantizer

/// How an artifact was tuned, as its record tells it.
public struct TuningRecord: Sendable, Equatable {
    /// The files of the original it was tuned towards.
    public var teacher: [FileRecord]
    /// The text it was tuned on.
    public var text: CalibrationRecord
    /// The indices of the sequences of that text that chose the best model.
    public var heldOut: [Int]
    /// What was learned, and how.
    public var settings: JSON
    /// How many steps were made, and after which of them the model was best.
    public var steps: Int
    /// After how many of them the model was best.
    public var bestStep: Int
    /// The mean loss of a held-out token before, in nats.
    public var lossBefore: Double
    /// The mean loss of a held-out token of the artifact.
    public var lossAfter: Double
    /// Why there were no more steps.
    public var end: String
}

extension TuningOptions {
    /// All that the result depends on.
    var json: JSON {
        .object([
            "update": .string(update.rawValue), "optimizer": .string(optimizer.rawValue),
            "learning_rate": .shortest(learningRate),
            "code_learning_rate": .shortest(codeLearningRate),
            "warmup_steps": .integer(warmupSteps), "code_share": .number(codeShare),
            "trust_ratio": trustRatio.map(JSON.number) ?? .null,
            "straight_through": .string(straightThrough.rawValue), "beam": .integer(beam),
            "updates_embeddings": .bool(updatesEmbeddings), "steps": .integer(steps),
            "batch_tokens": .integer(batchTokens), "held_out_share": .number(heldOutShare),
            "steps_per_evaluation": .integer(stepsPerEvaluation), "patience": .integer(patience),
            "seed": .integer(Int(truncatingIfNeeded: seed)),
        ])
    }
}
