import OctavoBase
import OctavoCheckpoint
import OctavoContainer
import OctavoQuantizer
import Synchronization

// The stages that make models: quantize, tune, output.

extension Publication {
    /// The quantized model's name in the workspace: a directory, or a container where embeddings are encoded.
    var quantizedName: String {
        "quantized" + (manifest.quantization.embeddings == nil ? "" : ContainerFile.suffix)
    }
    /// The most tensor bytes in a file: those of the first output that has such files.
    private var shardSize: Int? { manifest.outputs.first { $0.kind == .hfAQLM }?.maxShardSize }
    /// The tuned model's.
    var tunedName: String { "tuned" }

    /// Quantizes the original; what was begun with the same inputs is taken up.
    func quantize(
        _ source: PublishingSource,
        _ mayTakeUp: Bool
    ) async throws -> (files: [String], facts: JSON) {
        try await make(quantizedName, .init(.quantize), mayTakeUp) { place, resume in
            var request = self.manifest.quantization
            request.maxShardSize = self.shardSize ?? request.maxShardSize
            request.resume = resume
            _ = try OctavoPublisher.quantize(
                source.open(),
                to: place,
                request,
                progress: self.progress
            )
        }
    }

    /// Tunes what was quantized.
    func tune(
        _ source: PublishingSource,
        _ mayTakeUp: Bool
    ) async throws -> (files: [String], facts: JSON) {
        try await make(tunedName, .init(.tune), mayTakeUp) { place, resume in
            guard var request = self.manifest.tuning else {
                throw PublishingError.noSuchStage(.tune)
            }
            request.maxShardSize = self.shardSize ?? request.maxShardSize
            request.resume = resume
            _ = try OctavoPublisher.tune(
                OpenModel(self.workspace.place(self.quantizedName)),
                towards: request.options.objective.needsTeacher ? source.open() : nil,
                to: place,
                request,
                progress: self.progress
            )
        }
    }

    /// Makes a model that has a journal of its own: whole already, taken up, or begun.
    private func make(
        _ name: String,
        _ stage: PublishingStage,
        _ mayTakeUp: Bool,
        _ body: @escaping @Sendable (_ place: String, _ resume: Bool) throws -> Void
    ) async throws -> (files: [String], facts: JSON) {
        let place = workspace.place(name)
        let resumes = request.resume
        return try await runBlocking {
            // It has its name once it is whole: the process ended before this was noted.
            if mayTakeUp, fileKind(place) != nil { return (try self.files(of: name), .object([:])) }
            let partial = place + ".partial"
            let journal = joined(partial, PartialFolder.journalFile)
            let isInterrupted = mayTakeUp && fileKind(journal) == .file
            if isInterrupted {
                guard resumes else { throw PublishingError.unfinished(stage) }
            } else {
                try removeAll(partial)
                try removeAll(place)
            }
            try body(place, isInterrupted)
            return (try self.files(of: name), .object([:]))
        }
    }

    /// The files of a directory or the file itself, as paths in the workspace.
    func files(of name: String) throws -> [String] {
        let place = workspace.place(name)
        guard fileKind(place) == .directory else { return [name] }
        return try filesBelow(place).map { joined(name, $0) }
    }

    /// An output's folder, in the workspace.
    func folder(of output: ManifestOutput) -> String { joined("outputs", output.name) }

    /// Writes an output in its form, with its record: what is the same already gets a second name.
    func write(
        _ output: ManifestOutput,
        from master: String
    ) async throws -> (files: [String], facts: JSON) {
        let folder = folder(of: output)
        let (place, progress, name) = (workspace.place(folder), progress, manifest.name)
        let threads = manifest.quantization.threads
        try await runBlocking {
            let partial = place + ".partial"
            try removeAll(partial)
            try makeDirectory(parent(of: partial))
            try writeOutput(
                output,
                named: name,
                of: master,
                to: partial,
                threads: threads,
                progress
            )
            try removeAll(place)
            try moveFile(partial, to: place)
        }
        return (try files(of: folder), .object([:]))
    }
}

/// Writes a quantized model in the form of an output.
private func writeOutput(
    _ output: ManifestOutput,
    named name: String,
    of master: String,
    to place: String,
    threads: Int,
    _ progress: @escaping ProgressHandler
) throws {
    let model = try OpenModel(master)
    func converted(_ target: ConversionOptions.Target, to path: String) throws {
        _ = try convert(
            model,
            to: path,
            ConversionOptions(
                target: target,
                dtype: output.kind == .dense ? output.type?.dtype : nil,
                type: output.kind == .gguf ? output.type?.ggml : nil,
                maxShardSize: output.maxShardSize,
                isMapped: output.isMapped,
                threads: threads
            ),
            progress: progress
        )
    }
    switch output.kind {
    case .hfAQLM where model.container == nil:
        try makeDirectory(place)
        // The card is written anew from more than was known then.
        for file in try directoryEntries(master) where file != ModelCard.fileName {
            try linkOrCopy(joined(master, file), to: joined(place, file))
        }
    case .hfAQLM:
        try converted(.hfAQLM, to: place)
        try removeAll(joined(place, ModelCard.fileName))
    case .aqlm:
        try makeDirectory(place)
        let file = joined(place, name + ContainerFile.suffix)
        if model.container == nil || output.isMapped {
            try converted(.aqlm, to: file)
        } else {
            try linkOrCopy(master, to: file)
        }
    case .gguf:
        try makeDirectory(place)
        try converted(.gguf, to: joined(place, name + ".gguf"))
        try writeDerivedRecord(from: model, to: place, threads: threads, progress)
    case .dense:
        try converted(.dense, to: place)
        try writeDerivedRecord(from: model, to: place, threads: threads, progress)
    }
}

/// Records a model that was written in another form: what went in and was done is that of the quantized one, the
/// files, their tensors and the answers are its own.
private func writeDerivedRecord(
    from master: OpenModel,
    to place: String,
    threads: Int,
    _ progress: @escaping ProgressHandler
) throws {
    guard var record = try master.record() else { return }
    let model = try OpenModel(place)
    record.files = try filesBelow(place).map { path in
        progress(Progress("hashing files", 1, of: 1, detail: path))
        let file = try MappedFile(joined(place, path))
        return FileRecord(path: path, size: file.count, digest: file.digest())
    }
    record.tensors = model.checkpoint.format == .gguf ? [] : try tensorRecords(of: model)
    record.probe = try recordProbe(of: model, prompts: record.probe.map(\.tokens), threads: threads)
    try AtomicFile.write(record.text, to: joined(place, ArtifactRecord.fileName))
}

/// The tensors of a model as a record lists them, sorted by name.
private func tensorRecords(of model: OpenModel) throws -> [TensorRecord] {
    try model.checkpoint.tensors.compactMap { tensor in
        guard case .dtype(let dtype) = tensor.type else { return nil }
        return TensorRecord(
            name: tensor.name,
            dtype: dtype,
            shape: tensor.shape,
            digest: try digest(of: tensor)
        )
    }.sorted { $0.name < $1.name }
}
