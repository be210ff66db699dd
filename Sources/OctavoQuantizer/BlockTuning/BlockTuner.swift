import OctavoBase
public import OctavoModel
import OctavoNumerics

/// Tunes a quantized block so that its output comes closer to targets, with all codes as they are.
///
/// Codebooks, scales and biases of the given layers and all norms learn by Adam against the squared
/// error of the block's output, batch by batch. What is returned is the best epoch by the loss on
/// held-out batches, rounded to half precision; if that is no better than the block was, the block
/// comes back as it was. The result depends on the arguments, and on the processor and the number
/// of BLAS threads by the order in which sums are rounded.
///
/// - Parameters:
///   - block: The block; its linears that are not in `layers` stay as they are.
///   - layers: The quantized linears, in place of those in the block.
///   - batches: How many batches there are, the last ones held out.
///   - options: Rates and epochs.
///   - rotary: Tables that cover the lengths of the sequences.
///   - execution: How passes are carried out.
///   - progress: Told of each epoch.
///   - batch: Returns a batch; asked for the same ones in each epoch. A few hundred to a few
///     thousand tokens make a good step.
/// - Returns: The tuned block.
/// - Throws: ``BlockTuningError``, or what `batch` throws.
public func tuneBlock(
    _ block: DecoderBlock,
    layers: [LinearName: AdditiveLayer],
    batches: Int,
    options: BlockTuningOptions = .init(),
    rotary: RotaryTables,
    execution: Execution,
    progress: (BlockTuningProgress) -> Void = { _ in },
    batch: (Int) throws -> BlockBatch
) throws -> TunedBlock {
    guard batches > 0 else { throw BlockTuningError.noBatches }
    let tuner = BlockTuner(options: options, rotary: rotary, execution: execution)
    let start = try TunableBlock(block, layers: layers, threads: execution.threads)
    let heldOutShare = min(1, max(0, options.heldOutShare))
    let heldOutCount = max(1, Int((Double(batches) * heldOutShare).rounded()))
    let trainCount = max(1, batches - heldOutCount)
    let heldOut = min(trainCount, batches - 1)..<batches
    let before = try tuner.error(of: start.formed(), over: heldOut, batch)
    guard before.isFinite else { throw BlockTuningError.overflow }
    var report = BlockTuningReport(before: before, after: before)

    var current = start
    var best = (loss: before, block: start)
    var order = Array(0..<trainCount)
    var generator = SeededGenerator(seed: options.seed)
    var epochsWithoutGain = 0
    for epoch in 1...max(1, options.epochs) where options.epochs > 0 {
        order.shuffle(using: &generator)
        guard let training = try tuner.train(&current, order: order, epoch: epoch, batch) else {
            break
        }
        let loss = try tuner.error(of: current.formed(), over: heldOut, batch)
        report.epochs.append(loss)
        progress(
            BlockTuningProgress(
                epoch: epoch,
                epochs: options.epochs,
                trainingLoss: training,
                heldOutLoss: loss
            )
        )
        if loss < best.loss {
            best = (loss, current)
            epochsWithoutGain = 0
        } else {
            epochsWithoutGain += 1
        }
        guard epochsWithoutGain < options.patience else { break }
    }

    best.block.roundToHalf()
    let after = try tuner.error(of: best.block.formed(), over: heldOut, batch)
    if after < before {
        report.after = after
    } else {
        best.block = start
    }
    return TunedBlock(layers: best.block.layers, block: best.block.formed(), report: report)
}

/// What all passes of a block's tuning share.
private struct BlockTuner {
    let options: BlockTuningOptions
    let rotary: RotaryTables
    let execution: Execution

    /// Returns the relative loss of a block over some batches; infinite if it is no number.
    func error(
        of block: DecoderBlock,
        over batches: Range<Int>,
        _ batch: (Int) throws -> BlockBatch
    ) throws -> Double {
        var sum = OutputError()
        for index in batches {
            let batch = try checked(index, for: block, batch)
            var output = batch.input
            block.forward(&output, layout: batch.layout, rotary: rotary, execution)
            let error = options.weighting.compare(&output, with: batch.target)
            if !error.relative.isFinite { try batch.checkFinite(index: index) }
            sum += error
        }
        return sum.relative.isFinite ? sum.relative : .infinity
    }

    /// Learns from batches in order, and returns their relative loss as it was met; nil if the
    /// block has been led to where numbers are no longer finite.
    func train(
        _ tunable: inout TunableBlock,
        order: [Int],
        epoch: Int,
        _ batch: (Int) throws -> BlockBatch
    ) throws -> Double? {
        var sum = OutputError()
        for (step, index) in order.enumerated() {
            let block = tunable.formed()
            let batch = try checked(index, for: block, batch)
            let trace = BlockTrace(
                block,
                input: batch.input,
                layout: batch.layout,
                rotary: rotary,
                execution
            )
            var gradient = trace.output
            let error = options.weighting.compare(&gradient, with: batch.target)
            guard error.relative.isFinite else {
                try batch.checkFinite(index: index)
                return nil
            }
            sum += error
            let gradients = block.backward(
                &gradient,
                through: trace,
                rotary: rotary,
                execution,
                weights: tunable.names
            )
            let progress =
                Double((epoch - 1) * order.count + step) / Double(options.epochs * order.count)
            tunable.step(gradients, rate: options.learningRate * Float(1 - progress))
        }
        return sum.relative
    }

    private func checked(
        _ index: Int,
        for block: DecoderBlock,
        _ batch: (Int) throws -> BlockBatch
    ) throws -> BlockBatch {
        let batch = try batch(index)
        try batch.check(
            index: index,
            width: block.configuration.hiddenSize,
            rotary: rotary
        )
        return batch
    }
}
