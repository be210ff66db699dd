internal import OctavoBase

extension Checkpoint {
    /// Reads a GGUF file, or the first of several, as Hugging Face would hold its model.
    init(gguf path: String) throws(CheckpointError) {
        let files = try openGGUF(path)
        let model = try rethrow(
            { .ggufModel(file: lastComponent(path), $0) },
            try GGUFImport(files)
        )
        self.init(
            .gguf,
            path,
            tensors: model.tensors,
            config: model.config.json,
            sideFiles: [
                SideFile(
                    name: "generation_config.json",
                    content: .text(model.config.generation.text(.pretty))
                )
            ],
            sources: files.map { SourceFile(mapped: $0.file) },
            ggufMetadata: files.first?.metadata
        )
    }
}
