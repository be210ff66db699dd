public import OctavoNumerics

/// Takes sequences through all blocks, with one block of weights in memory at a time.
///
/// For a few sequences and models of any size: each block is loaded once, and left again.
///
/// - Parameters:
///   - sequences: Each at least one token, for itself.
///   - ends: Where the embedding is, which may be another than the source's.
///   - source: The weights of the blocks.
///   - execution: How the pass is carried out.
///   - progress: Told how many blocks are behind.
/// - Returns: For each sequence the residual stream behind the last block, `[tokens, hidden]`.
/// - Throws: ``TokenError``, or what the source throws.
public func finalHidden(
    of sequences: [[Int]],
    _ ends: ModelEnds,
    blocks source: some WeightSource,
    _ execution: Execution,
    progress: (Int) -> Void = { _ in }
) throws -> [Matrix] {
    precondition(sequences.allSatisfy { !$0.isEmpty })
    let configuration = ends.configuration
    let rotary = configuration.rotaryTables(lengths: sequences.map(\.count))
    var hidden = try sequences.map { try ends.embed($0) }
    for layer in 0..<configuration.layerCount {
        let block = try DecoderBlock(configuration: configuration, layer: layer, from: source)
        for i in hidden.indices {
            let layout = BatchLayout(lengths: [hidden[i].rows])
            block.forward(&hidden[i], layout: layout, rotary: rotary, execution)
        }
        progress(layer + 1)
    }
    return hidden
}

/// Returns the logits that follow the last token of each sequence, with one block of weights in memory at
/// a time.
///
/// - Parameters:
///   - sequences: Each at least one token, for itself.
///   - configuration: The architecture.
///   - source: The weights.
///   - execution: How the pass is carried out.
/// - Returns: `[sequences, vocabulary]`.
/// - Throws: ``TokenError``, ``WeightError``, or what the source throws.
public func lastLogits(
    of sequences: [[Int]],
    _ configuration: ModelConfiguration,
    from source: some WeightSource,
    _ execution: Execution
) throws -> Matrix {
    let ends = try ModelEnds(configuration: configuration, from: source)
    var logits: [Float] = []
    for last in try finalHidden(of: sequences, ends, blocks: source, execution) {
        logits += ends.logits(last.selecting(rows: [last.rows - 1]), execution).elements
    }
    return Matrix(
        rows: sequences.count,
        columns: configuration.vocabularySize,
        elements: logits
    )
}
