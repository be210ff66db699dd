import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Puts together what the report on a quantization tells.
///
/// - Parameters:
///   - artifact: The result.
///   - name: What it is called.
///   - output: The name of its directory or file.
///   - record: Its record.
///   - history: What was remembered of the run.
///   - stages: Where the time went.
///   - request: What was asked for.
///   - original: The model it was made from.
/// - Returns: The report.
/// - Throws: When the artifact's configuration cannot be read.
func report(
    on artifact: OpenModel,
    named name: String,
    output: String,
    _ record: ArtifactRecord,
    _ history: QuantizationProgress.History,
    _ stages: [QuantizationReport.Stage],
    _ request: QuantizationRequest,
    original: OpenModel
) throws -> QuantizationReport {
    var report = QuantizationReport(
        title: name,
        scheme: record.scheme,
        sizes: artifact.sizes
    )
    let configuration = try artifact.configuration()
    report.effort = request.effort.rawValue
    report.sources = record.sources.map(\.path)
    report.originalBytes = original.checkpoint.tensors.reduce(0) { $0 + $1.byteCount }
    report.calibration =
        record.calibration.isSelfWritten
        ? "text that the original wrote itself" : record.calibration.text.joined(separator: ", ")
    report.tokens = record.calibration.tokens
    let losses = Dictionary(
        record.layers.map { ($0.name, $0.relativeLoss) },
        uniquingKeysWith: { first, _ in first }
    )
    for block in 0..<configuration.layerCount {
        for linear in configuration.linears(inLayer: block) {
            let path = linear.path(layer: block)
            guard let loss = losses[path] else {
                report.dense.append(path)
                continue
            }
            let (outputs, inputs) = linear.shape(in: configuration)
            report.layers.append(
                QuantizationReport.Layer(
                    block: block,
                    kind: LayerRecord(name: path, relativeLoss: loss).kind,
                    relativeLoss: Double(loss),
                    bits: request.scheme.averageBits(outputs: outputs, inputs: inputs)
                )
            )
        }
    }
    report.blocks = history.blocks
    report.resumedBlocks = history.kept.count
    report.stages = stages
    report.settings = settings(request, record)
    report.warnings = warnings(configuration, record) + rareExpertWarnings(history.rareExperts)
    report.command = request.command(original: lastComponent(original.path), output: output)
    return report
}

/// All that the result depends on.
private func settings(
    _ request: QuantizationRequest,
    _ record: ArtifactRecord
) -> [QuantizationReport.Setting] {
    let settings: [QuantizationReport.Setting] = [
        .init("Scheme", record.scheme), .init("Effort", request.effort.rawValue),
        .init("Targets", request.targets.rawValue),
        .init("Products of the text", request.precision.available.rawValue),
        .init("Calibration tokens", "\(record.calibration.tokens)"),
        .init("Sequence length", "\(record.calibration.sequenceLength)"),
        .init("Calibration text", record.calibration.text.joined(separator: ", ")),
        .init("Final norm", record.finalNorm?.text ?? "the original's"),
        .init("Embedding and head", record.embeddings?.encoding ?? ""),
        .init("Codebooks in order", record.isCanonical ? "yes" : ""),
        .init("Block tuning epochs", "\(request.blockTuningEpochs)"),
        .init("Exceptions", request.exceptions.map(\.description).joined(separator: ", ")),
        .init("Seed", "\(record.seed)"), .init("Threads", "\(record.threads)"),
    ]
    return settings.filter { !$0.value.isEmpty }
}

/// What a reader should know of how well the calibration text carries the result.
private func warnings(_ configuration: ModelConfiguration, _ record: ArtifactRecord) -> [String] {
    let linears = (0..<configuration.layerCount).flatMap(configuration.linears(inLayer:))
    // Experts have tokens of their own, and warnings.
    let widest =
        linears.filter { $0.expertIndex == nil }
        .map { $0.shape(in: configuration).inputs }.max() ?? 0
    let tokens = record.calibration.tokens
    guard tokens < 20 * widest else { return [] }
    return [
        "\(tokens) calibration tokens are few for layers of \(widest) inputs: what different inputs do "
            + "together was counted for less. With \(20 * widest) tokens or more the result would be better."
    ]
}

/// Which experts few calibration tokens pass, a sentence for each block.
private func rareExpertWarnings(_ experts: [ExpertUse]) -> [String] {
    Dictionary(grouping: experts, by: \.block).sorted { $0.key < $1.key }.map { block, experts in
        let list = experts.sorted { $0.expert < $1.expert }.map {
            "\($0.expert) (\($0.tokens == 0 ? "none" : "\($0.tokens)"))"
        }
        return
            "Few calibration tokens pass these experts of block \(block), fewer than they have inputs: "
            + list.joined(separator: ", ")
            + ". What different inputs do together was counted for less, and those without any were fitted "
            + "to all tokens."
    }
}

extension QuantizationRequest {
    /// The command line that asks for the same, with names of files for their paths.
    fileprivate func command(original: String, output: String) -> [String] {
        var words = ["octavo", "quantize", original, output, "--scheme", "\(scheme)"]
        words += ["--effort", effort.rawValue, "--targets", targets.rawValue]
        words += ["--precision", precision.available.rawValue]
        if targets == .independent { words += ["--slices", "\(slices)"] }
        for exception in exceptions { words += ["--except", "\(exception)"] }
        if case .files = text { words += ["--calibration"] + text.names }
        words += ["--tokens", "\(tokens)", "--sequence-length", "\(sequenceLength)"]
        if let embeddings { words += ["--embeddings", "\(embeddings)"] }
        if isCanonical { words.append("--canonical") }
        if blockTuningEpochs > 0 { words += ["--block-tuning-epochs", "\(blockTuningEpochs)"] }
        if maxShardSize != QuantizationRequest(scheme: scheme, threads: 1).maxShardSize {
            words += ["--max-shard-size", "\(maxShardSize)"]
        }
        words += ["--seed", "\(seed)", "--threads", "\(threads)"]
        return words
    }
}
