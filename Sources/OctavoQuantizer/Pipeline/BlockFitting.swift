import OctavoModel
import OctavoNumerics

/// One block on its way from weights to codes.
///
/// The calibration tokens go through the block site by site, in two streams: that of the original
/// model, and that of the model as it comes out. At each site the linears that take its input are
/// fitted to the inputs of the second stream, which come from everything quantized before them, and to
/// what the first stream says their outputs should be.
struct BlockFitting<Journal: QuantizationJournal> {
    let quantizer: ModelQuantizer
    let index: Int
    let original: DecoderBlock
    /// The block with linears replaced by what their codes stand for: dense, since every token passes
    /// through, and a product with a matrix is fastest then.
    private(set) var folded: DecoderBlock
    private(set) var layers: [LinearName: AdditiveLayer] = [:]
    let streams: Streams
    let journal: Journal
    let progress: @Sendable (QuantizationEvent) -> Void

    init(
        _ quantizer: ModelQuantizer,
        block index: Int,
        _ original: DecoderBlock,
        _ streams: Streams,
        _ journal: Journal,
        _ progress: @escaping @Sendable (QuantizationEvent) -> Void
    ) {
        self.quantizer = quantizer
        self.index = index
        self.original = original
        folded = original
        self.streams = streams
        self.journal = journal
        self.progress = progress
    }

    /// Goes through the sites; afterwards both streams are behind the block.
    ///
    /// - Returns: How far apart they are.
    mutating func run() throws -> BlockErrors {
        try streams.forEachBatch { batch in
            if quantizer.keepsBlockInput {
                try streams.keep(streams.matrix(.quantized, batch), as: .blockInput, batch)
            }
            if quantizer.keepsOriginalBlockInput {
                try streams.keep(streams.matrix(.original, batch), as: .originalBlockInput, batch)
            }
        }
        for site in [InputSite.attentionInput, .attentionOutput] { try fit(site) }
        if let experts = original.expertCount {
            try fitExperts(experts)
        } else {
            for site in [InputSite.feedForwardInput, .feedForwardOutput] { try fit(site) }
            progress(.stage(.passes))
            try streams.forEachBatch { batch in
                try streams.update(.quantized, batch) { hidden in
                    let input = try streams.matrix(.siteInput, batch)
                    folded.add(.downProjection, of: input, to: &hidden, execution)
                }
            }
        }
        var errors = BlockErrors()
        guard followsOriginal else { return errors }
        errors.quantized = try streams.relativeError(threads: execution.threads)
        if let options = quantizer.tuning, !layers.isEmpty {
            try tune(options)
            errors.tuned = try streams.relativeError(threads: execution.threads)
        }
        return errors
    }

    /// Tunes the block as a whole, or takes what an earlier run made of it, and takes the stream through
    /// it once more.
    private mutating func tune(_ options: BlockTuningOptions) throws {
        let tuned: TunedParameters
        if let kept = try journal.tunedParameters(block: index) {
            tuned = kept
        } else {
            progress(.stage(.tuning))
            let slices = streams.slices(tokens: quantizer.tuningBatchTokens)
            let result = try tuneBlock(
                folded,
                layers: layers,
                batches: slices.count,
                options: options,
                rotary: streams.rotary,
                execution: execution
            ) { index in
                let (batch, rows, layout) = slices[index]
                return BlockBatch(
                    input: try streams.matrix(.blockInput, batch).rows(rows),
                    target: try streams.matrix(.original, batch).rows(rows),
                    layout: layout
                )
            }
            tuned = TunedParameters(result)
            try journal.keep(tuned, block: index)
            progress(.stage(.passes))
        }
        folded.take(tuned)
        try streams.forEachBatch { batch in
            var hidden = try streams.matrix(.blockInput, batch)
            folded.forward(&hidden, layout: batch.layout, rotary: streams.rotary, execution)
            try streams.keep(hidden, as: .quantized, batch)
        }
    }

    var execution: Execution { quantizer.execution }
    var followsOriginal: Bool { quantizer.targets == .original }

    /// Quantizes the linears of a site.
    private mutating func fit(_ site: InputSite) throws {
        try fit(original.linearNames.filter { $0.site == site }) { fitting, isNeeded in
            var statistics: SiteStatistics?
            if isNeeded {
                statistics = SiteStatistics(
                    site,
                    in: fitting.quantizer.configuration,
                    hasTargets: fitting.followsOriginal,
                    fitting.execution
                )
            }
            try fitting.streams.forEachBatch { try fitting.advance(to: site, $0, &statistics) }
            return statistics
        }
    }

