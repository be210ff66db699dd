import OctavoModel
import OctavoNumerics
import OctavoQuantizer
import OctavoTestSupport
import Testing

/// A tiny model, the same in few bits, and text.
struct TuningPair {
    let teacher: LanguageModel
    let student: LanguageModel
    let sequences: [TuningSequence]

    init(
        _ scheme: String = "2x4g8",
        sequences count: Int = 10,
        of model: TinyModel = .small
    ) throws {
        let source = try TinySource(model)
        teacher = try LanguageModel(configuration: source.configuration, from: source)
        let quantizer = ModelQuantizer(
            configuration: source.configuration,
            scheme: try #require(Scheme(scheme)),
            options: LayerQuantizerOptions(effort: .quick),
            threads: 2
        )
        let sequences = source.sequences(count, length: 24)
        self.sequences = sequences.map { TuningSequence($0) }
        let journal = MemoryJournal()
        try quantizer.run(
            source: source,
            sequences: sequences,
            storage: ActivationMemory(),
            journal: journal
        )
        student = try LanguageModel(
            configuration: source.configuration,
            from: source.folded(journal)
        )
    }

    func loss(_ indices: [Int], _ weight: Float) throws -> TokenLoss {
        let logits = try indices.map { try teacher.logits(for: sequences[$0].tokens) }
        let whole = Matrix(
            rows: logits.reduce(0) { $0 + $1.rows },
            columns: teacher.configuration.vocabularySize,
            elements: logits.flatMap(\.elements)
        )
        return .divergence(weight: weight) { whole.rows($0) }
    }

    func tuner(_ change: (inout TuningOptions) -> Void = { _ in }) -> ModelTuner {
        var options = TuningOptions()
        options.steps = 12
        options.batchTokens = 72
        options.stepsPerEvaluation = 4
        options.heldOutShare = 0.2
        options.learningRate = 0.01
        change(&options)
        let text = TuningText(sequences, heldOutShare: options.heldOutShare, seed: options.seed)
        return ModelTuner(text, options: options, execution: Execution(threads: 2))
    }

    func tune(
        _ tuner: ModelTuner,
        journal: some TuningJournal = MemoryTuningJournal(),
        progress: (TuningEvent) -> Void = { _ in },
        shouldStop: () -> Bool = { false }
    ) throws -> (
        model: TunableModel, course: TuningCourse, end: TuningEnd, loss: Double
    ) {
        var model = try TunableModel(
            student,
            updatesEmbeddings: tuner.options.updatesEmbeddings,
            threads: 2
        )
        let result = try tuner.run(
            &model,
            journal: journal,
            loss: loss,
            progress: progress,
            shouldStop: shouldStop
        )
        return (model, result.course, result.end, result.loss)
    }
}

/// Keeps a tuning in memory.
final class MemoryTuningJournal: TuningJournal {
    var course: TuningCourse?
    var state = TuningState()
    var best = TuningState()

    func kept() -> (course: TuningCourse, state: TuningState, best: TuningState)? {
        course.map { ($0, state, best) }
    }

    func keep(_ course: TuningCourse, state: TuningState, best: TuningState?) {
        (self.course, self.state) = (course, state)
        if let best { self.best = best }
    }
}
