import OctavoBase
public import OctavoCheckpoint
import OctavoContainer

/// All that is to be said of a model without reading its weights: headers, configuration and the files
/// beside it.
///
/// What Octavo cannot run is described all the same, as far as its files go.
public struct ModelInspection: Sendable {
    /// What the model was read from.
    public let format: Checkpoint.Format
    /// The model's type as its configuration names it, or a GGUF file's architecture.
    public let family: String?
    /// Why Octavo does not run the model; nil if it does.
    public let obstacle: String?
    /// The scheme of its quantized linears, if they are in the AQLM layout.
    public let aqlm: AQLMParameters?
    /// The sizes that its configuration declares.
    public let shape: ModelShape
    /// Its tensors, those alike as one.
    public let groups: [TensorGroup]
    /// Its tensors one by one.
    public let tensors: [InspectedTensor]
    /// The files that hold tensors, sorted by name.
    public let weightFiles: [FileSize]
    /// The files that go along with the weights, sorted by name.
    public let sideFiles: [FileSize]
    /// What its tokenizer is; nil if it has none.
    public let tokenizer: TokenizerFacts?
    /// The licence that the model's card or a GGUF file declares, as hubs spell it.
    public let license: String?
    /// Where its bytes go.
    public let sizes: SizeBreakdown
    /// What somebody stumbles over.
    public let findings: [InspectionFinding]
    /// The record beside it, if it has one.
    public let record: ArtifactRecord?
    /// The container that it is in, if it is in one.
    public let container: ContainerFacts?

    /// A file and its length.
    public struct FileSize: Sendable, Equatable {
        /// The file's name.
        public let name: String
        /// Its length in bytes.
        public let bytes: Int
    }

    /// Looks at a directory in Hugging Face layout, a container, a GGUF file or a safetensors file.
    ///
    /// - Throws: When the files cannot be read, or lie.
    public init(_ path: String) throws {
        if let container = try openContainer(path) {
            try self.init(ContainedFiles(container))
            return
        }
        let checkpoint: Checkpoint
        do { checkpoint = try Checkpoint(path) } catch CheckpointError.ggufModel(_, let error) {
            try self.init(gguf: path, obstacle: "\(error)")
            return
        }
        try self.init(checkpoint)
    }

    /// Looks at the model in a container.
    init(_ container: ContainedFiles) throws {
        try self.init(Checkpoint(container), in: container)
    }

    private init(_ checkpoint: Checkpoint, in container: ContainedFiles? = nil) throws {
        var findings: [InspectionFinding] = []
        var model: OpenModel?
        var layout: AQLMLayout?
        var obstacle: String?
        do {
            if AQLMLayout.isDeclared(by: checkpoint) { layout = try AQLMLayout(checkpoint) }
            model = try OpenModel(checkpoint)
            if checkpoint.isBare {
                obstacle = "a lone file has no configuration to run it by"
            } else {
                _ = try model?.configuration()
            }
        } catch CheckpointError.aqlm(let error) {
            obstacle = "\(error)"
            findings.append(.unreadable("\(error)"))
        } catch {
            obstacle = "\(error)"
        }
        findings += (layout?.findings ?? rotaryFindings(checkpoint.config)).map { .reader($0) }
        if let model, obstacle == nil, !findings.contains(where: \.concernsShapes) {
            let problems = tensorSetProblems(model, try model.configuration())
            if !problems.isEmpty { findings.append(.contradictions(problems)) }
        }
        let config = layout?.config ?? checkpoint.config
        format = checkpoint.format
        family = config["model_type"]?.string
        self.obstacle = obstacle
        aqlm = layout?.parameters
        shape = ModelShape(config: config)
        let parts = Dictionary(
            (container?.header.files ?? []).flatMap(\.parts).map {
                (UTF8Key($0.tensor?.name ?? ""), $0)
            },
            uniquingKeysWith: { first, _ in first }
        )
        tensors = checkpoint.tensors.map {
            let part = parts[UTF8Key($0.name)]
            return InspectedTensor(
                name: $0.name,
                type: $0.type.name,
                shape: $0.shape,
                byteCount: $0.byteCount,
                encoding: part?.encoding.name,
                storedBytes: part?.stored.count
            )
        }
        groups = TensorGroup.grouping(tensors, quantized: layout?.modules ?? [])
        sizes =
            model?.sizes
            ?? SizeBreakdown(
                tensors: tensors.map { ($0.name, $0.shape, $0.byteCount) },
                groupSize: layout.map { $0.parameters.inGroup * $0.parameters.outGroup }
            )
        weightFiles = checkpoint.sources.filter { Self.holdsTensors($0.name) }.map {
            FileSize(name: $0.name, bytes: $0.size)
        }
        .sorted { precedes($0.name, $1.name) }
        sideFiles = checkpoint.sideFiles.map { file in
            let source = checkpoint.sources.first { $0.name == file.name }
            let size = source?.size ?? container?.header[file.name]?.size ?? 0
            return FileSize(name: file.name, bytes: size)
        }
        tokenizer = TokenizerFacts(checkpoint)
        license =
            checkpoint.ggufMetadata?.string("general.license")
            ?? card(of: checkpoint, in: container).flatMap(declaredLicense)
        if tokenizer == nil, checkpoint.format != .safetensors { findings.append(.noTokenizer) }
        self.findings = findings
        if let container { record = try container.record() } else { record = try model?.record() }
        self.container = container.map(ContainerFacts.init)
    }

