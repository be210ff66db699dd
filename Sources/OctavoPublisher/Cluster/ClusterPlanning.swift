import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoQuantizer

/// Divides a quantization into tasks, and makes the folder that they share.
///
/// Everything is checked and read once here that a single run checks first: the options, all weights, and the
/// calibration text where it comes from files.
///
/// - Parameters:
///   - model: The original.
///   - output: Where the result will be.
///   - directory: The folder to make, on storage that all machines share.
///   - request: What is asked for; its targets must be independent.
///   - progress: Told how far the reading has come.
/// - Returns: The folder.
/// - Throws: ``ClusterError``, or what a single run would refuse.
public func planTasks(
    of model: OpenModel,
    to output: String,
    in directory: String,
    _ request: QuantizationRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> WorkDirectory {
    guard request.targets == .independent else {
        throw ClusterError.targets(request.targets.rawValue)
    }
    for path in [absolute(directory), absolute(output), absolute(model.path)] {
        guard path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F }) else {
            throw ClusterError.path(path)
        }
    }
    if let kind = fileKind(directory),
        try kind != .directory || !directoryEntries(directory).isEmpty
    {
        throw ClusterError.exists(directory)
    }
    let checked = try CheckedQuantization(of: model, to: output, request, progress)
    let quantizer = checked.quantizer
    let costs = taskMemory(quantizer, request)
    if let largest = costs.values.max(), largest > request.memory {
        throw QuantizationPlanError.memory(needed: largest, allowed: request.memory)
    }
    var tensors: [String: Digest] = [:]
    for (index, tensor) in model.checkpoint.tensors.enumerated() {
        progress(Progress("digests of tensors", index + 1, of: model.checkpoint.tensors.count))
        tensors[tensor.name] = try tensorDigest(tensor)
    }
    var sequences: [[Int]]?
    if case .files = request.text {
        sequences = try calibration(for: model, request, checked.configuration, progress)
    }
    let plan = ClusterPlan(
        request: request,
        model: absolute(model.path),
        output: absolute(checked.place),
        sources: checked.sources,
        tensors: tensors,
        slices: quantizer.slices(of: sequences ?? request.plannedSequences).count,
        blocks: (0..<checked.configuration.layerCount).filter {
            !quantizer.inputs(ofBlock: $0).isEmpty
        },
        binary: try .current(),
        work: hexadecimal((0..<8).map { _ in UInt8.random(in: 0...255) })
    )
    return try WorkDirectory(making: directory, plan, calibration: sequences)
}

extension QuantizationRequest {
    /// Sequences of the lengths that a text will have that the model is still to write.
    var plannedSequences: [[Int]] {
        let sequence = [Int](repeating: 0, count: sequenceLength)
        return [[Int]](repeating: sequence, count: tokens / sequenceLength)
    }
}

/// The most bytes of memory that a task of each phase takes.
func taskMemory(_ quantizer: ModelQuantizer, _ request: QuantizationRequest) -> [ClusterPhase: Int]
{
    let configuration = quantizer.configuration
    let program = quantizer.memoryPlan(tokens: 1, sequenceLength: 1).parts.first?.bytes ?? 0
    var memory: [ClusterPhase: Int] = [:]
    let sequences = request.plannedSequences
    let sizes = quantizer.slices(of: sequences).map {
        quantizer.batchSizes(of: sequences, slice: $0).reduce(0, +)
    }
    memory[.hessian] =
        quantizer.slicePlan(
            tokens: sizes.max() ?? 0,
            sequenceLength: request.sequenceLength,
            budget: request.memory
        ).total
    memory[.block] = quantizer.blockTaskBytes
    if request.text == .selfWritten {
        memory[.text] = program + writingBytes(configuration, length: request.sequenceLength)
    }
    if let encoding = request.embeddings {
        memory[.embedding] =
            program
            + EmbeddingQuantization.bytes(configuration, encoding, length: request.sequenceLength)
    }
    memory[.merge] =
        quantizer.probeBytes
        + (request.embeddings.map { EmbeddingQuantization.resident(configuration, $0) } ?? 0)
    return memory
}

/// What submitting a quantization to Slurm would do: its calls and scripts.
///
/// Nothing is written, and no weights are read.
///
/// - Parameters:
///   - model: The original.
///   - output: Where the result would be.
///   - directory: The folder that would be made.
///   - request: What is asked for; its targets must be independent.
///   - options: How tasks would be submitted.
///   - binary: The program that would run them.
/// - Returns: A shell script, in which `PLAN` stands for the name that the plan would get.
/// - Throws: ``ClusterError``, or what a single run would refuse.
public func dryRun(
    of model: OpenModel,
    to output: String,
    in directory: String,
    _ request: QuantizationRequest,
    _ options: SlurmOptions,
    binary: String
) throws -> String {
    guard request.targets == .independent else {
        throw ClusterError.targets(request.targets.rawValue)
    }
    let checked = try CheckedQuantization(of: model, to: output, request, sources: [])
    let quantizer = checked.quantizer
    let sketch = ClusterPlan(
        sketching: request,
        slices: quantizer.slices(of: request.plannedSequences).count,
        blocks: (0..<checked.configuration.layerCount).filter {
            !quantizer.inputs(ofBlock: $0).isEmpty
        }
    )
    return WorkDirectory(sketching: directory, sketch).dryRun(
        options,
        binary: binary,
        memory: taskMemory(quantizer, request)
    )
}
