import OctavoModel
import OctavoNumerics

/// One block of the original model, with the calibration text on its way through it: what the moments of its inputs
/// are, slice by slice.
///
/// Inputs come one after the other, so that the sums of one alone are in memory.
struct BlockMoments {
    let quantizer: ModelQuantizer
    let block: DecoderBlock
    let streams: Streams
    /// The batches of each slice.
    let slices: [Range<Int>]
    /// The inputs whose moments are wanted.
    let wanted: Set<BlockInput>
    /// Takes the moments of an input of each slice in order.
    let take: (BlockInput, InputMoments, _ isLast: Bool) throws -> Void

    /// Takes the stream behind the block.
    func run() throws {
        if quantizer.configuration.isParallel {
            try streams.forEachBatch { batch in
                try streams.keep(
                    streams.matrix(.original, batch),
                    as: .originalBlockInput,
                    batch
                )
            }
        }
        try collect(BlockInput(.attentionInput)) { batch, isWanted in
            guard isWanted else { return nil }
            return block.attentionInput(try streams.matrix(.original, batch), execution)
        }
        try collect(BlockInput(.attentionOutput)) { batch, isWanted in
            var input = Matrix(rows: 0, columns: 0)
            let hidden = try streams.update(.original, batch) { hidden in
                input = block.attended(
                    block.attentionInput(hidden, execution),
                    layout: batch.layout,
                    rotary: streams.rotary,
                    execution
                )
                block.add(.outputProjection, of: input, to: &hidden, execution)
            }
            guard isWanted else { return nil }
            balance(&input, .outputProjection, hidden)
            return input
        }
        if let experts = block.expertCount { return try collectExperts(experts) }
        try collect(BlockInput(.feedForwardInput)) { batch, isWanted in
            isWanted ? try feedForwardInput(batch) : nil
        }
        try collect(BlockInput(.feedForwardOutput)) { batch, isWanted in
            var input = block.gated(try feedForwardInput(batch), execution)
            let hidden = try streams.update(.original, batch) { hidden in
                block.add(.downProjection, of: input, to: &hidden, execution)
            }
            guard isWanted else { return nil }
            balance(&input, .downProjection, hidden)
            return input
        }
    }

    private var execution: Execution { quantizer.execution }

    /// Goes through all batches for one input; only where it is wanted has the step to return it.
    private func collect(
        _ input: BlockInput,
        step: (Batch, _ isWanted: Bool) throws -> Matrix?
    ) throws {
        let isWanted = wanted.contains(input)
        for (index, slice) in slices.enumerated() {
            var sum =
                isWanted ? HessianAccumulator(inputs: quantizer.width(of: input), execution) : nil
            for batch in streams.batches[slice] {
                guard let x = try step(batch, isWanted) else { continue }
                try sum?.add(x)
            }
            guard let sum else { continue }
            try take(input, sum.moments, index + 1 == slices.count)
        }
    }

    /// Lets each token count by how small it is in what the linear's output is added to, or in the output itself
    /// where a norm follows: see ``tokenFactors(of:)``.
    private func balance(_ input: inout Matrix, _ name: LinearName, _ hidden: Matrix) {
        guard !name.site.fitsStream(in: quantizer.configuration) else {
            return input.scaleRows(by: tokenFactors(of: hidden))
        }
        input.scaleRows(by: tokenFactors(of: block.output(name, of: input, execution)))
    }

    /// What the feed-forward part takes, normed.
    private func feedForwardInput(_ batch: Batch) throws -> Matrix {
        let isParallel = quantizer.configuration.isParallel
        let stream = try streams.matrix(isParallel ? .originalBlockInput : .original, batch)
        return block.feedForwardInput(stream, execution)
    }

    // MARK: Experts

    /// The same for experts: each has the tokens that pass it, and all of a slice where none does.
    private func collectExperts(_ count: Int) throws {
        let routes = try streams.batches.map { block.routes(try feedForwardInput($0)) }
        for expert in 0..<count {
            for site in [InputSite.feedForwardInput, .feedForwardOutput] {
                let input = BlockInput(site, expert: expert)
                guard wanted.contains(input) else { continue }
                for (index, slice) in slices.enumerated() {
                    let moments = try moments(input, expert, slice, routes)
                    try take(input, moments, index + 1 == slices.count)
                }
            }
        }
        try streams.forEachBatch { batch in
            let y = try feedForwardInput(batch)
            try streams.update(.original, batch) { block.addExperts(of: y, to: &$0, execution) }
        }
    }

    private func moments(
        _ input: BlockInput,
        _ expert: Int,
        _ slice: Range<Int>,
        _ routes: [[ExpertTokens]]
    ) throws -> InputMoments {
        let isSubstitute = slice.allSatisfy { routes[$0][expert].rows.isEmpty }
        var sum = HessianAccumulator(inputs: quantizer.width(of: input), execution)
        for batch in streams.batches[slice] {
            var tokens = routes[batch.index][expert]
            if isSubstitute {
                let rows = Array(batch.tokens.indices)
                tokens = ExpertTokens(rows: rows, weights: rows.map { _ in 1 })
            }
            guard !tokens.rows.isEmpty else { continue }
            var x = try feedForwardInput(batch).gathered(rows: tokens.rows)
            if input.site == .feedForwardOutput {
                x = block.gated(x, expert: expert, execution)
                // What the stream gets of an expert is multiplied by the token's weight.
                x.scaleRows(by: tokens.weights)
                let hidden = try streams.matrix(.original, batch)
                x.scaleRows(by: tokenFactors(of: hidden.gathered(rows: tokens.rows)))
            }
            try sum.add(x)
        }
        var moments = sum.moments
        moments.isSubstitute = isSubstitute
        return moments
    }
}
