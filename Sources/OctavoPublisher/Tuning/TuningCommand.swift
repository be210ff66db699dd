import OctavoBase
import OctavoNumerics
import OctavoQuantizer

extension TuningRequest {
    /// The command line that asks for the same, with names of files for their paths.
    func command(model: String, teacher: String, output: String) -> [String] {
        let usual = TuningOptions()
        var words = ["octavo", "tune", model, output]
        if !teacher.isEmpty { words += ["--teacher", teacher] }
        words += ["--calibration"] + files.map(lastComponent)
        words += ["--objective", options.objective.rawValue]
        if options.objective == .mixed {
            words += ["--cross-entropy-share", "\(options.crossEntropyShare)"]
        }
        words += ["--update", options.update.rawValue, "--optimizer", options.optimizer.rawValue]
        words += ["--precision", options.precision.available.rawValue]
        words += ["--tokens", "\(tokens)", "--sequence-length", "\(sequenceLength)"]
        words += ["--steps", "\(options.steps)", "--batch-tokens", "\(options.batchTokens)"]
        words += ["--learning-rate", "\(options.learningRate)"]
        if options.updatesEmbeddings { words.append("--update-embeddings") }
        if options.updatesCodes {
            words += ["--code-learning-rate", "\(options.codeLearningRate)"]
            words += ["--code-share", "\(options.codeShare)", "--beam", "\(options.beam)"]
            words += ["--straight-through", options.straightThrough.rawValue]
            if let ratio = options.trustRatio { words += ["--trust-ratio", "\(ratio)"] }
        }
        words += ["--held-out-share", "\(options.heldOutShare)"]
        words += ["--steps-per-evaluation", "\(options.stepsPerEvaluation)"]
        if options.patience != usual.patience { words += ["--patience", "\(options.patience)"] }
        if options.objective.needsTeacher {
            words += ["--teacher-probabilities", "\(teacherProbabilities ?? 0)"]
        }
        if maxShardSize != TuningRequest(files: [], threads: 1).maxShardSize {
            words += ["--max-shard-size", "\(maxShardSize)"]
        }
        return words + ["--seed", "\(options.seed)", "--threads", "\(threads)"]
    }
}