    /// Whether a file of this name holds tensors, and is neither an index nor a text.
    private static func holdsTensors(_ name: String) -> Bool {
        [".safetensors", ContainerFile.suffix, ".gguf", ".bin", ".pth", ".pt"].contains(
            where: name.hasSuffix
        )
    }
}

extension ModelInspection {
    /// Looks at a sound GGUF file whose model Octavo does not import: everything as the file spells it.
    private init(gguf path: String, obstacle: String) throws {
        let file = try GGUFFile(MappedFile(path))
        let metadata = file.metadata
        format = .gguf
        family = metadata.string("general.architecture")
        self.obstacle = obstacle
        aqlm = nil
        shape = ModelShape(metadata: metadata)
        tensors = file.tensors.map {
            InspectedTensor(
                name: $0.name,
                type: $0.type.name,
                shape: $0.shape,
                byteCount: $0.bytes.count
            )
        }
        groups = TensorGroup.grouping(tensors, quantized: [])
        sizes = SizeBreakdown(
            tensors: tensors.map { ($0.name, $0.shape, $0.byteCount) },
            groupSize: nil
        )
        weightFiles = [FileSize(name: lastComponent(path), bytes: file.file.count)]
        sideFiles = []
        tokenizer = TokenizerFacts(metadata)
        license = metadata.string("general.license")
        findings = tokenizer == nil ? [.noTokenizer] : []
        record = nil
        container = nil
    }
}

/// The model card in a folder or a container, or nil where there is none of up to a MiB.
private func card(of checkpoint: Checkpoint, in container: ContainedFiles?) -> [UInt8]? {
    let limit = 1 << 20
    if let container { return try? container.contents(ModelCard.fileName, limit: limit) }
    guard checkpoint.format == .directory else { return nil }
    return try? readFile(joined(checkpoint.path, ModelCard.fileName), limit: limit)
}

/// The licence that a model card declares in its front matter, on a line of its own.
private func declaredLicense(in card: [UInt8]) -> String? {
    let lines = String(decoding: card, as: UTF8.self).split(
        omittingEmptySubsequences: false,
        whereSeparator: \.isNewline
    )
    guard lines.first == "---" else { return nil }
    let matter = lines.dropFirst().prefix { $0 != "---" }
    let key = "license:"
    guard let line = matter.first(where: { $0.hasPrefix(key) }) else { return nil }
    let value = line.dropFirst(key.count).filter { !$0.isWhitespace && $0 != "\"" && $0 != "'" }
    return value.isEmpty ? nil : value
}
