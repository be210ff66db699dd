public import OctavoModel
public import OctavoNumerics

/// What the outputs of a quantized linear should come near to.
public enum QuantizationTargets: String, CaseIterable, Sendable {
    /// What the original model has at this place, on its own way: errors that came in are undone as far
    /// as they can be.
    case original
    /// What the original weights make of the inputs that the quantized model has, as in the AQLM
    /// authors' code: errors that came in stay.
    case weights
    /// What the original weights make of the inputs that the original model has: no linear depends on another, so
    /// that blocks can be quantized side by side; errors that came in stay.
    case independent
}

/// Quantizes a whole model, a block at a time, each on the outputs of the quantized blocks before it, unless targets
/// are independent.
///
/// One block of weights is resident at a time, besides what the storage keeps of each token.
public struct ModelQuantizer: Sendable {
    /// The architecture.
    public var configuration: ModelConfiguration
    /// How weights become codes.
    public var scheme: Scheme
    /// How much work a layer is worth.
    public var options: LayerQuantizerOptions
    /// What linears are fitted to.
    public var targets = QuantizationTargets.original
    /// How each block is tuned after its linears are quantized; nil for not at all.
    ///
    /// Tuning goes by what the original model has behind the block, so targets must be those.
    public var tuning: BlockTuningOptions?
    /// The paths of linears that keep their weights.
    public var unquantized: Set<String> = []
    /// The threads that take part.
    ///
    /// Products differ in their last bits with their number.
    public var threads: Int
    /// How exactly products of the calibration text with weights, and with itself, are computed; those of layers
    /// being solved are in single precision.
    public var precision = ProductPrecision.single
    /// With independent targets: into how many slices the calibration text is cut, whose moments are summed by
    /// themselves; their number decides last bits.
    public var sliceCount = Self.defaultSliceCount

    /// As many slices as there are where nothing else is said.
    public static let defaultSliceCount = 8
    /// How many tokens go through a block at a time.
    public var batchTokens = 2048
    /// How many tokens make a step of tuning.
    public var tuningBatchTokens = 512

    /// Prepares a run.
    public init(
        configuration: ModelConfiguration,
        scheme: Scheme,
        options: LayerQuantizerOptions,
        threads: Int
    ) {
        self.configuration = configuration
        self.scheme = scheme
        self.options = options
        self.threads = threads
    }

    /// Quantizes every linear that the journal does not have.
    ///
    /// - Parameters:
    ///   - source: The original weights.
    ///   - ends: Where the embedding comes from that the quantized model has; nil if it is the original's.
    ///     With independent targets it is not asked.
    ///   - sequences: The calibration text, each sequence by itself.
    ///   - storage: Keeps the activations of all calibration tokens.
    ///   - journal: Gives back what is finished and takes what is new.
    ///   - progress: Told of each step, from any thread.
    /// - Throws: ``LinearQuantizationError``, and what source, storage and journal throw.
    public func run(
        source: some WeightSource,
        ends: (any WeightSource)? = nil,
        sequences: [[Int]],
        storage: some ActivationStorage,
        journal: some QuantizationJournal,
        progress: @escaping @Sendable (QuantizationEvent) -> Void = { _ in }
    ) throws {
        setBLASThreads(execution.precision.blasThreads(of: threads))
        guard targets != .independent else {
            return try runIndependently(
                source: source,
                sequences: sequences,
                storage: storage,
                journal: journal,
                progress: progress
            )
        }
        progress(.stage(.passes))
        let streams = try Streams(
            sequences,
            batchTokens: batchTokens,
            ModelEnds(configuration: configuration, from: source),
            storage,
            targets == .original ? [.original, .quantized] : [.quantized]
        )
        if let ends {
            try streams.embed(ModelEnds(configuration: configuration, from: ends), as: .quantized)
        }
        for index in 0..<configuration.layerCount {
            let block = try DecoderBlock(configuration: configuration, layer: index, from: source)
            var fitting = BlockFitting(self, block: index, block, streams, journal, progress)
            progress(.block(index, try fitting.run()))
        }
        // Without the original's stream there is nothing to go by.
        guard targets == .original, try journal.finalNorm() == nil else { return }
        progress(.stage(.finalNorm))
        let original = try ModelEnds(configuration: configuration, from: source)
        var model = original
        if let ends { model = try ModelEnds(configuration: configuration, from: ends) }
        let fitting = FinalNormFitting(
            original: original,
            model: model,
            streams: streams,
            execution: execution,
            progress: progress
        )
        if let norm = try fitting.run() { try journal.keep(norm) }
    }

    /// How passes are carried out.
    var execution: Execution { Execution(threads: threads, precision: precision) }

    /// Whether the stream is needed as it was before a block when it has gone on.
    var keepsBlockInput: Bool {
        tuning != nil || configuration.isParallel && targets != .independent
    }

    /// The same of the original's stream.
    var keepsOriginalBlockInput: Bool { targets != .weights && configuration.isParallel }

    /// Whether a linear is to be quantized.
    func isQuantized(_ name: LinearName, block: Int) -> Bool {
        !unquantized.contains(name.path(layer: block))
    }
}
