import OctavoBase
public import OctavoModel
import OctavoQuantizer

/// What the tasks of a phase take, each.
public struct TaskCost: Sendable, Equatable {
    /// What they do.
    public let phase: ClusterPhase
    /// How many there are.
    public let count: Int
    /// Seconds of processor time of one.
    public let cpuSeconds: Double
    /// The most bytes of memory that one takes.
    public let peakMemory: Int
    /// The bytes that one reads of shared storage.
    public let bytesRead: Int
    /// The bytes that one writes to it.
    public let bytesWritten: Int
}

/// Estimates what the tasks of a quantization take that is divided into tasks.
///
/// - Parameters:
///   - configuration: The model's architecture.
///   - request: What is asked for; targets are taken for independent.
///   - weightBytes: The bytes of a weight in the model's files.
///   - rate: The rate of the machines.
/// - Returns: The costs of the phases that have tasks, in order.
/// - Throws: As ``estimateCost(of:_:weightBytes:rate:)``.
public func estimateTasks(
    of configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    weightBytes: Int = 2,
    rate: MachineRate
) throws -> [TaskCost] {
    var request = request
    (request.targets, request.blockTuningEpochs) = (.independent, 0)
    let whole = try estimateCost(of: configuration, request, weightBytes: weightBytes, rate: rate)
    let dense = try denseLinears(
        by: request.exceptions,
        scheme: request.scheme,
        in: configuration
    )
    let quantizer = quantizer(configuration, request, dense)
    let weights = ModelWeights(configuration, quantized: { !dense.contains($0) })
    let blocks = (0..<configuration.layerCount).filter { !quantizer.inputs(ofBlock: $0).isEmpty }
    let slices = quantizer.slices(of: request.plannedSequences).count
    let memory = taskMemory(quantizer, request)
    let moments = blocks.reduce(0) { $0 + quantizer.momentBytes(ofBlock: $1) }
    let source = weights.all * weightBytes
    let blockSource = (weights.all - weights.ends) * weightBytes / max(1, configuration.layerCount)
    let blockCount = max(1, blocks.count)
    let seconds = Dictionary(
        whole.parts.map { ($0.name, $0.cpuSeconds) },
        uniquingKeysWith: { first, _ in first }
    )
    func cost(
        _ phase: ClusterPhase,
        _ count: Int,
        _ work: Double,
        read: Int,
        written: Int
    ) -> TaskCost {
        TaskCost(
            phase: phase,
            count: count,
            cpuSeconds: work + Double(read + written) / rate.bytes,
            peakMemory: memory[phase] ?? 0,
            bytesRead: read,
            bytesWritten: written
        )
    }
    var costs: [TaskCost] = []
    if request.text == .selfWritten {
        costs.append(
            cost(.text, 1, seconds["calibration text"] ?? 0, read: 2 * source, written: 0)
        )
    }
    let passes = (seconds["passes of the calibration text"] ?? 0) / Double(slices)
    costs.append(cost(.hessian, slices, passes, read: source, written: moments))
    if let work = seconds["embedding and head"] {
        costs.append(cost(.embedding, 1, work, read: 2 * source, written: 0))
    }
    costs.append(
        cost(
            .block,
            blocks.count,
            (seconds["quantizing layers"] ?? 0) / Double(blockCount),
            read: slices * moments / blockCount + blockSource,
            written: whole.artifactBytes / blockCount
        )
    )
    costs.append(
        cost(
            .merge,
            1,
            0,
            read: whole.artifactBytes + 2 * (weights.all - weights.quantized) * weightBytes,
            written: whole.artifactBytes
        )
    )
    return costs
}

/// The seconds by the clock that tasks take on some machines that each run one at a time.
///
/// - Parameters:
///   - costs: The tasks.
///   - nodes: How many machines there are.
///   - threads: How many threads a task has, all of them busy.
/// - Returns: The seconds, without any waiting for a scheduler.
public func wallSeconds(_ costs: [TaskCost], nodes: Int, threads: Int) -> Double {
    costs.reduce(0) { sum, cost in
        let rounds = (cost.count + nodes - 1) / max(1, nodes)
        return sum + Double(rounds) * cost.cpuSeconds / Double(max(1, threads))
    }
}

extension ModelQuantizer {
    /// The bytes of the moments of a block's inputs in the file of a slice.
    func momentBytes(ofBlock block: Int) -> Int {
        inputs(ofBlock: block).reduce(0) { sum, input in
            let width = width(of: input)
            return sum + 4 * width * (width + 1) / 2
        }
    }
}