    /// Quantizes linears that share an input.
    ///
    /// - Parameters:
    ///   - linears: All that take the input.
    ///   - collect: Takes the streams to the input, and returns statistics of it where they are needed:
    ///     where the journal does not have all linears.
    /// - Throws: ``LinearQuantizationError``, or what streams and journal throw.
    mutating func fit(
        _ linears: [LinearName],
        collect: (BlockFitting, _ isNeeded: Bool) throws -> SiteStatistics?
    ) throws {
        var kept: [LinearName: QuantizedLinear] = [:]
        let names = linears.filter { quantizer.isQuantized($0, block: index) }
        for name in names { kept[name] = try journal.linear(name, block: index) }
        let missing = names.filter { kept[$0] == nil }

        progress(.stage(.passes))
        let statistics = try collect(self, !missing.isEmpty)
        for name in names where kept[name] != nil {
            progress(.linear(name, block: index, relativeLoss: nil))
        }
        if let statistics {
            progress(.stage(.quantizing))
            let fitting = SiteFitting(
                quantizer: quantizer,
                block: index,
                original: original,
                linears: linears,
                statistics: statistics,
                journal: journal,
                progress: progress
            )
            kept.merge(try fitting.quantize(missing)) { _, new in new }
        }
        for (name, linear) in kept {
            layers[name] = linear.layer
            folded[name] = .dense(linear.layer.dequantized())
        }
    }

    /// Takes the streams of a batch to a site's input, and adds that to the site's statistics.
    private func advance(
        to site: InputSite,
        _ batch: Batch,
        _ statistics: inout SiteStatistics?
    ) throws {
        var input: Matrix
        var lack: Matrix?
        switch site {
        case .attentionInput:
            // Nothing moves: this is for the statistics alone.
            guard statistics != nil else { return }
            input = original.attentionInput(try streams.matrix(.quantized, batch), execution)
            if followsOriginal {
                let goal = try streams.matrix(.original, batch)
                lack = difference(original.attentionInput(goal, execution), input)
            }
        case .attentionOutput:
            let hidden = try streams.matrix(.quantized, batch)
            input = attended(folded, hidden, batch)
            try streams.keep(input, as: .siteInput, batch)
            if followsOriginal {
                var reached = input
                let goal = try streams.update(.original, batch) { goal in
                    reached = attended(original, goal, batch)
                    original.add(.outputProjection, of: reached, to: &goal, execution)
                }
                guard let statistics else { return }
                if statistics.fitsStream {
                    lack = wanted(from: hidden, to: goal, .outputProjection)
                    weigh(&input, &lack, by: goal)
                } else {
                    let output = original.output(.outputProjection, of: reached, execution)
                    lack = difference(reached, input)
                    weigh(&input, &lack, by: output)
                }
            }
        case .feedForwardInput:
            let hidden = try addAttention(batch)
            guard statistics != nil else { return }
            input = original.feedForwardInput(try feedForwardStream(hidden, batch), execution)
            if followsOriginal {
                let goal = try streams.matrix(.original, batch)
                let stream = try originalFeedForwardStream(goal, batch)
                lack = difference(original.feedForwardInput(stream, execution), input)
            }
        case .feedForwardOutput:
            let hidden = try streams.matrix(.quantized, batch)
            let stream = try feedForwardStream(hidden, batch)
            input = folded.gated(folded.feedForwardInput(stream, execution), execution)
            try streams.keep(input, as: .siteInput, batch)
            if followsOriginal {
                var reached = input
                let goal = try streams.update(.original, batch) { goal in
                    let stream = try originalFeedForwardStream(goal, batch)
                    reached = original.gated(
                        original.feedForwardInput(stream, execution),
                        execution
                    )
                    original.add(.downProjection, of: reached, to: &goal, execution)
                }
                guard let statistics else { return }
                if statistics.fitsStream {
                    lack = wanted(from: hidden, to: goal, .downProjection)
                    weigh(&input, &lack, by: goal)
                } else {
                    let output = original.output(.downProjection, of: reached, execution)
                    lack = difference(reached, input)
                    weigh(&input, &lack, by: output)
                }
            }
        }
        try statistics?.add(input, lack: lack)
    }

    /// Takes the stream of a batch behind the attention part.
    @discardableResult
    func addAttention(_ batch: Batch) throws -> Matrix {
        try streams.update(.quantized, batch) { hidden in
            let input = try streams.matrix(.siteInput, batch)
            folded.add(.outputProjection, of: input, to: &hidden, execution)
        }
    }

    private func attended(_ block: DecoderBlock, _ hidden: Matrix, _ batch: Batch) -> Matrix {
        block.attended(
            block.attentionInput(hidden, execution),
            layout: batch.layout,
            rotary: streams.rotary,
            execution
        )
    }

    /// The stream that the feed-forward part takes, given the one behind attention.
    func feedForwardStream(_ hidden: Matrix, _ batch: Batch) throws -> Matrix {
        quantizer.configuration.isParallel ? try streams.matrix(.blockInput, batch) : hidden
    }

    /// The same in the original.
    func originalFeedForwardStream(_ goal: Matrix, _ batch: Batch) throws -> Matrix {
        quantizer.configuration.isParallel
            ? try streams.matrix(.originalBlockInput, batch) : goal
    }
}
