import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Tunes a quantized model towards its original, and writes it as a new artifact.
///
/// The story: check that the two belong together and that there is room; open the journal; ask the
/// original about the text, once; make the steps; write the tensors and the files beside them; run the
/// result to record a probe; write record and card; give the folder its name.
///
/// - Parameters:
///   - model: What to tune: a model in the AQLM layout, which stays as it is.
///   - teacher: The original.
///   - output: A directory that does not exist yet; it appears only when it is whole.
///   - request: The text, and how the model is tuned.
///   - progress: Told how far the work has come.
/// - Returns: The artifact's record.
/// - Throws: What was wrong with the models, the request, the journal or the disk.
public func tune(
    _ model: OpenModel,
    towards teacher: OpenModel,
    to output: String,
    _ request: TuningRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> ArtifactRecord {
    let start = ProcessTime().wall
    let place = try PartialFolder.vacant(output)
    let configuration = try checkPair(model, teacher)
    let plan = TuningPlan(model, configuration, request)
    progress(Progress("planning", 1, of: 1, detail: plan.text))
    guard plan.total <= request.memory else {
        throw TuningError.memory(needed: plan.total, allowed: request.memory)
    }
    setBLASThreads(request.threads)
    let sources = try sourceRecords(of: model, progress)
    let originals = try sourceRecords(of: teacher, progress)
    let folder = try PartialFolder(for: output, keepsWork: true)
    try folder.begin(identity: identity(of: request, sources, originals), resume: request.resume)
    do {
        let journal = TuningFolder(folder: folder)
        let sequences = try calibrationSequences(for: model, configuration, request)
        let targets = try teacherFile(journal, teacher, sequences, request, progress)
        var tunable = try TunableModel(
            model.languageModel(),
            updatesEmbeddings: request.options.updatesEmbeddings,
            threads: request.threads
        )
        let text = TuningText(
            sequences,
            heldOutShare: request.options.heldOutShare,
            seed: request.options.seed
        )
        let tuner = ModelTuner(
            text,
            options: request.options,
            execution: Execution(threads: request.threads)
        )
        let course = TuningProgress(tuner, tunable.groups, progress)
        let result = try tuner.run(
            &tunable,
            journal: journal,
            loss: { try targets.loss(of: $0, weight: $1) },
            progress: course.report,
            shouldStop: { request.seconds.map { ProcessTime().wall - start > $0 } ?? false }
        )
        let artifact = try folder.makeArtifact()
        var record = try writeTuned(model, tunable, request, to: artifact, progress)
        record.sources = sources
        record.tuning = TuningRecord(
            teacher: originals,
            text: CalibrationRecord(
                text: request.files.map(lastComponent),
                tokens: sequences.reduce(0) { $0 + $1.count },
                sequenceLength: request.sequenceLength,
                digest: digest(ofTokens: sequences)
            ),
            heldOut: text.heldOut,
            settings: request.options.json,
            steps: result.course.steps,
            bestStep: result.course.best?.step ?? 0,
            lossBefore: result.course.first?.loss ?? .nan,
            lossAfter: result.loss,
            end: result.end.rawValue
        )
        try describe(
            artifact,
            named: lastComponent(place),
            &record,
            sequences,
            threads: request.threads
        )
        try folder.commit()
        return record
    } catch {
        try? folder.discardIfEmpty()
        throw error
    }
}

/// Reads the text.
private func calibrationSequences(
    for model: OpenModel,
    _ configuration: ModelConfiguration,
    _ request: TuningRequest
) throws -> [[Int]] {
    guard request.sequenceLength <= configuration.contextLength else {
        throw CalibrationError.sequenceTooLong(
            request.sequenceLength,
            context: configuration.contextLength
        )
    }
    let found = try sequences(
        fromFiles: request.files,
        count: max(1, request.tokens / request.sequenceLength),
        length: request.sequenceLength,
        model.tokenizer()
    )
    guard found.count > 1 else { throw TuningError.tooFewSequences(found.count) }
    return found
}

/// What the original says about the text: an earlier run's, or asked now.
private func teacherFile(
    _ journal: TuningFolder,
    _ teacher: OpenModel,
    _ sequences: [[Int]],
    _ request: TuningRequest,
    _ progress: ProgressHandler
) throws -> TeacherFile {
    if fileKind(journal.teacherFile) != .file {
        try TeacherFile.write(
            journal.teacherFile,
            of: teacher,
            sequences: sequences,
            count: request.teacherProbabilities,
            threads: request.threads,
            progress: progress
        )
    }
    let needsEnds = request.teacherProbabilities == nil
    return try TeacherFile(
        journal.teacherFile,
        sequences: sequences,
        ends: needsEnds
            ? ModelEnds(configuration: teacher.configuration(), from: teacher) : nil,
        threads: request.threads
    )
}

/// Writes the tensors and side files of a tuned model.
///
/// - Returns: The record of the model it was made from, if it has one, with the new files and tensors.
private func writeTuned(
    _ model: OpenModel,
    _ tuned: TunableModel,
    _ request: TuningRequest,
    to directory: String,
    _ progress: ProgressHandler
) throws -> ArtifactRecord {
    var writer = ModelWriter(
        model: model,
        options: ConversionOptions(
            target: .hfAQLM,
            dtype: .f16,
            maxShardSize: request.maxShardSize
        )
    )
    writer.scheme = model.scheme
    for (path, layer) in tuned.layers { writer.quantized[path] = { layer } }
    for (name, values) in tuned.tensors { writer.replaced[name] = { values } }
    let tensorFiles = try writer.writeTensors(to: directory, progress: progress)
    let files =
        tensorFiles + (try writer.writeSideFiles(to: directory, config: writer.convertedConfig))
    let scheme = model.scheme.map { "\($0)" } ?? ""
    var record =
        try model.record()
        ?? ArtifactRecord(
            toolVersion: octavoVersion,
            sources: [],
            scheme: scheme,
            calibration: .unknown,
            seed: 0,
            solver: .null,
            threads: request.threads,
            layers: [],
            files: [],
            tensors: [],
            probe: []
        )
    record.toolVersion = octavoVersion
    record.files = files.map(\.file).sorted { $0.path < $1.path }
    record.tensors = files.flatMap(\.tensors).sorted { $0.name < $1.name }
    return record
}

/// What must not change between a run and its resumption.
private func identity(
    of request: TuningRequest,
    _ sources: [FileRecord],
    _ originals: [FileRecord]
) throws -> JSON {
    func digests(_ files: [FileRecord]) -> JSON { .array(files.map { .string($0.digest.hex) }) }
    return .object([
        "octavo": .string(octavoVersion), "work": "tune", "settings": request.options.json,
        "tokens": .integer(request.tokens), "sequence_length": .integer(request.sequenceLength),
        "teacher_probabilities": request.teacherProbabilities.map(JSON.integer) ?? .null,
        "threads": .integer(request.threads), "source": digests(sources),
        "teacher": digests(originals),
        "calibration": .array(
            try request.files.map { .string(try MappedFile($0).digest().hex) }
        ),
    ])
}
