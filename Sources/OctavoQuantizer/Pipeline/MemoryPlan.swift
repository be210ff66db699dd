public import OctavoModel

/// How much memory a quantization takes at most, known before it begins.
///
/// Files that are mapped for reading are not counted: the system takes their pages back when it needs
/// the room.
public struct MemoryPlan: Sendable, Equatable {
    /// What memory is taken for.
    public struct Part: Sendable, Equatable {
        /// What for, in a few words.
        public let name: String
        /// How many bytes, at most.
        public let bytes: Int

        /// Says what takes memory.
        public init(name: String, bytes: Int) {
            self.name = name
            self.bytes = bytes
        }
    }

    /// What is there at the moment when most is.
    public let parts: [Part]
    /// For each activation that is kept of every token how many floats it takes.
    public let activations: [Activation: Int]
    /// The bytes of all activations.
    public let activationBytes: Int
    /// Whether activations are kept in memory rather than on disk.
    public let keepsActivationsInMemory: Bool

    /// The most bytes at once.
    public var total: Int { parts.reduce(0) { $0 + $1.bytes } }
}

extension ModelQuantizer {
    /// Plans a run's memory: activations go to disk where they would not fit into the budget.
    ///
    /// - Parameters:
    ///   - tokens: How many calibration tokens there are.
    ///   - sequenceLength: How many of them a sequence has, at most.
    ///   - budget: How many bytes may be taken; nil for as many as it takes.
    ///   - preparations: What takes memory before the run itself, one after the other.
    ///   - resident: The bytes that encoded embeddings take throughout.
    ///   - solves: Whether layers are quantized, or moments summed alone.
    /// - Returns: The plan; its total is above the budget where even what cannot go to disk is too much.
    public func memoryPlan(
        tokens: Int,
        sequenceLength: Int,
        budget: Int? = nil,
        preparations: [MemoryPlan.Part] = [],
        resident: Int = 0,
        solves: Bool = true
    ) -> MemoryPlan {
        let activations = activationWidths
        let activationBytes = activations.values.reduce(0, +) * tokens * 4
        var parts = [MemoryPlan.Part(name: "program", bytes: programBytes)]
        if resident > 0 {
            parts.append(MemoryPlan.Part(name: "encoded embeddings", bytes: resident))
        }
        parts +=
            [
                embeddingPart, blockPart(tokens, sequenceLength, solves),
                finalNormPart(tokens, sequenceLength, isEncoded: resident > 0),
            ].max { total($0) < total($1) } ?? []
        let fits = budget.map { total(parts) + activationBytes <= $0 } ?? true
        parts.append(
            MemoryPlan.Part(
                name: fits ? "activations" : "activations (on disk, a batch at a time)",
                bytes: fits ? activationBytes : 0
            )
        )
        // When nothing of the above is there yet.
        if let largest = preparations.max(by: { $0.bytes < $1.bytes }),
            programBytes + largest.bytes > total(parts)
        {
            parts = [MemoryPlan.Part(name: "program", bytes: programBytes), largest]
        }
        return MemoryPlan(
            parts: parts,
            activations: activations,
            activationBytes: activationBytes,
            keepsActivationsInMemory: fits
        )
    }

    /// How many tokens each batch of some sequences has.
    public func batchSizes(of sequences: [[Int]]) -> [Int] {
        Streams.batches(of: sequences, batchTokens: batchTokens).map(\.tokens.count)
    }

    /// How many floats each activation has that is kept of a token.
    private var activationWidths: [Activation: Int] {
        let inner = max(configuration.queryWidth, configuration.intermediateSize)
        var widths: [Activation: Int] = [:]
        if targets != .independent {
            widths = [.quantized: configuration.hiddenSize, .siteInput: inner]
        }
        if targets != .weights { widths[.original] = configuration.hiddenSize }
        if keepsBlockInput { widths[.blockInput] = configuration.hiddenSize }
        if keepsOriginalBlockInput { widths[.originalBlockInput] = configuration.hiddenSize }
        return widths
    }

    /// The binary, its libraries, and the buffers that BLAS has for each thread.
    var programBytes: Int { (64 + 48 * threads) << 20 }

    private func total(_ parts: [MemoryPlan.Part]) -> Int { parts.reduce(0) { $0 + $1.bytes } }

    /// While the streams begin: the embedding, as it is read and as a matrix.
    private var embeddingPart: [MemoryPlan.Part] {
        let heads = configuration.tiesEmbeddings ? 1 : 2
        let floats = (heads + 1) * configuration.vocabularySize * configuration.hiddenSize
        return [MemoryPlan.Part(name: "embedding", bytes: 4 * floats)]
    }

