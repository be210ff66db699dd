import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Quantizes a model and writes it in the published AQLM layout with its record and card, in a folder or in
/// a container.
///
/// The story: check everything that can be checked; open the journal; get the calibration text; encode
/// embedding and head, if they are to be; quantize block after block; write the tensors and the files beside
/// them; run the result to record a probe; write record and card; pack the folder if a container is wanted;
/// give the output its name, and put the report beside it.
///
/// - Parameters:
///   - model: The original, not quantized.
///   - output: A directory, or a file whose name ends in `.aqlm`, that does not exist yet; it appears only when
///     it is whole.
///   - request: Scheme, calibration and the rest.
///   - progress: Told how far the work has come.
/// - Returns: The artifact's record.
/// - Throws: What was wrong with the model, the request, the journal or the disk.
public func quantize(
    _ model: OpenModel,
    to output: String,
    _ request: QuantizationRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> ArtifactRecord {
    let times = StageTimes()
    times.begin("reading and checking")
    let checked = try CheckedQuantization(of: model, to: output, request, progress)
    let (configuration, quantizer) = (checked.configuration, checked.quantizer)
    let plan = try checkedMemoryPlan(quantizer, request, progress)
    let journal = try FolderJournal(
        for: output,
        identity: identity(of: request, checked.sources, quantizer.settings(request.effort)),
        resume: request.resume,
        scheme: request.scheme,
        configuration: configuration
    )
    do {
        times.begin("calibration text")
        let sequences = try calibration(for: model, request, journal, configuration, progress)
        let embeddings = try encodedEmbeddings(
            of: model,
            checked,
            request,
            sequences,
            journal.files,
            times,
            progress
        )
        let run = QuantizationProgress(quantizer, times, progress)
        try quantizer.run(
            source: model,
            ends: embeddings.map {
                EncodedSource(model: model, matrices: $0.matrices, threads: request.threads)
            },
            sequences: sequences,
            storage: activationStorage(plan, quantizer.batchSizes(of: sequences), journal.path),
            journal: journal,
            progress: run.report
        )
        return try finish(
            model,
            checked,
            request,
            journal,
            sequences,
            embeddings,
            times,
            { run.history },
            progress
        )
    } catch {
        try? journal.discardIfEmpty()
        throw error
    }
}

/// The quantizer that a request asks for.
func quantizer(
    _ configuration: ModelConfiguration,
    _ request: QuantizationRequest,
    _ dense: Set<String>
) -> ModelQuantizer {
    let options = LayerQuantizerOptions(effort: request.effort, seed: UInt64(request.seed))
    var quantizer = ModelQuantizer(
        configuration: configuration,
        scheme: request.scheme,
        options: options,
        threads: request.threads
    )
    quantizer.targets = request.targets
    // Weights are laid out for each batch anew. Slices are of whole batches: small ones leave more to choose from.
    if request.targets != .independent { quantizer.batchTokens = 4096 }
    quantizer.precision = request.precision
    quantizer.sliceCount = request.slices
    quantizer.unquantized = dense
    if request.blockTuningEpochs > 0 {
        var tuning = BlockTuningOptions()
        tuning.epochs = request.blockTuningEpochs
        tuning.seed = UInt64(request.seed)
        quantizer.tuning = tuning
    }
    return quantizer
}

extension ModelQuantizer {
    /// The settings that the result depends on, but for the seed, as the record keeps them.
    func settings(_ effort: Effort) -> JSON {
        .object([
            "effort": .string(effort.rawValue), "targets": .string(targets.rawValue),
            "precision": .string(precision.available.rawValue),
            "clustering_passes": .integer(options.clusteringPasses),
            "rounds": .integer(options.rounds), "hypotheses": .integer(options.hypotheses),
            "refinements": .integer(options.refinements),
            "refined_inputs": .integer(options.refinedInputs),
            "refinement_hypotheses": .integer(options.refinementHypotheses),
            "continuations": .integer(options.continuations), "sweeps": .integer(options.sweeps),
            "least_gain": .number(options.leastGain), "beam": .integer(options.beam),
            "solver_steps": .integer(options.solverSteps),
            "batch_tokens": .integer(batchTokens),
            "tuning_batch_tokens": .integer(tuningBatchTokens),
            "block_tuning": tuning.map(\.json) ?? .null,
            "hessian_slices": targets == .independent ? .integer(sliceCount) : nil,
        ])
    }
}

extension BlockTuningOptions {
    fileprivate var json: JSON {
        .object([
            "epochs": .integer(epochs), "learning_rate": .number(Double(learningRate)),
            "weighting": .string("\(weighting)"), "held_out_share": .number(heldOutShare),
            "patience": .integer(patience),
        ])
    }
}

/// The digests of the files that a model is made of.
func sourceRecords(of model: OpenModel, _ progress: ProgressHandler) throws -> [FileRecord] {
    let sources = model.checkpoint.sources
    return try sources.enumerated().map { index, file in
        progress(Progress("reading sources", index + 1, of: sources.count, detail: file.name))
        return FileRecord(path: file.name, size: file.size, digest: try file.digest())
    }
}

/// The calibration sequences: the journal's, or new ones that the journal then keeps.
private func calibration(
    for model: OpenModel,
    _ request: QuantizationRequest,
    _ journal: FolderJournal,
    _ configuration: ModelConfiguration,
    _ progress: @escaping ProgressHandler
) throws -> [[Int]] {
    if let kept = try journal.calibration() { return kept }
    let found = try calibration(for: model, request, configuration, progress)
    try journal.keep(calibration: found)
    return found
}

/// New calibration sequences.
func calibration(
    for model: OpenModel,
    _ request: QuantizationRequest,
    _ configuration: ModelConfiguration,
    _ progress: @escaping ProgressHandler
) throws -> [[Int]] {
    let count = request.tokens / request.sequenceLength
    setBLASThreads(request.threads)
    switch request.text {
    case .files(let paths):
        return try sequences(
            fromFiles: paths,
            count: count,
            length: request.sequenceLength,
            model.tokenizer()
        )
    case .selfWritten:
        return try sequences(
            writtenBy: model,
            count: count,
            length: request.sequenceLength,
            seed: UInt64(request.seed),
            threads: request.threads,
            progress: progress
        )
    }
}
