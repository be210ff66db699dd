public import OctavoModel
import OctavoNumerics

// With targets `independent` the calibration text passes the original model alone, and the moments of its inputs are
// all that a block needs. Slices of the text can be passed, and then blocks quantized, by as many processes as there
// are; added up in the order of the slices, they give the bytes of one.
extension ModelQuantizer {
    /// The batches of each slice: as many slices as asked for, or as there are batches.
    ///
    /// - Parameter sequences: The calibration text.
    /// - Returns: For each slice a range of batches; none is empty.
    public func slices(of sequences: [[Int]]) -> [Range<Int>] {
        let batches = Streams.batches(of: sequences, batchTokens: batchTokens).count
        let count = max(1, min(sliceCount, batches))
        return (0..<count).map { $0 * batches / count..<($0 + 1) * batches / count }
    }

    /// The sizes of the batches of one slice, in tokens.
    public func batchSizes(of sequences: [[Int]], slice: Range<Int>) -> [Int] {
        Array(batchSizes(of: sequences)[slice])
    }

    /// Passes one slice of the text through the original model.
    ///
    /// - Parameters:
    ///   - slice: The batches of the slice, as ``slices(of:)`` has them.
    ///   - sequences: The whole calibration text.
    ///   - source: The original weights; those of each block are read once, and none behind the last block with a
    ///     linear to quantize.
    ///   - storage: Keeps the activations of the slice, whose batches are counted from 0.
    ///   - progress: Told how many blocks are behind.
    ///   - keep: Takes the moments of each block's inputs, block by block, in the order of ``inputs(ofBlock:)``.
    /// - Throws: What source, storage and `keep` throw.
    public func passSlice(
        _ slice: Range<Int>,
        of sequences: [[Int]],
        source: some WeightSource,
        storage: some ActivationStorage,
        progress: (Int) -> Void = { _ in },
        keep: @escaping (_ block: Int, BlockInput, InputMoments) throws -> Void
    ) throws {
        setBLASThreads(execution.precision.blasThreads(of: threads))
        let streams = try Streams(
            sequences,
            batchTokens: batchTokens,
            slice: slice,
            ModelEnds(configuration: configuration, from: source),
            storage,
            [.original]
        )
        for index in 0..<(lastQuantizedBlock.map { $0 + 1 } ?? 0) {
            let block = try DecoderBlock(configuration: configuration, layer: index, from: source)
            let moments = BlockMoments(
                quantizer: self,
                block: block,
                streams: streams,
                slices: [streams.batches.indices],
                wanted: Set(inputs(ofBlock: index))
            ) { input, moments, _ in try keep(index, input, moments) }
            try moments.run()
            progress(index + 1)
        }
    }

    /// Quantizes the linears of one block that the journal does not have.
    ///
    /// - Parameters:
    ///   - index: The block.
    ///   - source: The original weights, of which only those of the block are read.
    ///   - journal: Gives back what is finished and takes what is new.
    ///   - progress: Told of each step, from any thread.
    ///   - moments: The sum of an input's moments over all slices, in their order.
    /// - Throws: ``LinearQuantizationError``, and what source, journal and `moments` throw.
    public func quantizeBlock(
        _ index: Int,
        source: some WeightSource,
        journal: some QuantizationJournal,
        progress: @escaping @Sendable (QuantizationEvent) -> Void = { _ in },
        moments: (BlockInput) throws -> MomentSum
    ) throws {
        setBLASThreads(threads)
        let block = try DecoderBlock(configuration: configuration, layer: index, from: source)
        let fitting = IndependentFitting(
            quantizer: self,
            index: index,
            original: block,
            journal: journal,
            progress: progress
        )
        for input in try fitting.missingInputs() { try fitting.fit(input, moments(input)) }
        progress(.block(index, BlockErrors()))
    }

    /// Does all of this in one process, a block at a time.
    func runIndependently(
        source: some WeightSource,
        sequences: [[Int]],
        storage: some ActivationStorage,
        journal: some QuantizationJournal,
        progress: @escaping @Sendable (QuantizationEvent) -> Void
    ) throws {
        progress(.stage(.passes))
        let streams = try Streams(
            sequences,
            batchTokens: batchTokens,
            ModelEnds(configuration: configuration, from: source),
            storage,
            [.original]
        )
        let slices = slices(of: sequences)
        for index in 0..<(lastQuantizedBlock.map { $0 + 1 } ?? 0) {
            progress(.stage(.passes))
            let block = try DecoderBlock(configuration: configuration, layer: index, from: source)
            let fitting = IndependentFitting(
                quantizer: self,
                index: index,
                original: block,
                journal: journal,
                progress: progress
            )
            var sum: MomentSum?
            let moments = BlockMoments(
                quantizer: self,
                block: block,
                streams: streams,
                slices: slices,
                wanted: Set(try fitting.missingInputs())
            ) { input, moments, isLast in
                var all = sum ?? MomentSum(inputs: moments.inputs)
                // Held once, or adding would copy it.
                sum = nil
                try all.add(moments)
                guard isLast else { return sum = all }
                try fitting.fit(input, all)
                progress(.stage(.passes))
            }
            try moments.run()
            progress(.block(index, BlockErrors()))
        }
    }

    /// The last block with a linear to quantize; nil if there is none.
    private var lastQuantizedBlock: Int? {
        (0..<configuration.layerCount).last { !inputs(ofBlock: $0).isEmpty }
    }
}
