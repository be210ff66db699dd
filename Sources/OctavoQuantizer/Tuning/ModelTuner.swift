public import OctavoModel
import OctavoNumerics

/// Tunes a quantized model as a whole against a loss of its outputs.
///
/// Each step takes some sequences through the model and back; a block is moved as soon as its gradients
/// are known, so that those of one block are in memory at a time.
public struct ModelTuner: Sendable {
    /// What is learned, and how.
    public var options: TuningOptions
    /// The calibration text, and how it is dealt out.
    public let text: TuningText
    /// How passes are carried out.
    public var execution: Execution
    /// Of how many blocks, the last ones, a step keeps all activations for the way back.
    ///
    /// The others are passed once more; the result is the same.
    public var traces = 0

    /// What the logits of some sequences cost, by their indices: a sum over the places that are learned from,
    /// in order, each weighted by the number given.
    public typealias Loss = (_ sequences: [Int], _ weight: Float) throws -> TokenLoss

    /// Prepares a tuning; the precision of passes is that of the options.
    public init(_ text: TuningText, options: TuningOptions, execution: Execution) {
        self.text = text
        self.options = options
        self.execution = execution
        self.execution.precision = options.precision
    }

    /// Makes all steps, or those that an earlier run has left, and leaves the model that was best on the
    /// held-out sequences, rounded to half precision.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - journal: Gives back what an earlier run kept, and takes what is new.
    ///   - loss: What outputs cost.
    ///   - progress: Told of each step.
    ///   - shouldStop: Asked before each step.
    /// - Returns: How it went, why it ended, and the held-out loss of what is left.
    /// - Throws: ``TokenError``, ``StateError``, or what `loss` and the journal throw.
    public func run(
        _ model: inout TunableModel,
        journal: some TuningJournal,
        loss: Loss,
        progress: (TuningEvent) -> Void,
        shouldStop: () -> Bool = { false }
    ) throws -> (course: TuningCourse, end: TuningEnd, loss: Double) {
        var course = TuningCourse()
        var best: TuningState
        if let kept = try journal.kept() {
            course = kept.course
            best = kept.best
            // Whether both fit is found out now, not at the end.
            try model.restore(best, valuesOnly: true)
            try model.restore(kept.state, valuesOnly: false)
            progress(.evaluation(course))
        } else {
            best = try model.state(valuesOnly: true)
            try evaluate(model, &course, loss, progress)
            guard course.first?.loss.isFinite == true else { throw StateError.notFinite }
            try journal.keep(course, state: model.state(valuesOnly: false), best: best)
        }
        var batches = TuningBatches(text, tokens: options.batchTokens)
        for _ in 0..<course.steps { _ = batches.next() }
        var end = course.end(options)
        while end == nil {
            let isOver = shouldStop()
            if isOver, course.evaluations.last?.step == course.steps {
                end = .stopped
                break
            }
            if !isOver {
                course.made.append(try step(course.steps, batches.next(), &model, loss))
                progress(.step(course))
                guard course.made.last?.loss.isFinite == true else {
                    end = .diverged
                    break
                }
                guard
                    course.steps % options.stepsPerEvaluation == 0 || course.steps == options.steps
                else { continue }
            }
            try evaluate(model, &course, loss, progress)
            guard course.evaluations.last?.loss.isFinite == true else {
                end = .diverged
                break
            }
            let isBest = course.best?.step == course.steps
            if isBest { best = try model.state(valuesOnly: true) }
            try journal.keep(
                course,
                state: model.state(valuesOnly: false),
                best: isBest ? best : nil
            )
            end = course.end(options)
        }
        try model.restore(best, valuesOnly: true)
        // What no step made better stays as it was.
        if course.best?.step != 0 { model.roundToHalf() }
        let final = try heldOutLoss(model, loss)
        guard final.isFinite else { throw StateError.notFinite }
        return (course, end ?? .finished, final)
    }

    /// Makes a step, and returns what it was before it.
    private func step(
        _ number: Int,
        _ indices: [Int],
        _ model: inout TunableModel,
        _ loss: Loss
    ) throws -> TuningCourse.Step {
        let sequences = indices.map { text.sequences[$0].tokens }
        let tokens = sequences.flatMap(\.self)
        let factor = options.rateFactor(step: number)
        var ends: EndGradients? = EndGradients(model.ends, embeddings: options.updatesEmbeddings)
        var changed = 0
        let value = try Backpropagation(
            ends: model.ends,
            tokens: tokens,
            layout: BatchLayout(lengths: sequences.map(\.count)),
            loss: self.loss(of: indices, 1 / Float(text.placeCount(of: indices)), loss),
            execution: execution,
            weights: nil,
            traces: traces
        ).run(
            addingTo: &ends,
            block: { model.block($0) },
            finish: { changed += model.step(block: $0, $1, options, rateFactor: factor) }
        )
        if let ends { model.step(ends, options, rateFactor: factor) }
        return TuningCourse.Step(loss: value, tokens: tokens.count, changedGroups: changed)
    }

    /// A loss at the places that are learned from.
    private func loss(of indices: [Int], _ weight: Float, _ loss: Loss) throws -> TokenLoss {
        let all = try loss(indices, weight)
        return text.rows(of: indices).map(all.at) ?? all
    }

    private func evaluate(
        _ model: TunableModel,
        _ course: inout TuningCourse,
        _ loss: Loss,
        _ progress: (TuningEvent) -> Void
    ) throws {
        let evaluation = TuningCourse.Evaluation(
            step: course.steps,
            loss: try heldOutLoss(model, loss)
        )
        course.evaluations.append(evaluation)
        progress(.evaluation(course))
    }

    /// The mean loss of a token of the held-out sequences.
    private func heldOutLoss(_ model: TunableModel, _ loss: Loss) throws -> Double {
        let rotary = model.configuration.rotaryTables(
            lengths: text.heldOut.map { text.sequences[$0].tokens.count }
        )
        let total = text.placeCount(of: text.heldOut)
        // All go through a block before the next is formed.
        var streams = try text.heldOut.map { try model.ends.embed(text.sequences[$0].tokens) }
        for index in 0..<model.configuration.layerCount {
            let block = model.block(index)
            for i in streams.indices {
                let layout = BatchLayout(lengths: [streams[i].rows])
                block.forward(&streams[i], layout: layout, rotary: rotary, execution)
            }
        }
        var sum = 0.0
        for (index, stream) in zip(text.heldOut, streams) {
            let loss = try self.loss(of: [index], 1 / Float(total), loss)
            sum += model.ends.value(of: loss, stream, execution)
        }
        return sum
    }
}
