import OctavoModel
import OctavoNumerics

/// A final norm that was fitted, and what that did for tokens that it was not fitted to.
public struct FinalNorm: Sendable, Equatable {
    /// Its weights as checkpoints store them: `[hidden]`; exact in half precision where they were learned, the
    /// original's where that gained nothing.
    public var weights: [Float]
    /// The mean of KL(original ‖ model) over the held-out tokens with the original's norm, in nats.
    public var divergenceBefore: Float
    /// The same with these weights.
    public var divergenceAfter: Float

    /// Puts a norm together again, from a journal.
    public init(weights: [Float], divergenceBefore: Float, divergenceAfter: Float) {
        self.weights = weights
        self.divergenceBefore = divergenceBefore
        self.divergenceAfter = divergenceAfter
    }
}

/// Fits the final norm of a quantized model to what the original predicts.
///
/// Each linear makes the most of inputs that are not quite what they should be, so the stream comes out as the mean
/// of what the original's may have been, which is shorter. Linears behind a norm are fitted to the stream that
/// the norm stretches again; behind the last norm there is only the head, which stays as it is, and the model
/// would be surer of itself than it should be. The norm's weights are what can be changed there without taking any
/// room.
///
/// They learn by Adam from KL(original ‖ model), each token once. What is returned is no worse on sequences that
/// were held out.
struct FinalNormFitting {
    /// The original's embedding, norm and head.
    let original: ModelEnds
    /// The model's, with the original's norm.
    let model: ModelEnds
    /// The calibration text behind the last block.
    let streams: Streams
    let execution: Execution
    let progress: @Sendable (QuantizationEvent) -> Void

    /// About how many tokens a part has, which is a step or held out: whole sequences.
    private static let partTokens = 512
    /// How many parts are taken of a text, where it has so many; with fewer than the least it is too short to tell.
    private static let partCounts = 8...18
    /// Of how many parts one is held out.
    private static let partsForOneHeldOut = 9
    /// The length of the first step, relative to the size of the weights; that of the last is near zero.
    private static let rate: Float = 0.015

    /// How many tokens a text has to have.
    static var leastTokens: Int { partTokens * partCounts.lowerBound }
    /// How many are taken at most.
    static var mostTokens: Int { partTokens * partCounts.upperBound }

    /// Some sequences of a batch.
    private typealias Part = (batch: Batch, rows: Range<Int>)

    /// Fits the norm.
    ///
    /// - Returns: The norm, the original's where nothing better was found; nil if the text is too short to tell, or
    ///   predictions are no numbers.
    /// - Throws: What the storage throws.
    func run() throws -> FinalNorm? {
        let parts = parts
        guard streams.batches.reduce(0, { $0 + $1.tokens.count }) >= Self.leastTokens,
            parts.count >= Self.partCounts.lowerBound
        else { return nil }
        // One from the middle of each nine.
        func isHeldOut(_ index: Int) -> Bool {
            index % Self.partsForOneHeldOut == Self.partsForOneHeldOut / 2
        }
        let heldOut = parts.indices.filter(isHeldOut).map { parts[$0] }
        let training = parts.indices.filter { !isHeldOut($0) }.map { parts[$0] }
        let before = try divergence(of: model, on: heldOut)
        guard before.isFinite else { return nil }
        var found = FinalNorm(
            weights: model.finalNorm,
            divergenceBefore: before,
            divergenceAfter: before
        )
        var (current, norm) = (model, TunableParameter(model.finalNorm, center: center))
        for (index, part) in training.enumerated() {
            var hidden = try rows(of: part, .quantized)
            let loss = try loss(on: part)
            var gradients: EndGradients? = EndGradients(current, embeddings: false)
            _ = current.backward(&hidden, loss: loss, execution, addingTo: &gradients)
            guard let gradient = gradients?.finalNorm, gradient.allSatisfy(\.isFinite) else {
                break
            }
            let rate = Self.rate * (1 - Float(index) / Float(training.count))
            norm.step(gradient, ParameterStep(rate: rate, count: index + 1))
            current.finalNorm = norm.values
            progress(.finalNorm(steps: index + 1, of: training.count))
        }
        norm.roundToHalf()
        current.finalNorm = norm.values
        let after = try divergence(of: current, on: heldOut)
        if after < before {
            found.weights = norm.values
            found.divergenceAfter = after
        }
        return found
    }

    private var center: Float { model.configuration.family.description.norm.center }

    /// The parts of the text that are taken, evenly spread.
    private var parts: [Part] {
        let all: [Part] = streams.slices(tokens: Self.partTokens)
            .filter { 2 * $0.rows.count >= Self.partTokens }
            .map { ($0.batch, $0.rows) }
        let count = min(all.count, Self.partCounts.upperBound)
        return (0..<count).map { all[$0 * all.count / count] }
    }

    private func rows(of part: Part, _ activation: Activation) throws -> Matrix {
        try streams.matrix(activation, part.batch).rows(part.rows)
    }

    /// The mean over a part's tokens of KL(original ‖ model).
    private func loss(on part: Part) throws -> TokenLoss {
        let goal = try rows(of: part, .original)
        let (original, execution) = (original, execution)
        return .divergence(weight: 1 / Float(part.rows.count)) { rows in
            original.logits(goal.rows(rows), execution)
        }
    }

    /// The mean over the tokens of some parts.
    private func divergence(of ends: ModelEnds, on parts: [Part]) throws -> Float {
        var (sum, count) = (0.0, 0)
        for part in parts {
            let mean = try ends.value(of: loss(on: part), rows(of: part, .quantized), execution)
            sum += mean * Double(part.rows.count)
            count += part.rows.count
        }
        return Float(sum / Double(count))
    }
}
