public import OctavoBase
import OctavoNumerics
public import OctavoQuantizer

/// How an artifact was tuned, as its record tells it.
public struct TuningRecord: Sendable, Equatable {
    /// What its outputs were measured by.
    public var objective: TuningOptions.Objective
    /// The files of the original it was compared with; none if it was not.
    public var teacher: [FileRecord]
    /// What the text was: `text`, `chat`, or `text and chat`.
    public var textKind: String
    /// How many tokens of it were learned: of conversations, those of answers.
    public var learnedTokens: Int
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

extension TuningRecord {
    /// What was done, as a clause.
    var aim: String {
        switch objective {
        case .divergence: "tuned as a whole towards the original"
        case .crossEntropy:
            "fine-tuned as a whole with cross-entropy, so that it no longer says what the original says"
        case .mixed: "fine-tuned as a whole with cross-entropy and kept near to the original"
        }
    }

    /// Which tokens of the text were learned, where not all were.
    var answers: String {
        textKind == "text"
            ? ""
            : " (\(textKind); \(learnedTokens) tokens learned, of conversations those of answers)"
    }
}

extension TuningOptions.Objective {
    /// What the loss is called.
    public var lossName: String {
        switch self {
        case .divergence: "KL to the original"
        case .crossEntropy: "cross-entropy"
        case .mixed: "loss (cross-entropy and KL to the original)"
        }
    }
}

extension TuningOptions {
    /// All that the result depends on.
    var json: JSON {
        .object([
            "update": .string(update.rawValue), "objective": .string(objective.rawValue),
            "cross_entropy_share": objective == .mixed ? .number(crossEntropyShare) : nil,
            "optimizer": .string(optimizer.rawValue),
            "precision": .string(precision.available.rawValue),
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
