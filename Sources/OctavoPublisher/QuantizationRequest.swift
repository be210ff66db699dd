import OctavoBase
import OctavoCheckpoint
public import OctavoModel

/// What a quantization is asked to do.
public struct QuantizationRequest: Sendable {
    /// The scheme.
    public var scheme: Scheme
    /// Where the calibration text comes from.
    public var text: CalibrationText
    /// How many tokens of it, at most.
    public var tokens: Int
    /// How many tokens a sequence has.
    public var sequenceLength: Int
    /// The seed of all that is random.
    public var seed: Int
    /// The threads that take part.
    public var threads: Int
    /// Whether to take up an interrupted run.
    public var resume: Bool
    /// The most tensor bytes in a file.
    public var maxShardSize: Int

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
    /// A number is out of its range.
    case argument(String)

    /// As a sentence.
    public var description: String {
        switch self {
        case .indivisible(let linear, let inputs, let groupSize):
            "\(linear) has \(inputs) inputs, which groups of \(groupSize) do not divide"
        case .scheme(let scheme): "the layout cannot hold the scheme \(scheme)"
        case .tensorTooLarge: "a tensor's size overflows"
        case .argument(let what): what
        }
    }
}

/// Checks what can be checked before any work is done.
func checkedConfiguration(
    of model: OpenModel,
    _ request: QuantizationRequest
) throws -> ModelConfiguration {
    guard model.aqlm == nil else { throw ModelError.alreadyQuantized(model.path) }
    let configuration = try model.configuration()
    for name in LinearName.allCases {
        let inputs = name.shape(in: configuration).inputs
        guard inputs % request.scheme.groupSize == 0 else {
            throw QuantizationPlanError.indivisible(
                linear: name.rawValue,
                inputs: inputs,
                groupSize: request.scheme.groupSize
            )
        }
    }
    // Accumulating a Hessian takes the square of this.
    let widest = LinearName.allCases.map { $0.shape(in: configuration).inputs }.max() ?? 0
    guard widest <= 1 << 16 else {
        throw QuantizationPlanError.argument(
            "a layer has \(widest) inputs; expected at most \(1 << 16)"
        )
    }
    guard request.scheme.entries * request.scheme.groupSize * request.scheme.groupSize <= 1 << 26
    else {
        throw QuantizationPlanError.argument(
            "codebooks of \(request.scheme.entries) entries over groups of "
                + "\(request.scheme.groupSize) are too large to solve for"
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
    return configuration
}

/// What must not change between a run and its resumption.
///
/// Files count by name and content, not by place: their names stand in the artifact's record.
func identity(of request: QuantizationRequest, _ sources: [FileRecord]) throws -> JSON {
    var text: [JSON] = []
    if case .files(let paths) = request.text {
        text = try paths.map { .string(try MappedFile($0).digest().hex) }
    }
    return .object([
        "octavo": .string(octavoVersion), "scheme": .string("\(request.scheme)"),
        "tokens": .integer(request.tokens), "sequence_length": .integer(request.sequenceLength),
        "seed": .integer(request.seed), "threads": .integer(request.threads),
        "calibration": .array(text),
        "calibration_names": .array(request.text.names.map(JSON.string)),
        "source": .array(sources.map { .string($0.digest.hex) }),
        "source_names": .array(sources.map { .string($0.path) }),
    ])
}
