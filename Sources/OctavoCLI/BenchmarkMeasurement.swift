import OctavoBase
import OctavoModel
import OctavoNumerics
import OctavoPublisher
import OctavoQuantizer

/// What quantizing a layer took, and what came out.
struct LayerMeasurement: Sendable {
    /// A stage of the work.
    struct Stage: Sendable {
        let name: String
        let processorSeconds: Double
        /// In billions.
        let operations: Double
        let relativeLoss: Double?
    }

    let outputs: Int
    let inputs: Int
    let relativeLoss: Double
    let stages: [Stage]
    let wallSeconds: Double
    /// What the machine does in a large product, in billions of operations a second.
    let peak: Double

    /// Quantizes a layer and measures.
    init(
        _ subject: BenchmarkLayer,
        scheme: Scheme,
        options: LayerQuantizerOptions,
        threads: Int
    ) throws {
        outputs = subject.weight.rows
        inputs = subject.weight.columns
        peak = productRate(threads: threads) * 1e-9
        let work = LayerWork(scheme: scheme, outputs: outputs, inputs: inputs, options: options)
        let watch = StageWatch()
        let start = ProcessTime().wall
        let metric = try InputMetric(hessian: subject.hessian, groupSize: scheme.groupSize)
        watch.note("metric", work.metric, nil)
        let layer = try quantize(
            weight: subject.weight,
            metric: metric,
            scheme: scheme,
            options: options
        ) { stage, loss in watch.note(name(of: stage), work.operations(stage), loss) }.layer
        wallSeconds = ProcessTime().wall - start
        stages = watch.stages
        relativeLoss = OctavoCLI.relativeLoss(of: layer, on: subject)
    }

    var processorSeconds: Double { stages.reduce(0) { $0 + $1.processorSeconds } }
    /// Billions of operations a second of processor time.
    var rate: Double { stages.reduce(0) { $0 + $1.operations } / max(processorSeconds, 1e-9) }

    /// As one document.
    func json(_ command: BenchmarkQuantize) -> JSON {
        .object([
            "layer": command.layer.map(JSON.string), "outputs": .integer(outputs),
            "inputs": .integer(inputs), "scheme": .string("\(command.scheme)"),
            "effort": .string(command.effort.rawValue), "seed": .integer(command.seed),
            "threads": .integer(command.threads.count), "relative_loss": .number(relativeLoss),
            "cpu_seconds": .number(processorSeconds), "wall_seconds": .number(wallSeconds),
            "gigaflops": .number(rate), "sgemm_peak_gigaflops": .number(peak),
            "share_of_peak": .number(rate / peak),
            "stages": .array(
                stages.map { stage in
                    .object([
                        "stage": .string(stage.name),
                        "cpu_seconds": .number(stage.processorSeconds),
                        "gigaflops": .number(
                            stage.operations / max(stage.processorSeconds, 1e-9)
                        ),
                        "relative_loss": stage.relativeLoss.map(JSON.number),
                    ])
                }
            ),
        ])
    }

    /// As lines.
    func text(_ command: BenchmarkQuantize) -> String {
        var table = TextTable(["stage", "CPU s", "GFLOP/s", "relative loss"])
        for stage in stages {
            table.add(
                stage.name,
                decimal(stage.processorSeconds, digits: 3),
                decimal(stage.operations / max(stage.processorSeconds, 1e-9), digits: 1),
                stage.relativeLoss.map { decimal($0, digits: 6) } ?? ""
            )
        }
        return """
            layer          \(command.layer ?? "made up"), \(outputs) x \(inputs)
            scheme         \(command.scheme), effort \(command.effort.rawValue), seed \(command.seed)
            relative loss  \(decimal(relativeLoss, digits: 6))
            CPU seconds    \(decimal(processorSeconds, digits: 3)) (wall \(decimal(wallSeconds, digits: 3)), \
            threads \(command.threads.count))
            GFLOP/s        \(decimal(rate, digits: 1)) of \(decimal(peak, digits: 1)) in a large product \
            (\(decimal(100 * rate / peak, digits: 1)) %)

            \(table.text)
            """
    }
}

/// Notes the stages of a layer as they end.
private final class StageWatch {
    private(set) var stages: [LayerMeasurement.Stage] = []
    private var last = ProcessTime().cpu

    func note(_ name: String, _ operations: Double, _ loss: Double?) {
        let now = ProcessTime().cpu
        stages.append(
            LayerMeasurement.Stage(
                name: name,
                processorSeconds: now - last,
                operations: 1e-9 * operations,
                relativeLoss: loss
            )
        )
        last = now
    }
}

/// A stage as the command line names it.
private func name(of stage: LayerReport.Stage) -> String {
    switch stage {
    case .clustering: "k-means"
    case .round(let index): "round \(index)"
    case .refinement(let index): "refinement \(index)"
    case .sweep(let index): "sweep \(index)"
    case .rounding: "rounding"
    }
}
