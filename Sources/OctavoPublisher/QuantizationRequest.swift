import OctavoBase
import OctavoCheckpoint
public import OctavoModel
public import OctavoNumerics
public import OctavoQuantizer

/// What a quantization is asked to do.
public struct QuantizationRequest: Sendable {
    /// The scheme.
    public var scheme: Scheme
    /// How much work a layer is worth.
    public var effort = Effort.standard
    /// Linears that are treated otherwise than the rest.
    public var exceptions: [LayerException] = []
    /// Where the calibration text comes from.
    public var text: CalibrationText
    /// How many tokens of it, at most.
    public var tokens: Int
    /// What linears are fitted to.
    public var targets = QuantizationTargets.original
    /// With independent targets: into how many slices the text is cut, whose moments are summed by themselves.
    public var slices = ModelQuantizer.defaultSliceCount
    /// How exactly products of the calibration text are computed.
    public var precision = ProductPrecision.fastest
    /// How many tokens a sequence has.
    public var sequenceLength: Int
    /// The seed of all that is random.
    public var seed: Int
    /// How often the calibration text goes through each block to tune it; 0 for not at all.
    public var blockTuningEpochs = 0
    /// How a container holds embedding and head; nil for as they are.
    public var embeddings: EmbeddingEncoding?
    /// Whether codebooks are put in order, so that equal models become equal files.
    public var isCanonical = false
    /// The threads that take part.
    public var threads: Int
    /// The bytes of memory that may be taken; activations that do not fit go to disk.
    public var memory = 4_000_000_000
    /// Whether to take up an interrupted run.
    public var resume: Bool
    /// The most tensor bytes in a file.
    public var maxShardSize: Int

    /// The most slices a text is cut into.
    public static let mostSlices = 10_000

    /// Asks.
    public init(
        scheme: Scheme,
        text: CalibrationText = .selfWritten,
        tokens: Int = 32768,
        sequenceLength: Int = 512,
        seed: Int = 0,
        threads: Int,
        resume: Bool = false,
        maxShardSize: Int = 5_000_000_000
    ) {
        self.scheme = scheme
        self.text = text
        self.tokens = tokens
        self.sequenceLength = sequenceLength
        self.seed = seed
        self.threads = threads
        self.resume = resume
        self.maxShardSize = maxShardSize
    }
}

/// Why a quantization cannot begin.
public enum QuantizationPlanError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The group size does not divide a layer's inputs.
    case indivisible(linear: String, inputs: Int, groupSize: Int)
    /// The scheme cannot be stored.
    case scheme(String)
    /// A tensor's size overflows.
    case tensorTooLarge
    /// Even with activations on disk the run takes more memory than it may.
    case memory(needed: Int, allowed: Int)
    /// A number is out of its range.
    case argument(String)
    /// Embedding and head are to be encoded, and the output is a folder.
    case embeddingsOutsideContainer

    /// As a sentence.
    public var description: String {
        switch self {
        case .indivisible(let linear, let inputs, let groupSize):
            "\(linear) has \(inputs) inputs, which groups of \(groupSize) do not divide"
        case .scheme(let scheme): "the layout cannot hold the scheme \(scheme)"
        case .tensorTooLarge: "a tensor's size overflows"
        case .memory(let needed, let allowed):
            "the run takes up to \(byteText(needed)) of memory, expected at most \(byteText(allowed))"
        case .argument(let what): what
        case .embeddingsOutsideContainer:
            "the Hugging Face layout holds embedding and head as plain weights, which is what transformers loads; "
                + "expected an output that ends in .aqlm to encode them"
        }
    }
}

