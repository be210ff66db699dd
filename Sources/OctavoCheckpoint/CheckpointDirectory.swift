internal import OctavoBase

extension Checkpoint {
    /// Reads a directory in Hugging Face layout.
    ///
    /// Of several sets of weights the first of these is the model, as it is for the Transformers
    /// library: `model.safetensors`, shards of it, `pytorch_model.bin`, shards of it.
    init(directory: String) throws(CheckpointError) {
        let names = try rethrow(CheckpointError.file, try directoryEntries(directory))
        let weights = try openWeights(in: directory, among: names)
        guard names.contains("config.json") else { throw .missingConfig(directory: directory) }
        let (config, configSource) = try readJSON(
            "config.json",
            in: directory,
            limit: largestConfig
        )
        var sources = weights.sources + [configSource]
        var sideFiles: [SideFile] = []
        for name in names where isSideFile(name) {
            let path = joined(directory, name)
            guard fileKind(path) == .file else { continue }
            sideFiles.append(SideFile(name: name, content: .file(path: path)))
            sources.append(
                SourceFile(mapped: try rethrow(CheckpointError.file, try MappedFile(path)))
            )
        }
        self.init(
            .directory,
            directory,
            tensors: withOneEmbedding(weights.files.flatMap(\.tensors), config: config),
            config: config,
            sideFiles: sideFiles,
            sources: sources
        )
    }
}

/// The tensors of a model, its embedding among them, and its head unless that is the same bytes.
///
/// Where head and embedding are one matrix, writers save it under one name, and some take the head's;
/// PyTorch may save it under both.
func withOneEmbedding(_ tensors: [CheckpointTensor], config: JSON) -> [CheckpointTensor] {
    let (embedding, head) = ("model.embed_tokens.weight", "lm_head.weight")
    guard let matrix = tensors.first(where: { $0.name == embedding }) else {
        return tensors.map { $0.name == head ? $0.renamed(embedding) : $0 }
    }
    guard config["tie_word_embeddings"] == true else { return tensors }
    return tensors.filter { $0.name != head || !$0.isSameBytes(as: matrix) }
}

/// The most bytes that a config.json may have.
public let largestConfig = 16_000_000

/// Opens the weights of a directory; the sources are their files, and the index if there is one.
private func openWeights(
    in directory: String,
    among present: [String]
) throws(CheckpointError) -> (files: [WeightFile], sources: [SourceFile]) {
    func open(_ shards: [String], of names: WeightFileNames) throws(CheckpointError) -> [WeightFile]
    {
        var files: [WeightFile] = []
        for shard in shards { files.append(try WeightFile(joined(directory, shard), as: names)) }
        return files
    }
    for names in WeightFileNames.all {
        if present.contains(names.whole) {
            let files = try open([names.whole], of: names)
            return (files, files.map { SourceFile(mapped: $0.file) })
        }
        if present.contains(names.index) {
            let (json, source) = try readJSON(names.index, in: directory, limit: 100_000_000)
            let index = try rethrow(CheckpointError.shardIndex, try ShardIndex(json, of: names))
            let known = Set(present.map(UTF8Key.init))
            if let absent = index.shards.first(where: { !known.contains(UTF8Key($0)) }) {
                throw .shardIndex(.missingShard(absent))
            }
            let files = try open(index.shards, of: names)
            try rethrow(CheckpointError.shardIndex, try index.check(files, present: present))
            return (files, files.map { SourceFile(mapped: $0.file) } + [source])
        }
        let shards = try rethrow(
            CheckpointError.shardIndex,
            try unindexedShards(names, among: present)
        )
        if !shards.isEmpty {
            let files = try open(shards, of: names)
            try rethrow(CheckpointError.shardIndex, try checkUnindexed(files))
            return (files, files.map { SourceFile(mapped: $0.file) })
        }
    }
    throw .notAModel(directory, found: present)
}

/// Reads a JSON file of at most `limit` bytes.
private func readJSON(
    _ name: String,
    in directory: String,
    limit: Int
) throws(CheckpointError) -> (JSON, SourceFile) {
    let path = joined(directory, name)
    let bytes = try rethrow(CheckpointError.file, try readFile(path, limit: limit))
    let json = try rethrow({ .badJSON(file: name, $0) }, try JSON(parsing: bytes))
    let file = try rethrow(CheckpointError.file, try MappedFile(path))
    return (json, SourceFile(mapped: file))
}

/// Passes on what an expression gives, and wraps what it throws.
func rethrow<R, E: Error>(
    _ wrap: (E) -> CheckpointError,
    _ expression: @autoclosure () throws(E) -> R
) throws(CheckpointError) -> R {
    do throws(E) { return try expression() } catch { throw wrap(error) }
}

extension SafetensorsFile {
    /// The tensors as a checkpoint presents them.
    var checkpointTensors: [CheckpointTensor] {
        tensors.map {
            CheckpointTensor(
                name: $0.name,
                type: .dtype($0.dtype),
                shape: $0.shape,
                file: file,
                range: $0.bytes
            )
        }
    }
}
