import OctavoModel
import OctavoNumerics

/// What a site's linears are fitted to: the second moments of their input, and of what is lacking with that
/// input.
struct SiteStatistics: Sendable {
    /// Whether the site's one linear is fitted to what the stream lacks.
    let fitsStream: Bool
    /// Moments of the inputs: of either half of the text where there are targets, else of all of it.
    private var inputs: [HessianAccumulator]
    /// Moments of what is lacking with the inputs, of either half of the text; none where linears are to
    /// do what the original weights do.
    ///
    /// What is lacking is the original's input less the input that there is; or, where the site's linear
    /// adds to the residual stream as it is, what the stream lacks before it.
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
        self.inputs = [inputs]
    }

    private init(width: Int, streamWidth: Int?, hasTargets: Bool, _ execution: Execution) {
        fitsStream = streamWidth != nil
        inputs = [HessianAccumulator(inputs: width, execution)]
        guard hasTargets else { return }
        inputs += inputs
        let half = CrossAccumulator(rows: streamWidth ?? width, columns: width, execution)
        lacks = [half, half]
    }

    /// About how many tokens of a batch are put into one half of the text before the next go into the other.
    ///
    /// What they agree on is undone, so this decides how much is: see docs/effort.md for what 2048 gave.
    private static let halfTokens = 1024

    /// Adds a batch: inputs, and what is lacking with each, a row for each.
    mutating func add(_ x: Matrix, lack: Matrix?) throws(QuantizationError) {
        precondition((lack == nil) == lacks.isEmpty)
        guard let lack else { return try inputs[0].add(x) }
        let count = 2 * Self.halfTokens
        for start in stride(from: 0, to: x.rows, by: count) {
            let end = min(start + count, x.rows)
            let middle = (start + end) / 2
            for (half, rows) in [start..<middle, middle..<end].enumerated() {
                try inputs[half].add(x, rows: rows)
                lacks[half].add(lack, x, rows: rows)
            }
        }
    }

    /// The metric in which errors of weights count.
    func metric(groupSize: Int) throws(QuantizationError) -> InputMetric {
        try InputMetric(hessian: try allInputs.mean(), groupSize: groupSize)
    }

    /// What the site's inputs tell of what is lacking; nil where linears keep what the original weights do.
    ///
    /// - Throws: ``QuantizationError/notFinite(_:)``.
    func recovery() throws(QuantizationError) -> Recovery? {
        guard !lacks.isEmpty else { return nil }
        return try Recovery(hessian: try allInputs.mean(shrinkage: 0))
    }

    /// The moments of all inputs.
    private var allInputs: HessianAccumulator {
        inputs.dropFirst().reduce(into: inputs[0]) { $0.add($1) }
    }

    /// What a linear's outputs lack with its original weights, times its inputs: the mean over a half of the
    /// text, `[outputs, inputs]`.
    private func lack(of weight: Matrix, half: Int) throws(QuantizationError) -> Matrix {
        guard fitsStream else { return product(weight, lacks[half].mean) }
        var lack = lacks[half].mean
        // A text of one token has an empty half.
        guard inputs[half].tokens > 0 else { return lack }
        // What the weights make of the inputs is a sum over what the inputs are: no token need pass for it.
        multiply(weight, try inputs[half].mean(shrinkage: 0), into: &lack, alpha: -1, beta: 1)
        return lack
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
        let halves = [try lack(of: weight, half: 0), try lack(of: weight, half: 1)]
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
