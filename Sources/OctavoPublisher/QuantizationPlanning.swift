import OctavoModel
import OctavoQuantizer

/// Says how much time and memory a run takes, and refuses one that takes more memory than it may.
func checkedMemoryPlan(
    _ quantizer: ModelQuantizer,
    _ request: QuantizationRequest,
    _ progress: ProgressHandler
) throws -> MemoryPlan {
    let plan = quantizer.memoryPlan(
        tokens: request.tokens,
        sequenceLength: request.sequenceLength,
        budget: request.memory,
        preparations: preparations(quantizer.configuration, request),
        resident: request.embeddings.map {
            EmbeddingQuantization.resident(quantizer.configuration, $0)
        } ?? 0
    )
    let cost = quantizer.costPlan(tokens: request.tokens, effort: request.effort)
    let embeddings = request.embeddings.map {
        EmbeddingQuantization.work(quantizer.configuration, $0, request.effort)
    }
    let seconds =
        (cost.passes + cost.tuning) / productRate(threads: 1, request.precision)
        + (cost.quantizing + (embeddings ?? 0)) / productRate(threads: 1)
    let expected = "about \(durationText(seconds)) of processor time to quantize, "
    progress(Progress("planning", 1, of: 1, detail: expected + plan.text))
    guard plan.total <= request.memory else {
        throw QuantizationPlanError.memory(needed: plan.total, allowed: request.memory)
    }
    return plan
}

/// What takes memory before layers are quantized.
func preparations(
    _ configuration: ModelConfiguration,
    _ request: QuantizationRequest
) -> [MemoryPlan.Part] {
    var parts: [MemoryPlan.Part] = []
    if request.text == .selfWritten {
        let bytes = writingBytes(configuration, length: request.sequenceLength)
        parts.append(MemoryPlan.Part(name: "the whole model, writing text", bytes: bytes))
    }
    if let encoding = request.embeddings {
        let bytes = EmbeddingQuantization.bytes(
            configuration,
            encoding,
            length: request.sequenceLength
        )
        parts.append(MemoryPlan.Part(name: "embedding and head, being encoded", bytes: bytes))
    }
    return parts
}

/// Somewhere to keep activations: memory, or a file where they are too large for what is allowed.
func activationStorage(
    _ plan: MemoryPlan,
    _ batches: [Int],
    _ directory: String
) throws -> any ActivationStorage {
    guard !plan.keepsActivationsInMemory else { return ActivationMemory() }
    return try ActivationFile(in: directory, plan.activations, batches: batches)
}

extension MemoryPlan {
    /// As a line.
    fileprivate var text: String {
        let disk = keepsActivationsInMemory ? "" : ", and \(byteText(activationBytes)) on disk"
        let parts = parts.filter { $0.bytes > 0 }.map { "\($0.name) \(byteText($0.bytes))" }
        return "at most \(byteText(total)) of memory\(disk): " + parts.joined(separator: ", ")
    }
}
