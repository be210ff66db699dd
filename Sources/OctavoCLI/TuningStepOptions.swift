public import ArgumentParser
public import OctavoQuantizer

/// How the steps of a tuning are made.
struct TuningStepOptions: ParsableArguments {
    private static let defaults = TuningOptions()

    @Option(help: "What is learned.")
    var update = defaults.update

    @Option(help: "How many steps are made, at most.")
    var steps = defaults.steps

    @Option(help: "About how many tokens make a step.")
    var batchTokens = defaults.batchTokens

    @Option(help: "How codebooks, scales and norms step.")
    var optimizer = defaults.optimizer

    @Option(help: "How far a step moves codebooks, scales and norms, relative to their size.")
    var learningRate = defaults.learningRate

    @Option(help: "How far a step moves what codes come near to, relative to its norm.")
    var codeLearningRate = defaults.codeLearningRate

    @Option(help: "The share of a layer's groups whose codes may change in a step.")
    var codeShare = defaults.codeShare

    @Option(
        help: "How much codes may change a layer's weights in a step, relative to their norm."
    )
    var trustRatio: Double?

    @Option(help: "Whether what codes come near to is kept from step to step.")
    var straightThrough = defaults.straightThrough

    @Option(help: "How many partial sums the search for codes keeps, 1 to 64.")
    var beam = defaults.beam

    @Flag(help: "Learn embedding and head too.")
    var updateEmbeddings = false

    @Option(help: "The share of the text that is held out to choose the best model.")
    var heldOutShare = defaults.heldOutShare

    @Option(help: "Measure on held-out text, and keep the state for --resume, after so many steps.")
    var stepsPerEvaluation = defaults.stepsPerEvaluation

    @Option(help: "End after so many measurements without a better one.")
    var patience = defaults.patience

    func validate() throws {
        for (name, value, range) in [
            ("steps", steps, 1...1_000_000), ("batch-tokens", batchTokens, 1...1 << 24),
            ("beam", beam, 1...64), ("steps-per-evaluation", stepsPerEvaluation, 1...1_000_000),
            ("patience", patience, 1...1_000_000),
        ] where !range.contains(value) {
            throw ValidationError(
                "--\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)"
            )
        }
        for (name, value, limit) in [
            ("learning-rate", Double(learningRate), 1.0),
            ("code-learning-rate", Double(codeLearningRate), 1.0), ("code-share", codeShare, 1.0),
            ("trust-ratio", trustRatio ?? 1, 1.0), ("held-out-share", heldOutShare, 0.5),
        ] where !(value > 0 && value <= limit) {
            throw ValidationError("--\(name) is \(value), expected more than 0, at most \(limit)")
        }
    }

    /// As the tuner takes them.
    var options: TuningOptions {
        var options = TuningOptions()
        options.update = update
        options.steps = steps
        options.batchTokens = batchTokens
        options.optimizer = optimizer
        options.learningRate = learningRate
        options.codeLearningRate = codeLearningRate
        options.codeShare = codeShare
        options.trustRatio = trustRatio
        options.straightThrough = straightThrough
        options.beam = beam
        options.updatesEmbeddings = updateEmbeddings
        options.heldOutShare = heldOutShare
        options.stepsPerEvaluation = stepsPerEvaluation
        options.patience = patience
        return options
    }
}

extension TuningOptions.Update: ExpressibleByArgument {}
extension TuningOptions.StraightThrough: ExpressibleByArgument {}
extension Optimizer: ExpressibleByArgument {}
