public import OctavoBase
public import OctavoCheckpoint
public import OctavoContainer
public import OctavoModel

/// A model on disk, opened: what it is made of, and how to run it.
public struct OpenModel: Sendable {
    /// Where it is.
    public let path: String
    /// Its tensors, configuration and side files.
    public let checkpoint: Checkpoint
    /// Its quantized layers, if it is in the AQLM layout.
    public let aqlm: AQLMLayout?
    /// The scheme of those layers.
    public let scheme: Scheme?
    /// The container that it is in, if it is in one.
    public let container: ContainerFile?
    private let modules: [String: AQLMLayout.Module]

    /// Opens a directory in Hugging Face layout, a container, a GGUF file or a safetensors file, or a directory
    /// around one container or GGUF file, as it is published.
    public init(_ path: String) throws {
        let file = try loneModelFile(in: path) ?? path
        if let container = try openContainer(file) {
            try self.init(Checkpoint(ContainedFiles(container)), in: container, at: path)
        } else {
            try self.init(Checkpoint(file), at: path)
        }
    }

    /// Takes what was opened already, the container that it is in, and the directory around it.
    public init(
        _ checkpoint: Checkpoint,
        in container: ContainerFile? = nil,
        at path: String? = nil
    ) throws {
        self.container = container
        self.path = path ?? checkpoint.path
        self.checkpoint = checkpoint
        guard AQLMLayout.isDeclared(by: checkpoint) else {
            aqlm = nil
            scheme = nil
            modules = [:]
            return
        }
        let layout = try AQLMLayout(checkpoint)
        let parameters = layout.parameters
        guard parameters.outGroup == 1,
            let scheme = Scheme(
                codebooks: parameters.codebooks,
                bits: parameters.bits,
                groupSize: parameters.inGroup
            )
        else { throw ModelError.unsupportedScheme(parameters) }
        aqlm = layout
        self.scheme = scheme
        modules = Dictionary(
            layout.modules.map { ($0.path, $0) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// What its config.json says; that of the first AQLM publications in the present spelling.
    public var config: JSON { aqlm?.config ?? checkpoint.config }

    /// Its architecture.
    public func configuration() throws(ConfigurationError) -> ModelConfiguration {
        try ModelConfiguration(json: config)
    }

    /// All its weights, in memory.
    public func languageModel() throws -> LanguageModel {
        try checkpoint.requireWholeInMemory()
        return try LanguageModel(configuration: configuration(), from: self)
    }

    /// Its tokenizer: tokenizer.json, else tokenizer.model, or what a GGUF file says.
    public func tokenizer() throws -> Tokenizer {
        if let metadata = checkpoint.ggufMetadata {
            return try GGUFVocabulary(metadata).tokenizer()
        }
        let configuration = try sideFile("tokenizer_config.json")
        if let json = try sideFile("tokenizer.json") {
            return try Tokenizer(json: json, configuration: configuration)
        }
        guard let file = checkpoint.sideFiles.first(where: { $0.name == "tokenizer.model" }) else {
            throw ModelError.noTokenizer(path)
        }
        return try Tokenizer(sentencePiece: file.bytes(), configuration: configuration)
    }

    /// The tensors of a quantized linear as the AQLM layout has them; none if there is none of this path.
    func repaired(_ path: String) throws -> [RepairedTensor] {
        try modules[path].flatMap { try aqlm?.repaired($0) } ?? []
    }

    /// A quantized linear, or nil if there is none of this path.
    func module(_ path: String) -> AQLMLayout.Module? { modules[path] }

    /// The outputs and inputs of a quantized linear, or nil if there is none of this path.
    func linearShape(_ path: String) -> (outputs: Int, inputs: Int)? {
        modules[path].map { ($0.outFeatures, $0.inFeatures) }
    }

    /// The outputs and inputs of all quantized linears.
    var linearShapes: [(outputs: Int, inputs: Int)] {
        modules.values.map { ($0.outFeatures, $0.inFeatures) }
    }

    /// A JSON file beside the weights, or nil.
    func sideFile(_ name: String) throws -> JSON? {
        guard let file = checkpoint.sideFiles.first(where: { $0.name == name }) else { return nil }
        let bytes = try file.bytes()
        do { return try JSON(parsing: bytes) } catch {
            throw CheckpointError.badJSON(file: name, error)
        }
    }

    /// Where its bytes go.
    ///
    /// In a container, as it stores them.
    public var sizes: SizeBreakdown {
        let coded = checkpoint.tensors.filter {
            $0.isCoded && EmbeddingQuantization.names.contains($0.name)
        }
        return SizeBreakdown(
            tensors: checkpoint.tensors.map { ($0.name, $0.shape, $0.storedByteCount) },
            groupSize: scheme?.groupSize,
            embeddings: Set(coded.map(\.name))
        )
    }

    /// The record beside it, or nil if there is none.
    public func record() throws -> ArtifactRecord? {
        if let container { return try ContainedFiles(container).record() }
        let path = joined(path, ArtifactRecord.fileName)
        guard fileKind(path) == .file else { return nil }
        return try ArtifactRecord(parsing: readFile(path, limit: ArtifactRecord.largest))
    }
}

extension OpenModel: WeightSource {
    /// The elements of a tensor as Float.
    public func tensor(_ name: String) throws -> (shape: [Int], elements: [Float]) {
        let tensor = try checkpoint.tensor(named: name)
        return (tensor.shape, try tensor.floats())
    }

    /// The shape of a weight, or of the linear that codes stand for.
    public func shape(of name: String) -> [Int]? {
        if let path = name.removingSuffix(".weight"), let linear = linearShape(path) {
            return [linear.outputs, linear.inputs]
        }
        return checkpoint[name]?.shape
    }

    /// The additive layer of a quantized linear.
    public func additiveLayer(_ name: String) throws -> AdditiveLayer? {
        guard let module = modules[name], let aqlm, let scheme else { return nil }
        return try AdditiveLayer(aqlm.tensors(of: module), scheme: scheme)
    }
}

/// The container or GGUF file in a directory that holds one, and no configuration of a model.
///
/// Of a GGUF model in several files, the first.
func loneModelFile(in path: String) throws -> String? {
    guard fileKind(path) == .directory, fileKind(joined(path, "config.json")) == nil else {
        return nil
    }
    let names = try directoryEntries(path).filter {
        $0.hasSuffix(ContainerFile.suffix) || $0.hasSuffix(".gguf")
    }
    let beginnings = names.filter { !$0.contains("-of-") || $0.contains("-00001-of-") }
    return beginnings.count == 1 ? joined(path, beginnings[0]) : nil
}

/// Why a model that reads well cannot be used.
public enum ModelError: Error, Sendable, CustomStringConvertible {
    /// Its AQLM layers are of a shape that Octavo does not run.
    case unsupportedScheme(AQLMParameters)
    /// It has no tokenizer.
    case noTokenizer(String)
    /// It is a file of weights alone.
    case noConfiguration(String)
    /// It is quantized already, which the work asked for does not allow.
    case alreadyQuantized(String)
    /// It is not quantized, which the work asked for needs.
    case notQuantized(String)
    /// It is in no container, which the work asked for needs.
    case notPacked(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .unsupportedScheme(let found):
            "AQLM with \(found.codebooks) codebooks of \(found.bits) bits over groups of "
                + "\(found.outGroup) × \(found.inGroup); groups must span one output, and there may "
                + "be at most 8 codebooks of at most 16 bits"
        case .noTokenizer(let path): "\(path) has no tokenizer.json and no tokenizer.model"
        case .noConfiguration(let path): "\(path) is a file of weights without a configuration"
        case .alreadyQuantized(let path): "\(path) is quantized already; expected original weights"
        case .notPacked(let path): "\(path) is no .aqlm file"
        case .notQuantized(let path): "\(path) is not quantized; expected an AQLM model"
        }
    }
}
