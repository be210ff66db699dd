import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Quantizes a model and writes it in the published AQLM layout with its record and card.
///
/// The story: check everything that can be checked; open the journal; get the calibration text;
/// quantize block after block; write the tensors and the files beside them; run the result to record
/// a probe; write record and card; give the folder its name.
///
/// - Parameters:
///   - model: The original, not quantized.
///   - output: A directory that does not exist yet; it appears only when it is whole.
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
    let name = lastComponent(try PartialFolder.vacant(output))
    let configuration = try checkedConfiguration(of: model, request)
    let sources = try sourceRecords(of: model, progress)
    try checkWeights(of: model, configuration, progress)
    let journal = try FolderJournal(
        for: output,
        identity: identity(of: request, sources),
        resume: request.resume,
        scheme: request.scheme,
        configuration: configuration
    )
    do {
        let sequences = try calibration(for: model, request, journal, configuration, progress)
        var options = LayerQuantizerOptions()
        options.seed = UInt64(request.seed)
        let quantizer = ModelQuantizer(
            configuration: configuration,
            scheme: request.scheme,
            options: options,
            threads: request.threads
        )
        let reporter = LayerProgressReporter(configuration, progress)
        try quantizer.run(
            source: model,
            sequences: sequences,
            journal: journal,
            progress: reporter.report
        )
        let artifact = try journal.makeArtifact()
        var record = try writeArtifact(
            model,
            journal,
            configuration,
            request,
            to: artifact,
            progress: progress
        )
        record.sources = sources
        record.solver = options.json
        record.calibration = CalibrationRecord(
            text: request.text.names,
            tokens: sequences.reduce(0) { $0 + $1.count },
            sequenceLength: request.sequenceLength,
            digest: digest(ofTokens: sequences)
        )
        try describe(artifact, named: name, &record, sequences, request)
        try journal.commit()
        return record
    } catch {
        try? journal.discardIfEmpty()
        throw error
    }
}

/// Runs the artifact to record a probe, and writes its record and card.
private func describe(
    _ artifact: String,
    named name: String,
    _ record: inout ArtifactRecord,
    _ sequences: [[Int]],
    _ request: QuantizationRequest
) throws {
    let model = try OpenModel(artifact)
    record.probe = try recordProbe(
        of: model.languageModel(),
        prompts: sequences,
        threads: request.threads
    )
    try AtomicFile.write(record.text, to: joined(artifact, ArtifactRecord.fileName))
    let card = ModelCard(title: name, record: record, sizes: model.sizes)
    try AtomicFile.write(card.markdown(), to: joined(artifact, ModelCard.fileName))
}

extension LayerQuantizerOptions {
    /// The solver's settings, but for the seed, as the record keeps them.
    fileprivate var json: JSON {
        .object([
            "clustering_passes": .integer(clusteringPasses), "rounds": .integer(rounds),
            "sweeps": .integer(sweeps), "least_gain": .number(leastGain), "beam": .integer(beam),
            "solver_steps": .integer(solverSteps),
        ])
    }
}

/// The digests of the files that a model is made of.
private func sourceRecords(of model: OpenModel, _ progress: ProgressHandler) throws -> [FileRecord]
{
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
    let count = request.tokens / request.sequenceLength
    setBLASThreads(request.threads)
    let found =
        switch request.text {
        case .files(let paths):
            try sequences(
                fromFiles: paths,
                count: count,
                length: request.sequenceLength,
                model.tokenizer()
            )
        case .selfWritten:
            try sequences(
                writtenBy: model,
                count: count,
                length: request.sequenceLength,
                seed: UInt64(request.seed),
                threads: request.threads,
                progress: progress
            )
        }
    try journal.keep(calibration: found)
    return found
}
