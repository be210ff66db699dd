import OctavoModel
import OctavoNumerics

/// How many sequences a probe has, how many of their tokens it takes, how many logits it keeps.
private let probeShape = (sequences: 4, tokens: 16, logits: 8)

/// Records what a model answers to the beginnings of some sequences, with one block of it in memory at a
/// time.
func recordProbe(
    of model: OpenModel,
    prompts: [[Int]],
    threads: Int
) throws -> [ProbeRecord] {
    // What ran before may have left BLAS another number, and last bits depend on it.
    setBLASThreads(threads)
    let sequences = prompts.prefix(probeShape.sequences).map { Array($0.prefix(probeShape.tokens)) }
    let logits = try lastLogits(
        of: sequences,
        model.configuration(),
        from: model,
        Execution(threads: threads, evaluation: .dequantized)
    )
    let top = topLogits(logits, rows: sequences.indices, count: probeShape.logits)
    return zip(sequences, top).map { ProbeRecord(tokens: $0, ids: $1.ids, logits: $1.values) }
}

/// The largest difference between recorded and replayed logits, relative to the spread of all logits;
/// infinite where the record names tokens that the model does not have.
func replayDifference(
    of record: ProbeRecord,
    on model: LanguageModel,
    threads: Int
) throws -> Double {
    let vocabulary = 0..<model.configuration.vocabularySize
    guard record.tokens.count <= model.configuration.contextLength,
        (record.tokens + record.ids).allSatisfy(vocabulary.contains)
    else { return .infinity }
    let logits = try model.logits(
        for: record.tokens,
        Execution(threads: threads, evaluation: .dequantized)
    )
    let last = Array(logits.elements.suffix(logits.columns))
    return relativeDifference(record.ids.map { last[$0] }, record.logits, spread: spread(last))
}

/// The largest difference of corresponding numbers as a share of a spread.
///
/// Infinite where one is not finite: nothing that cannot be compared may pass for equal.
func relativeDifference(_ a: [Float], _ b: [Float], spread: Double) -> Double {
    guard a.count == b.count else { return .infinity }
    var worst = 0.0
    for (a, b) in zip(a, b) {
        let difference = abs(Double(a) - Double(b))
        guard difference.isFinite else { return .infinity }
        worst = max(worst, difference)
    }
    return worst / max(spread, .leastNormalMagnitude)
}

/// The standard deviation of some numbers.
func spread(_ values: [Float]) -> Double {
    let count = Double(max(1, values.count))
    let mean = values.reduce(0.0) { $0 + Double($1) } / count
    let squares = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
    return (squares / count).squareRoot()
}
