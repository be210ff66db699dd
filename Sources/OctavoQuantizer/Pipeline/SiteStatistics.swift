import OctavoModel
import OctavoNumerics

/// What a site's linears are fitted to: the second moments of their input, and of what their outputs lack
/// with that input.
struct SiteStatistics: Sendable {
    /// Whether the site's one linear is fitted to what the stream lacks.
    let fitsStream: Bool
    private var inputs: HessianAccumulator
    /// Moments of what is lacking with the inputs, of either half of the text; none where linears are to
    /// do what the original weights do.
    ///
    /// What is lacking is the original's input less the input that there is; or, where the site's linear
    /// adds to the residual stream as it is, what the stream lacks behind it.
    private var lacks: [CrossAccumulator] = []

    init(
        _ site: InputSite,
        in configuration: ModelConfiguration,
        hasTargets: Bool,
        _ execution: Execution = Execution()
    ) {
        self.init(
            width: site.width(in: configuration),
            streamWidth: site.fitsStream(in: configuration) ? configuration.hiddenSize : nil,
            hasTargets: hasTargets,
            execution
        )
    }

    /// Starts with nothing for linears of an expert, which are not fitted to the stream.
    init(expertInputs width: Int, hasTargets: Bool, _ execution: Execution = Execution()) {
        self.init(width: width, streamWidth: nil, hasTargets: hasTargets, execution)
    }

    /// Takes what was summed elsewhere, for linears that are to do what the original weights do.
    init(_ inputs: HessianAccumulator) {
        fitsStream = false
        self.inputs = inputs
    }

    private init(width: Int, streamWidth: Int?, hasTargets: Bool, _ execution: Execution) {
        fitsStream = streamWidth != nil
        inputs = HessianAccumulator(inputs: width, execution)
        guard hasTargets else { return }
        let half = CrossAccumulator(rows: streamWidth ?? width, columns: width, execution)
        lacks = [half, half]
    }

    /// Adds a batch: inputs, and what is lacking with each, a row for each.
    mutating func add(_ x: Matrix, lack: Matrix?) throws(QuantizationError) {
        try inputs.add(x)
        guard let lack, !lacks.isEmpty else { return }
        for (half, rows) in [0..<x.rows / 2, x.rows / 2..<x.rows].enumerated() {
            lacks[half].add(lack.rows(rows), x.rows(rows))
        }
    }

    /// The metric in which errors of weights count.
    func metric(groupSize: Int) throws(QuantizationError) -> InputMetric {
        try InputMetric(hessian: try inputs.mean(), groupSize: groupSize)
    }

    /// What the site's inputs tell of what is lacking; nil where linears keep what the original weights do.
    ///
    /// - Throws: ``QuantizationError/notFinite(_:)``.
    func recovery() throws(QuantizationError) -> Recovery? {
        guard !lacks.isEmpty else { return nil }
        return try Recovery(hessian: try inputs.mean(shrinkage: 0))
    }

    /// The weights that a linear should have on its inputs here, which may differ from its own.
    ///
    /// - Parameters:
    ///   - weight: The linear's own, `[outputs, inputs]`.
    ///   - recovery: The site's, or nil for the linear's own weights.
    /// - Returns: `[outputs, inputs]`.
    /// - Throws: ``QuantizationError/notFinite(_:)``.
    func targetWeights(
        _ weight: Matrix,
        _ recovery: Recovery?
    ) throws(QuantizationError) -> Matrix {
        guard let recovery else { return weight }
        let halves = lacks.map { fitsStream ? $0.mean : product(weight, $0.mean) }
        guard halves.allSatisfy({ $0.elements.allSatisfy(\.isFinite) }) else {
            throw .notFinite(.activations)
        }
        var result = weight
        OctavoNumerics.add(recovery.change(halves[0], halves[1]), times: 1, to: &result)
        return result
    }
}

extension InputSite {
    /// Whether the site's one linear adds to the residual stream, and can be fitted to what that lacks: not
    /// if its output is normed first.
    func fitsStream(in configuration: ModelConfiguration) -> Bool {
        switch self {
        case .attentionInput, .feedForwardInput: false
        case .attentionOutput: !configuration.norms.contains(.attentionOutput)
        case .feedForwardOutput: !configuration.norms.contains(.feedForwardOutput)
        }
    }
}