/// Checks what can be checked before any work is done.
func checkedConfiguration(
    of model: OpenModel,
    _ request: QuantizationRequest
) throws -> (ModelConfiguration, dense: Set<String>) {
    guard model.aqlm == nil else { throw ModelError.alreadyQuantized(model.path) }
    let configuration = try model.configuration()
    try checkSolvable(request.scheme)
    guard (1...QuantizationRequest.mostSlices).contains(request.slices) else {
        throw QuantizationPlanError.argument(
            "\(request.slices) slices; expected 1 to \(QuantizationRequest.mostSlices)"
        )
    }
    guard request.blockTuningEpochs == 0 || request.targets == .original else {
        throw QuantizationPlanError.argument(
            "blocks are tuned towards the original's outputs; expected targets \"original\""
        )
    }
    let dense = try denseLinears(
        by: request.exceptions,
        scheme: request.scheme,
        in: configuration
    )
    var widest = 0
    for layer in 0..<configuration.layerCount {
        for name in configuration.linears(inLayer: layer) {
            let inputs = name.shape(in: configuration).inputs
            widest = max(widest, inputs)
            let isDense = dense.contains(name.path(layer: layer))
            guard isDense || inputs % request.scheme.groupSize == 0 else {
                throw QuantizationPlanError.indivisible(
                    linear: name.rawValue,
                    inputs: inputs,
                    groupSize: request.scheme.groupSize
                )
            }
        }
    }
    try request.embeddings?.check(configuration)
    // Accumulating a Hessian takes the square of this.
    guard widest <= 1 << 16 else {
        throw QuantizationPlanError.argument(
            "a layer has \(widest) inputs; expected at most \(1 << 16)"
        )
    }
    guard request.sequenceLength <= configuration.contextLength else {
        throw CalibrationError.sequenceTooLong(
            request.sequenceLength,
            context: configuration.contextLength
        )
    }
    guard request.sequenceLength >= 2, request.tokens >= request.sequenceLength,
        request.tokens <= 1 << 28
    else {
        throw QuantizationPlanError.argument(
            "\(request.tokens) tokens in sequences of \(request.sequenceLength); expected sequences "
                + "of at least 2 tokens, at least one of them, and at most \(1 << 28) tokens"
        )
    }
    return (configuration, dense)
}

/// Refuses a scheme that nothing is quantized to.
func checkSolvable(_ scheme: Scheme) throws {
    let range = Scheme.quantizedGroupSizes
    guard range.contains(scheme.groupSize) else {
        throw QuantizationPlanError.argument(
            "the scheme \(scheme) has groups of \(scheme.groupSize); expected "
                + "\(range.lowerBound) to \(range.upperBound)"
        )
    }
    guard scheme.entries * scheme.groupSize * scheme.groupSize <= 1 << 26 else {
        throw QuantizationPlanError.argument(
            "codebooks of \(scheme.entries) entries over groups of \(scheme.groupSize) are too large "
                + "to solve for"
        )
    }
}

/// What must not change between a run and its resumption.
///
/// Files count by name and content, not by place: their names stand in the artifact's record.
func identity(
    of request: QuantizationRequest,
    _ sources: [FileRecord],
    _ settings: JSON
) throws -> JSON {
    var text: [JSON] = []
    if case .files(let paths) = request.text {
        text = try paths.map { .string(try MappedFile($0).digest().hex) }
    }
    return .object([
        "octavo": .string(octavoVersion), "scheme": .string("\(request.scheme)"),
        "tokens": .integer(request.tokens), "sequence_length": .integer(request.sequenceLength),
        "seed": .integer(request.seed), "threads": .integer(request.threads),
        "effort": .string(request.effort.rawValue),
        "exceptions": .array(request.exceptions.map { .string("\($0)") }),
        "targets": .string(request.targets.rawValue),
        "precision": .string(request.precision.available.rawValue),
        "block_tuning_epochs": .integer(request.blockTuningEpochs),
        "embeddings": request.embeddings.map { .string("\($0)") } ?? .null,
        "canonical": .bool(request.isCanonical),
        "calibration": .array(text),
        "calibration_names": .array(request.text.names.map(JSON.string)),
        "solver": settings,
        "source": .array(sources.map { .string($0.digest.hex) }),
        "source_names": .array(sources.map { .string($0.path) }),
    ])
}
