public import OctavoNumerics

/// Returns the logits that follow the last token of each sequence, with one block of weights in memory at
/// a time.
///
/// For a few short sequences and models of any size: each block is loaded once, and left again.
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
    precondition(sequences.allSatisfy { !$0.isEmpty })
    let ends = try ModelEnds(configuration: configuration, from: source)
    let rotary = configuration.rotaryTables(lengths: sequences.map(\.count))
    var hidden = try sequences.map { try ends.embed($0) }
    for layer in 0..<configuration.layerCount {
        let block = try DecoderBlock(configuration: configuration, layer: layer, from: source)
        for i in hidden.indices {
            let layout = BatchLayout(lengths: [hidden[i].rows])
            block.forward(&hidden[i], layout: layout, rotary: rotary, execution)
        }
    }
    var logits: [Float] = []
    for last in hidden {
        logits += ends.logits(last.selecting(rows: [last.rows - 1]), execution).elements
    }
    return Matrix(
        rows: sequences.count,
        columns: configuration.vocabularySize,
        elements: logits
    )
}
