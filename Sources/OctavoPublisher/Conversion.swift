public import OctavoBase
public import OctavoCheckpoint
import OctavoModel

/// What a conversion makes.
public struct ConversionOptions: Sendable {
    /// The forms a model can be written in.
    public enum Target: String, CaseIterable, Sendable {
        /// Hugging Face layout with the tensors as they are.
        case safetensors
        /// Hugging Face layout with every quantized layer replaced by the weights it stands for.
        case dense
        /// The published AQLM layout, for models that are in it or nearly: what breaks its rules is
        /// repaired, and the weights stay the same.
        case hfAQLM = "hf-aqlm"
        /// One file that holds all files of the model, without loss and smaller.
        case aqlm
        /// A GGUF file, with every quantized layer replaced by the weights it stands for.
        case gguf
    }

    /// The form to write.
    public var target: Target
    /// The type that floating-point tensors get; nil leaves those that have one as they are, and
    /// makes halves of what only GGUF knows.
    public var dtype: DType?
    /// The type that the matrices of a GGUF file get; nil for what they are, or else F16.
    public var type: GGMLType?
    /// The most tensor bytes in a file of a directory.
    public var maxShardSize: Int
    /// How many threads encode and decode.
    public var threads: Int
    /// Whether a container's tensors are stored as they are run, so that they are mapped and not decoded.
    public var isMapped: Bool
    /// Whether nothing is asked for that would change a contained file.
    var keepsFiles: Bool { dtype == nil && maxShardSize == Self.usualShardSize }
    private static let usualShardSize = 5_000_000_000

    /// Chooses.
    public init(
        target: Target,
        dtype: DType? = nil,
        type: GGMLType? = nil,
        maxShardSize: Int = 5_000_000_000,
        isMapped: Bool = false,
        threads: Int = 1
    ) {
        self.target = target
        self.dtype = dtype
        self.type = type
        self.maxShardSize = maxShardSize
        self.isMapped = isMapped
        self.threads = threads
    }
}

/// Converts a model to Hugging Face layout or to a GGUF file, a tensor at a time.
///
/// - Parameters:
///   - model: What to convert.
///   - output: A directory or file that does not exist yet; it appears only when it is whole.
///   - options: The form to write.
///   - progress: Told how far the work has come.
/// - Returns: The files written.
/// - Throws: What was wrong with the model or the disk.
public func convert(
    _ model: OpenModel,
    to output: String,
    _ options: ConversionOptions,
    progress: @escaping ProgressHandler = { _ in }
) throws -> [String] {
    if options.target == .hfAQLM, model.aqlm == nil { throw ModelError.notQuantized(model.path) }
    if options.target == .aqlm {
        _ = try pack(model, to: output, options, progress: progress)
        return [lastComponent(output)]
    }
    if let container = model.container, options.keepsFiles,
        options.target == .safetensors || options.target == .hfAQLM && !model.hasFaults
    {
        return try unpack(container, to: output, threads: options.threads, progress: progress)
    }
    if options.target == .gguf {
        guard fileKind(output) == nil else { throw OutputError.exists(output) }
        let writer = try GGUFModelWriter(model, type: options.type)
        try writer.write(to: output, threads: options.threads, progress: progress)
        return [lastComponent(output)]
    }
    let folder = try PartialFolder(for: output)
    let artifact = try folder.makeArtifact()
    let writer = ModelWriter(model: model, options: options)
    var names = try writer.writeTensors(to: artifact, progress: progress).map(\.path)
    names += try writer.writeSideFiles(to: artifact, config: writer.convertedConfig).map(\.path)
    try folder.commit()
    return names
}
