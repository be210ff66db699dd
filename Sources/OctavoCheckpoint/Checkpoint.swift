public import OctavoBase

/// A model on disk, whatever holds it: named tensors, fetched as they are touched, its
/// configuration, and the files beside it.
///
/// A directory in Hugging Face layout, a single file of safetensors or PyTorch, and a GGUF file all
/// read as this.
/// Tensors, shapes and configuration are in the spelling of Hugging Face.
public struct Checkpoint: Sendable {
    /// What the model was read from.
    public enum Format: String, Sendable {
        /// A directory with `config.json` and weights: safetensors or PyTorch's, one file or shards.
        case directory
        /// A single safetensors file, which has no configuration.
        case safetensors
        /// A single file of PyTorch, which has none either.
        case pytorch
        /// A GGUF file.
        case gguf
        /// A container, read by a module of its own.
        case container
    }

    /// What the model was read from.
    public let format: Format
    /// Where it is.
    public let path: String
    /// Whether it is a file of weights alone, without a configuration to run them by.
    public var isBare: Bool {
        format == .safetensors || format == .pytorch
            || format == .container && config.object?.count == 0
    }
    /// The tensors: shard by shard, in the order of their bytes.
    public let tensors: [CheckpointTensor]
    /// What `config.json` says; an empty object for a single file of weights.
    public let config: JSON
    /// What else belongs to the model, sorted by name.
    public let sideFiles: [SideFile]
    /// Every file that was read, or is offered as a side file.
    public let sources: [SourceFile]
    /// The metadata of a GGUF file, which also hold its tokenizer.
    public let ggufMetadata: GGUFMetadata?
    private let indexOfTensor: [UTF8Key: Int]

    /// Opens a model, and checks all but its tensors' values.
    public init(_ path: String) throws(CheckpointError) {
        switch fileKind(path) {
        case .directory: try self.init(directory: path)
        case .file where path.hasSuffix(".gguf"): try self.init(gguf: path)
        case .file:
            guard let weights = try WeightFile(path) else { throw .notAModel(path, found: []) }
            self.init(
                weights.format == .safetensors ? .safetensors : .pytorch,
                path,
                tensors: weights.tensors,
                config: .object(JSONObject()),
                sources: [SourceFile(mapped: weights.file)]
            )
        case .other: throw .notAModel(path, found: [])
        case nil: throw .file(FileError("open", path))
        }
    }

    init(
        _ format: Format,
        _ path: String,
        tensors: [CheckpointTensor],
        config: JSON,
        sideFiles: [SideFile] = [],
        sources: [SourceFile],
        ggufMetadata: GGUFMetadata? = nil
    ) {
        self.format = format
        self.path = path
        self.tensors = tensors
        self.config = config
        self.sideFiles = sideFiles
        self.sources = sources
        self.ggufMetadata = ggufMetadata
        indexOfTensor = Dictionary(
            zip(tensors.map { UTF8Key($0.name) }, tensors.indices),
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// The tensor of a name, all bytes of it, or nil.
    public subscript(name: String) -> CheckpointTensor? {
        indexOfTensor[UTF8Key(name)].map { tensors[$0] }
    }

    /// The tensor of a name.
    ///
    /// - Throws: ``CheckpointError/noSuchTensor(_:)``.
    public func tensor(named name: String) throws(CheckpointError) -> CheckpointTensor {
        guard let tensor = self[name] else { throw .noSuchTensor(name) }
        return tensor
    }

    /// The elements of a tensor as floats; see ``CheckpointTensor/floats()``.
    public func floats(named name: String) throws(CheckpointError) -> [Float] {
        try tensor(named: name).floats()
    }

    /// The elements of a tensor as integers; see ``CheckpointTensor/integers()``.
    public func integers(named name: String) throws(CheckpointError) -> [Int32] {
        try tensor(named: name).integers()
    }
}
