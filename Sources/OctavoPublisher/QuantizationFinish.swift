import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoModel
import OctavoNumerics
import OctavoQuantizer

/// What a quantization begins with: everything that can be checked is.
struct CheckedQuantization {
    /// Where the result goes, without slashes at the end.
    let place: String
    /// What the result is called.
    let name: String
    /// Whether the result is a container.
    let isContainer: Bool
    let configuration: ModelConfiguration
    let quantizer: ModelQuantizer
    /// The files of the original.
    let sources: [FileRecord]

    /// Checks the request, the files and all weights.
    init(
        of model: OpenModel,
        to output: String,
        _ request: QuantizationRequest,
        _ progress: ProgressHandler
    ) throws {
        let (configuration, dense) = try Self.configuration(of: model, to: output, request)
        let sources = try sourceRecords(of: model, progress)
        try checkWeights(of: model, configuration, dense: dense, progress)
        try self.init(output, request, configuration, dense, sources)
    }

    /// Takes files and weights for checked.
    init(
        of model: OpenModel,
        to output: String,
        _ request: QuantizationRequest,
        sources: [FileRecord]
    ) throws {
        let (configuration, dense) = try Self.configuration(of: model, to: output, request)
        try self.init(output, request, configuration, dense, sources)
    }

    private init(
        _ output: String,
        _ request: QuantizationRequest,
        _ configuration: ModelConfiguration,
        _ dense: Set<String>,
        _ sources: [FileRecord]
    ) throws {
        place = try PartialFolder.vacant(output)
        name = lastComponent(place).removingSuffix(ContainerFile.suffix) ?? lastComponent(place)
        isContainer = place.hasSuffix(ContainerFile.suffix)
        self.configuration = configuration
        self.sources = sources
        quantizer = OctavoPublisher.quantizer(configuration, request, dense)
    }

    private static func configuration(
        of model: OpenModel,
        to output: String,
        _ request: QuantizationRequest
    ) throws -> (ModelConfiguration, dense: Set<String>) {
        let isContainer = try PartialFolder.vacant(output).hasSuffix(ContainerFile.suffix)
        guard isContainer || request.embeddings == nil else {
            throw QuantizationPlanError.embeddingsOutsideContainer
        }
        return try checkedConfiguration(of: model, request)
    }
}

/// Encodes embedding and head, if that is asked for, or takes what a journal has of it.
func encodedEmbeddings(
    of model: OpenModel,
    _ checked: CheckedQuantization,
    _ request: QuantizationRequest,
    _ sequences: [[Int]],
    _ journal: JournalFiles,
    _ times: StageTimes,
    _ progress: @escaping ProgressHandler
) throws -> EncodedEmbeddings? {
    guard let encoding = request.embeddings else { return nil }
    times.begin("embedding and head")
    return try EmbeddingQuantization(
        model: model,
        configuration: checked.configuration,
        encoding: encoding,
        options: checked.quantizer.options,
        isCanonical: request.isCanonical,
        threads: request.threads,
        journal: journal,
        progress: progress
    ).run(sequences)
}

/// Makes the result of a journal that has everything: tensors and files, record and card, the container if one is
/// wanted, and the report beside it.
///
/// - Returns: The record.
func finish(
    _ model: OpenModel,
    _ checked: CheckedQuantization,
    _ request: QuantizationRequest,
    _ journal: FolderJournal,
    _ sequences: [[Int]],
    _ embeddings: EncodedEmbeddings?,
    _ times: StageTimes,
    _ history: () -> QuantizationProgress.History,
    _ progress: @escaping ProgressHandler
) throws -> ArtifactRecord {
    times.begin("writing")
    let artifact = try journal.makeArtifact()
    var record = try writeArtifact(
        model,
        journal,
        checked.configuration,
        request,
        embeddings: embeddings,
        to: artifact,
        progress: progress
    )
    record.sources = checked.sources
    record.solver = checked.quantizer.settings(request.effort)
        .adding("kernels", .string(kernelNames))
    record.calibration = CalibrationRecord(
        text: request.text.names,
        tokens: sequences.reduce(0) { $0 + $1.count },
        sequenceLength: request.sequenceLength,
        digest: digest(ofTokens: sequences)
    )
    try describe(artifact, named: checked.name, &record, sequences, threads: request.threads)
    var made = artifact
    if checked.isContainer {
        made = journal.containerFile
        try removeAll(made)
        try pack(
            OpenModel(artifact),
            encoded: embeddings?.matrices ?? [:],
            to: made,
            threads: request.threads,
            progress: progress
        )
    }
    let report = try report(
        on: OpenModel(made),
        named: checked.name,
        output: lastComponent(checked.place),
        record,
        history(),
        times.end(),
        request,
        original: model
    )
    try AtomicFile.write(report.html, to: checked.place + QuantizationReport.fileSuffix)
    try journal.commit(made)
    return record
}

/// Runs the artifact to record a probe, and writes its record and card.
func describe(
    _ artifact: String,
    named name: String,
    _ record: inout ArtifactRecord,
    _ sequences: [[Int]],
    threads: Int
) throws {
    let model = try OpenModel(artifact)
    record.probe = try recordProbe(
        of: model,
        prompts: sequences,
        threads: threads
    )
    try AtomicFile.write(record.text, to: joined(artifact, ArtifactRecord.fileName))
    let card = ModelCard(title: name, record: record, sizes: model.sizes)
    try AtomicFile.write(card.markdown(), to: joined(artifact, ModelCard.fileName))
}