    /// While the final norm is fitted: the ends of original and model, and some rows of logits of either.
    private func finalNormPart(
        _ tokens: Int,
        _ sequenceLength: Int,
        isEncoded: Bool
    ) -> [MemoryPlan.Part] {
        guard targets == .original, tokens >= FinalNormFitting.leastTokens else { return [] }
        let rows = min(tokens, batchTokens + sequenceLength)
        let tables = (configuration.tiesEmbeddings ? 1 : 2) * (isEncoded ? 2 : 1)
        let vocabulary = configuration.vocabularySize
        return [
            MemoryPlan.Part(
                name: "embedding and head",
                bytes: 4 * (tables + 1) * vocabulary * configuration.hiddenSize
            ),
            MemoryPlan.Part(
                name: "a batch and logits",
                bytes: 4
                    * (2 * rows * configuration.hiddenSize + 4 * ModelEnds.rowsAtOnce * vocabulary)
            ),
        ]
    }

    /// While a block is at work.
    private func blockPart(
        _ tokens: Int,
        _ sequenceLength: Int,
        _ solves: Bool
    ) -> [MemoryPlan.Part] {
        let layers = (0..<configuration.layerCount).map { layer in
            configuration.linears(inLayer: layer).map { $0.shape(in: configuration) }
        }
        let weights = layers.map { $0.reduce(0) { $0 + $1.outputs * $1.inputs } }.max() ?? 0
        let shapes = layers.joined()
        let widest = shapes.map(\.inputs).max() ?? 0
        let largest = shapes.map { $0.outputs * $0.inputs }.max() ?? 0
        // A batch ends with the sequence that fills it.
        let rows = min(tokens, batchTokens + sequenceLength)
        let tunedRows = min(tokens, tuningBatchTokens + sequenceLength)
        // What a fused linear makes is there once more while it is taken apart.
        let inner =
            configuration.family.description.linears.contains(.gateUpProjection) ? 5 : 3
        let innerWidth = max(
            configuration.intermediateSize,
            configuration.experts?.intermediateSize ?? 0
        )
        let width = 8 * configuration.hiddenSize + inner * innerWidth
        // A sum in double, a batch's in single precision, and the means made of them; of inputs with
        // inputs, and of inputs with what is lacking, where there are targets in either half of the text.
        let independent = targets == .independent
        // Independent ones are summed over a slice and over all slices, and are a triangle in between.
        let moments =
            (targets == .original ? 4 : 1) * widest * widest
            * (8 + 4 + 4 + (independent ? 8 + 2 : 0))
        // The Hessian, its factor and what that is made from; its eigenvectors and twice as much room to
        // find them.
        let metric = widest * widest * (4 + 4 + 8 + (targets == .original ? 3 * 4 : 0))
        let solving = solvingBytes(largest: largest, widest: widest)
        // Gradients, both moments of Adam, the best parameters so far, and a trace of the batch.
        let tuned = tuning == nil ? 0 : 4 * (3 * weights + tunedRows * 2 * width)
        return [
            independent
                ? MemoryPlan.Part(name: "a block's weights", bytes: 4 * weights)
                : MemoryPlan.Part(
                    name: "a block's weights, before and after",
                    bytes: 2 * 4 * weights
                ),
            MemoryPlan.Part(name: "a batch in passage", bytes: 4 * rows * width),
            // Either a site is fitted or the block is tuned.
            solves
                ? MemoryPlan.Part(
                    name: "layers being fitted",
                    bytes: max(moments + metric + solving, tuned)
                ) : MemoryPlan.Part(name: "moments", bytes: moments),
        ]
    }
}

extension ModelQuantizer {
    /// Weights, targets, residuals, points and slopes of each layer that is being solved.
    func solvingBytes(largest: Int, widest: Int) -> Int {
        min(threads, 3) * (12 * 4 * largest + solverBytes(scheme, inputs: widest))
    }
}

/// The bytes that go with codebooks while a layer is solved: entries in several forms, their normal equations,
/// and how often each group uses each of them.
public func solverBytes(_ scheme: Scheme, inputs: Int) -> Int {
    let entries = scheme.codebooks * scheme.entries
    let groups = inputs / scheme.groupSize
    return 4 * entries * (8 * scheme.groupSize + scheme.groupSize * scheme.groupSize)
        + 3 * 4 * groups * entries
}
