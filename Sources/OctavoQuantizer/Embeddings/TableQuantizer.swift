import OctavoBase
public import OctavoModel
public import OctavoNumerics

/// Quantizes an embedding or a head: a layer with a row for each token, far more than any other has.
///
/// Codebooks are found on some of the rows, as many as a large layer has, by ``quantize(weight:metric:scheme:options:observer:)``.
/// Then all other rows get codes and scales, some thousand at a time: rows share nothing but the codebooks,
/// so that memory stays bounded however large the vocabulary.
///
/// - Parameters:
///   - table: `[tokens, hidden]`.
///   - metric: What an error of a row costs, made for the scheme's group size.
///   - scheme: The numbers of codebooks and entries.
///   - options: The effort and the seed.
///   - sampledRows: How many rows codebooks are found on, at most; at least 1.
///   - progress: Told how many rows of how many have codes.
/// - Returns: The layer, whose codebooks and scales are exact in half precision, and its loss relative to
///   `tr(W H Wᵀ)`.
/// - Throws: ``QuantizationError``.
public func quantize(
    table: Matrix,
    metric: InputMetric,
    scheme: Scheme,
    options: LayerQuantizerOptions = .init(),
    sampledRows: Int = 8192,
    progress: (Int, Int) -> Void = { _, _ in }
) throws(QuantizationError) -> (layer: AdditiveLayer, relativeLoss: Double) {
    precondition(sampledRows > 0)
    guard table.rows > sampledRows else {
        let (layer, report) = try quantize(
            weight: table,
            metric: metric,
            scheme: scheme,
            options: options
        )
        progress(table.rows, table.rows)
        return (layer, report.relativeLoss)
    }
    // Neighbours in a vocabulary are alike, so the rows are drawn.
    var generator = SeededGenerator(seed: options.seed)
    let sample = (0..<table.rows).shuffled(using: &generator).prefix(sampledRows).sorted()
    let codebooks = try quantize(
        weight: table.gathered(rows: sample),
        metric: metric,
        scheme: scheme,
        options: options
    ).layer.codebooks

    var codes: [UInt16] = []
    var scales: [Float] = []
    var (loss, energy) = (0.0, 0.0)
    for start in stride(from: 0, to: table.rows, by: sampledRows) {
        progress(start, table.rows)
        let rows = Array(start..<min(start + sampledRows, table.rows))
        let problem = try LayerProblem(
            weights: table.gathered(rows: rows),
            metric: metric,
            scheme: scheme,
            options: options
        )
        let part = try problem.coded(with: codebooks)
        codes += part.layer.codes
        scales += part.layer.scales
        // Each part has a unit of its own.
        let unit = Double(sign: .plus, exponent: 2 * problem.exponent, significand: 1)
        loss += part.loss * unit
        energy += problem.energy * unit
    }
    progress(table.rows, table.rows)
    do {
        let layer = try AdditiveLayer(
            scheme: scheme,
            outputs: table.rows,
            inputs: table.columns,
            codes: codes,
            codebooks: codebooks,
            scales: scales
        )
        return (layer, energy > 0 ? loss / energy : 0)
    } catch {
        preconditionFailure("the parts of a table fit together: \(error)")
    }
}

extension LayerProblem {
    /// Finds codes and scales for codebooks that are given.
    ///
    /// - Parameter codebooks: `[codebooks, entries, size]`, halves.
    /// - Returns: The layer and its loss, in the problem's unit.
    /// - Throws: ``QuantizationError/outOfRange``.
    fileprivate func coded(
        with codebooks: [Float]
    ) throws(QuantizationError) -> (layer: AdditiveLayer, loss: Double) {
        var books = Codebooks(
            count: scheme.codebooks,
            entries: scheme.entries,
            size: scheme.groupSize
        )
        books.vectors.elements = codebooks
        let zeros = [UInt16](repeating: 0, count: outputs * scheme.codebooks)
        var state = LayerState(
            LayerChoice(
                codes: .init(repeating: zeros, count: groups),
                codebooks: books,
                scales: rowDots(weights, weights).map { Float($0.squareRoot()) }
            ),
            for: self
        )
        // The codes for a row's norm as its scale say what the scale should be.
        for hypotheses in [1, options.hypotheses] {
            state.assignByFeedback(self, hypotheses: hypotheses)
            state.solveScales(self)
        }
        var generator = SeededGenerator(seed: options.seed)
        var least = state.loss(self)
        for _ in 0..<max(0, options.refinements) {
            state.refine(self, using: &generator)
            state.solveScales(self)
            let loss = state.loss(self)
            guard loss < (1 - options.leastGain) * least else { break }
            least = loss
        }
        // Codebooks are as they will be stored; all of the unit goes into the scales.
        state.choice.scales.roundToHalf(exponent: exponent)
        guard state.choice.scales.allSatisfy(\.isFinite) else { throw .outOfRange }
        _ = state.refreshResidual(self)
        state.sweep(self)
        let loss = state.refreshResidual(self)
        return (try layer(state.choice, UnitExponents(scales: exponent)), loss)
    }
}
