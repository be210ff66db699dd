public import OctavoModel
public import OctavoNumerics

/// Takes sequences through a model, with one block of weights in memory at a time.
///
/// - Parameters:
///   - sequences: The text, each sequence by itself.
///   - source: The weights.
///   - configuration: The architecture.
///   - storage: Keeps the residual stream of all tokens from block to block.
///   - batchTokens: About how many tokens go through a block at a time.
///   - execution: How passes are carried out.
///   - progress: Called after each block with its index.
///   - body: Called for each batch of sequences, in order, with the model's ends and the residual stream
///     behind the last block, `[tokens, hidden]`.
/// - Throws: ``TokenError``, ``WeightError``, or what source, storage and body throw.
public func forEachFinalStream(
    of sequences: [[Int]],
    through source: some WeightSource,
    _ configuration: ModelConfiguration,
    storage: some ActivationStorage,
    batchTokens: Int = 2048,
    _ execution: Execution,
    progress: (Int) -> Void = { _ in },
    body: (ModelEnds, Matrix) throws -> Void
) throws {
    let ends = try ModelEnds(configuration: configuration, from: source)
    let streams = try Streams(
        sequences,
        batchTokens: batchTokens,
        ends,
        storage,
        [.original]
    )
    for index in 0..<configuration.layerCount {
        let block = try DecoderBlock(configuration: configuration, layer: index, from: source)
        try streams.forEachBatch { batch in
            try streams.update(.original, batch) { hidden in
                block.forward(&hidden, layout: batch.layout, rotary: streams.rotary, execution)
            }
        }
        progress(index)
    }
    try streams.forEachBatch { batch in try body(ends, streams.matrix(.original, batch)) }
}
