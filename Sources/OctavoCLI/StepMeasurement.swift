import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoQuantizer

/// What steps of a tuning took, and how near to the machine's limit they came.
struct StepMeasurement: Sendable {
    /// Of how many steps, and the tokens of one.
    let steps: Int
    let tokens: Int
    /// Of how many blocks activations are kept.
    let traces: Int
    /// Of one step.
    let processorSeconds: Double
    let wallSeconds: Double
    /// The products of a step, in billions of operations.
    let operations: Double
    /// How exactly they are computed.
    let precision: ProductPrecision
    /// What the machine does in a large product on the same threads, in billions of operations a second of
    /// processor time: in the precision of the steps, and in single precision.
    let (peak, singlePeak): (Double, Double)

    /// Billions of operations a second of processor time.
    var rate: Double { operations / max(processorSeconds, 1e-9) }
    var tokensPerSecond: Double { Double(tokens) / max(wallSeconds, 1e-9) }

    /// Makes a step that does not count, and then some that do.
    ///
    /// - Parameters:
    ///   - model: A quantized model.
    ///   - options: How a step is made: what is learned, and of how many tokens.
    ///   - sequenceLength: How many tokens a sequence has.
    ///   - steps: How many steps count.
    ///   - threads: The threads that take part.
    ///   - memory: The bytes that the activations may take that a step keeps for the way back.
    /// - Throws: What the tuner finds wrong with the model.
    init(
        _ model: LanguageModel,
        _ options: TuningOptions,
        sequenceLength: Int,
        steps: Int,
        threads: Int,
        memory: Int
    ) throws {
        let configuration = model.configuration
        setBLASThreads(options.precision.blasThreads(of: threads))
        var tunable = try TunableModel(
            model,
            updatesEmbeddings: options.updatesEmbeddings,
            threads: threads
        )
        var options = options
        (options.steps, options.stepsPerEvaluation) = (steps + 1, steps + 1)
        let perStep = max(1, options.batchTokens / sequenceLength)
        options.batchTokens = perStep * sequenceLength
        var generator = SeededGenerator(seed: options.seed)
        let sequences = (0...perStep).map { _ in
            TuningSequence(
                (0..<sequenceLength).map { _ in
                    Int.random(in: 0..<configuration.vocabularySize, using: &generator)
                }
            )
        }
        var tuner = ModelTuner(
            TuningText(sequences, heldOutShare: 0, seed: options.seed),
            options: options,
            execution: Execution(threads: threads)
        )
        tuner.traces = BlockTrace.count(
            fittingInto: memory,
            tokens: options.batchTokens,
            configuration
        )
        traces = tuner.traces
        let watch = StepWatch()
        var peaks = ProductSpeeds(options.precision, threads)
        _ = try tuner.run(
            &tunable,
            journal: NoJournal(),
            loss: { indices, weight in
                Self.loss(indices.count * sequenceLength, configuration, weight)
            },
            progress: { if case .step = $0 { watch.note() } }
        )
        peaks.measure()
        precision = options.precision
        (peak, singlePeak) = (peaks.own * 1e-9, peaks.single * 1e-9)
        self.steps = steps
        tokens = options.batchTokens
        processorSeconds = watch.mean(\.cpu)
        wallSeconds = watch.mean(\.wall)
        operations =
            1e-9
            * stepOperations(
                configuration,
                tokens: tokens,
                sequenceLength: sequenceLength,
                traces: tuner.traces,
                updatesEmbeddings: options.updatesEmbeddings
            )
    }

    /// The divergence from a made-up original that names 64 tokens at each place.
    private static func loss(
        _ rows: Int,
        _ configuration: ModelConfiguration,
        _ weight: Float
    ) -> TokenLoss {
        let count = min(64, configuration.vocabularySize)
        let stride = max(1, configuration.vocabularySize / count)
        return .divergence(weight: weight) { range in
            let shares = (0..<count).map { 1 / Float($0 + 1) }
            let sum = shares.reduce(0, +) / 0.9
            return LargestProbabilities(
                count: count,
                indices: range.flatMap { row in
                    (0..<count).map {
                        Int32(($0 * stride + row) % configuration.vocabularySize)
                    }
                },
                values: range.flatMap { _ in shares.map { $0 / sum } }
            )
        }
    }

