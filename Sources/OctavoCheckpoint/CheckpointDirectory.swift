internal import OctavoBase

extension Checkpoint {
    /// Reads a directory in Hugging Face layout.
    ///
    /// A `model.safetensors` takes precedence over an index, as it does for the Transformers library.
    init(directory: String) throws(CheckpointError) {
        let names = try rethrow(CheckpointError.file, try directoryEntries(directory))
        var sources: [SourceFile] = []
        let files: [SafetensorsFile]
        if names.contains("model.safetensors") {
            files = [try openSafetensors(joined(directory, "model.safetensors"))]
        } else if names.contains(ShardIndex.fileName) {
            let (json, source) = try readJSON(
                ShardIndex.fileName,
                in: directory,
                limit: 100_000_000
            )
            files = try openShards(json, in: directory, among: names)
            sources.append(source)
        } else {
            throw .notAModel(directory, found: names)
        }
        guard names.contains("config.json") else { throw .missingConfig(directory: directory) }
        let (config, configSource) = try readJSON("config.json", in: directory, limit: 16_000_000)
        sources.append(configSource)
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
            tensors: files.flatMap(\.checkpointTensors),
            config: config,
            sideFiles: sideFiles,
            sources: files.map { SourceFile(mapped: $0.file) } + sources
        )
    }
}

/// Opens the shards that an index names, and checks them against it.
private func openShards(
    _ json: JSON,
    in directory: String,
    among names: [String]
) throws(CheckpointError) -> [SafetensorsFile] {
    let index = try rethrow(CheckpointError.shardIndex, try ShardIndex(json))
    let present = Set(names.map(UTF8Key.init))
    var files: [SafetensorsFile] = []
    for shard in index.shards {
        guard present.contains(UTF8Key(shard)) else { throw .shardIndex(.missingShard(shard)) }
        files.append(try openSafetensors(joined(directory, shard)))
    }
    try rethrow(CheckpointError.shardIndex, try index.check(files, present: names))
    return files
}

/// Opens a safetensors file.
func openSafetensors(_ path: String) throws(CheckpointError) -> SafetensorsFile {
    let file = try rethrow(CheckpointError.file, try MappedFile(path))
    return try rethrow(
        { .safetensors(file: lastComponent(path), $0) },
        try SafetensorsFile(file)
    )
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
                range: $0.bytes,
                transform: nil
            )
        }
    }
}
