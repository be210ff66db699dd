import OctavoBase
import OctavoCheckpoint
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// Tunes a quantized model as a whole, and writes it as a new artifact.
///
/// The story: check that all belongs together and that there is room; open the journal; ask the original
/// about the text, once, where the objective compares with it; make the steps; write the tensors and the
/// files beside them; run the result to record a probe; write record and card; write the report beside the
/// folder and give the folder its name.
///
/// - Parameters:
///   - model: What to tune: a model in the AQLM layout, which stays as it is.
///   - teacher: The original, where the objective compares with it, else nil.
///   - output: A directory that does not exist yet; it appears only when it is whole.
///   - request: The text, and how the model is tuned.
///   - progress: Told how far the work has come.
/// - Returns: The artifact's record.
/// - Throws: What was wrong with the models, the request, the journal or the disk.
public func tune(
    _ model: OpenModel,
    towards teacher: OpenModel?,
    to output: String,
    _ request: TuningRequest,
    progress: @escaping ProgressHandler = { _ in }
) throws -> ArtifactRecord {
    let start = ProcessTime().wall
    let place = try PartialFolder.vacant(output)
    let configuration = try checkPair(model, teacher, request.options.objective)
    let original = try teacher?.configuration()
    let plan = TuningPlan(model, configuration, original, request)
    let parent = try model.record()
    progress(Progress("planning", 1, of: 1, detail: plan.text))
    guard plan.total <= request.memory else {
        throw TuningError.memory(needed: plan.total, allowed: request.memory)
    }
    let context = min(configuration.contextLength, original?.contextLength ?? .max)
    guard request.sequenceLength <= context else {
        throw CalibrationError.sequenceTooLong(request.sequenceLength, context: context)
    }
    let data = try TuningData(model, request)
    for note in data.notes { progress(Progress("reading text", 1, of: 1, note: note)) }
    if let teacher { try checkTokenizers(model, teacher, data.sequences) }
    setBLASThreads(request.options.precision.blasThreads(of: request.threads))
    let sources = try sourceRecords(of: model, progress)
    let originals = try teacher.map { try sourceRecords(of: $0, progress) } ?? []
    let folder = try PartialFolder(for: output, keepsWork: true)
    try folder.begin(identity: identity(of: request, sources, originals), resume: request.resume)
    do {
        let clock = TuningClock()
        let journal = TuningFolder(folder: folder, clock: clock)
        let targets = TuningTargets(
            objective: request.options.objective,
            crossEntropyShare: request.options.crossEntropyShare,
            sequences: data.sequences,
            teacher: try teacher.map {
                try teacherFile(journal, $0, data.sequences, request, progress)
            }
        )
        var tunable = try TunableModel(
            model.languageModel(),
            updatesEmbeddings: request.options.updatesEmbeddings,
            threads: request.threads
        )
        let text = TuningText(
            data.sequences,
            heldOutShare: request.options.heldOutShare,
            seed: request.options.seed
        )
        var tuner = ModelTuner(
            text,
            options: request.options,
            execution: Execution(threads: request.threads)
        )
        tuner.traces = plan.traces
        let teller = TuningProgress(
            tuner,
            groups: tunable.groups,
            clock,
            limit: request.seconds.map { ($0, start) },
            progress
        )
        let result = try tuner.run(
            &tunable,
            journal: journal,
            loss: { try targets.loss(of: $0, weight: $1) },
            progress: teller.report,
            shouldStop: { request.seconds.map { ProcessTime().wall - start > $0 } ?? false }
        )
        let artifact = try folder.makeArtifact()
        var record = try writeTuned(model, parent, tunable, request, to: artifact, progress)
        record.sources = sources
        let tuning = TuningRecord(
            objective: request.options.objective,
            teacher: originals,
            textKind: data.kind.rawValue,
            learnedTokens: data.learnedTokens,
            text: CalibrationRecord(
                text: request.files.map(lastComponent),
                tokens: data.tokens,
                sequenceLength: request.sequenceLength,
                digest: digest(ofTokens: data.sequences.map(\.tokens))
            ),
            heldOut: text.heldOut,
            settings: request.options.json.adding("kernels", .string(kernelNames)),
            steps: result.course.steps,
            bestStep: result.course.best?.step ?? 0,
            lossBefore: result.course.first?.loss ?? .nan,
            lossAfter: result.loss,
            end: result.end.rawValue
        )
        record.tuning = tuning
        try describe(
            artifact,
            named: lastComponent(place),
            &record,
            data.sequences.map(\.tokens),
            threads: request.threads
        )
        var report = TuningReport(title: lastComponent(place), scheme: record.scheme, tuning)
        report.add(result.course, seconds: clock.seconds, groups: tunable.groups)
        report.original = teacher.map { lastComponent($0.path) } ?? ""
        report.add(request, model: lastComponent(model.path), data.notes)
        try AtomicFile.write(report.html, to: place + TuningReport.fileSuffix)
        try folder.commit()
        return record
    } catch {
        try? folder.discardIfEmpty()
        throw error
    }
}

/// Checks that model and original make the same tokens of a sample of the text: tokenizers that agree on it
/// and differ elsewhere do hardly any harm.
private func checkTokenizers(
    _ model: OpenModel,
    _ teacher: OpenModel,
    _ sequences: [TuningSequence]
) throws {
    let (mine, its) = (try model.tokenizer(), try teacher.tokenizer())
    let sample = try mine.decode(
        sequences[0].tokens + sequences[sequences.count - 1].tokens,
        skipSpecialTokens: false
    )
    guard
        try mine.encode(sample, addSpecialTokens: false)
            == its.encode(sample, addSpecialTokens: false)
    else { throw TuningError.tokenizers }
}

/// What the original says about the text: an earlier run's, or asked now.
private func teacherFile(
    _ journal: TuningFolder,
    _ teacher: OpenModel,
    _ sequences: [TuningSequence],
    _ request: TuningRequest,
    _ progress: ProgressHandler
) throws -> TeacherFile {
    let configuration = try teacher.configuration()
    let execution = Execution(threads: request.threads, precision: request.options.precision)
    if fileKind(journal.teacherFile) != .file {
        try TeacherFile.write(
            journal.teacherFile,
            of: teacher,
            sequences: sequences,
            count: request.teacherProbabilities,
            execution,
            progress: progress
        )
    }
    let needsEnds = request.teacherProbabilities == nil
    return try TeacherFile(
        journal.teacherFile,
        sequences: sequences,
        configuration,
        count: request.teacherProbabilities,
        ends: needsEnds ? ModelEnds(configuration: configuration, from: teacher) : nil,
        execution
    )
}

/// Writes the tensors and side files of a tuned model.
///
/// - Returns: The record of the model it was made from, if it has one, with the new files and tensors.
private func writeTuned(
    _ model: OpenModel,
    _ parent: ArtifactRecord?,
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
        parent
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
    // Entries have moved, a directory holds halves, and the norm may be another.
    (record.isCanonical, record.embeddings, record.finalNorm) = (false, nil, nil)
    record.files = files.map(\.file).sorted { $0.path < $1.path }
    record.tensors = files.flatMap(\.tensors).sorted { $0.name < $1.name }
    return record
}

/// What must not change between a run and its resumption.
func identity(
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