    /// As one document.
    func json(_ command: BenchmarkTune) -> JSON {
        .object([
            "model": .string(command.subject),
            "update": .string(command.update.rawValue), "steps": .integer(steps),
            "tokens": .integer(tokens), "sequence_length": .integer(command.sequenceLength),
            "kept_blocks": .integer(traces), "threads": .integer(command.threads.count),
            "cpu_seconds": .number(processorSeconds),
            "wall_seconds": .number(wallSeconds), "tokens_per_second": .number(tokensPerSecond),
            "precision": .string(precision.rawValue), "gigaflops": .number(rate),
            "peak_gigaflops": .number(peak), "sgemm_peak_gigaflops": .number(singlePeak),
            "share_of_peak": .number(rate / peak),
        ])
    }

    /// As lines.
    func text(_ command: BenchmarkTune) -> String {
        """
        model        \(command.subject)
        step         \(tokens) tokens in sequences of \(command.sequenceLength), --update \
        \(command.update.rawValue), the mean of \(steps), activations of \(traces) blocks kept
        CPU seconds  \(decimal(processorSeconds, digits: 3)) (wall \(decimal(wallSeconds, digits: 3)), \
        threads \(command.threads.count)), \(decimal(tokensPerSecond, digits: 0)) tokens/s
        GFLOP/s      \(decimal(rate, digits: 1)) of \(decimal(peak, digits: 1)) in a large product in \
        \(precision.rawValue), a second of processor time each (\(decimal(100 * rate / peak, digits: 1)) %)
        sgemm        \(decimal(singlePeak, digits: 1)) GFLOP/s in a large product in single precision
        """
    }
}

/// How many operations the products of a step take, a multiplication and an addition as two: the blocks'
/// linears forward, and two products on the way back; attention likewise, half of its squares; both forward once more
/// where activations are not kept, which those within experts never are; the head's, once each way.
func stepOperations(
    _ configuration: ModelConfiguration,
    tokens: Int,
    sequenceLength: Int,
    traces: Int,
    updatesEmbeddings: Bool
) -> Double {
    var operations = 0.0
    for block in 0..<configuration.layerCount {
        let passes = block < configuration.layerCount - traces ? 8.0 : 6
        operations += passes * Double(sequenceLength) * Double(configuration.queryWidth)
        for name in configuration.linears(inLayer: block) {
            let (outputs, inputs) = name.shape(in: configuration)
            var share = 1.0
            if name.expertIndex != nil, let experts = configuration.experts {
                share = Double(experts.activeCount) / Double(experts.count)
            }
            operations +=
                (name.expertIndex == nil ? passes : 8) * share * Double(outputs) * Double(inputs)
        }
    }
    let head = Double(configuration.vocabularySize) * Double(configuration.hiddenSize)
    return Double(tokens) * (operations + (updatesEmbeddings ? 6 : 4) * head)
}

/// Operations a second of processor time in products of large matrices, the best of a few.
private struct ProductSpeeds {
    let precision: ProductPrecision
    let threads: Int
    /// In the precision of the steps, and in single precision.
    private(set) var (own, single) = (0.0, 0.0)

    init(_ precision: ProductPrecision, _ threads: Int) {
        (self.precision, self.threads) = (precision, threads)
        measure()
    }

    mutating func measure() {
        single = max(single, speed(.single))
        own = precision == .single ? single : max(own, speed(precision))
    }

    private func speed(_ precision: ProductPrecision) -> Double {
        setBLASThreads(threads)
        defer { setBLASThreads(self.precision.blasThreads(of: threads)) }
        let size = 1024
        let count = size * size
        let a = Matrix(rows: size, columns: size, elements: .init(repeating: 0.5, count: count))
        var c = a
        let best = (0..<12).map { _ in
            let start = ProcessTime().cpu
            multiply(a, a, into: &c, precision: precision, threads: threads)
            return ProcessTime().cpu - start
        }.min()
        return 2 * Double(count) * Double(size) / max(best ?? 0, 1e-9)
    }
}

/// Notes when steps end.
private final class StepWatch {
    private var ends: [ProcessTime] = []

    func note() { ends.append(ProcessTime()) }

    /// The mean of all steps but the first.
    func mean(_ time: KeyPath<ProcessTime, Double>) -> Double {
        guard let first = ends.first, let last = ends.last, ends.count > 1 else { return 0 }
        return (last[keyPath: time] - first[keyPath: time]) / Double(ends.count - 1)
    }
}

/// Keeps nothing.
private struct NoJournal: TuningJournal {
    func kept() -> (course: TuningCourse, state: TuningState, best: TuningState)? { nil }
    func keep(_ course: TuningCourse, state: TuningState, best: TuningState?) {}
}
