import OctavoModel
import OctavoNumerics

/// What a site's linears are fitted to: the second moments of their input, and of what their outputs
/// should be with that input.
struct SiteStatistics: Sendable {
    /// Whether the site's one linear is fitted to what the stream lacks.
    let fitsStream: Bool
    private var inputs: HessianAccumulator
    /// Moments of what goes with the inputs, nil where linears are to do what the original weights do.
    ///
    /// That is the site's input in the original model; or, where the site's linear adds to the residual
    /// stream as it is, what it should add.
    private var targets: CrossAccumulator?

    init(_ site: InputSite, in configuration: ModelConfiguration, hasTargets: Bool) {
        fitsStream = site.fitsStream(in: configuration)
        let width = site.width(in: configuration)
        inputs = HessianAccumulator(inputs: width)
        if hasTargets {
            targets = CrossAccumulator(
                rows: fitsStream ? configuration.hiddenSize : width,
                columns: width
            )
        }
    }

    /// Starts with nothing for linears of an expert, which are not fitted to the stream.
    init(expertInputs width: Int, hasTargets: Bool) {
        fitsStream = false
        inputs = HessianAccumulator(inputs: width)
        if hasTargets { targets = CrossAccumulator(rows: width, columns: width) }
    }

    /// Adds a batch: inputs, and what goes with them.
    mutating func add(_ x: Matrix, target: Matrix?) throws(QuantizationError) {
        try inputs.add(x)
        if let target { targets?.add(target, x) }
    }

    /// The metric in which errors of weights count.
    func metric(groupSize: Int) throws(QuantizationError) -> InputMetric {
        try InputMetric(hessian: try inputs.mean(), groupSize: groupSize)
    }

    /// The weights that a linear should have on its inputs here, which may differ from its own.
    ///
    /// They minimise the mean of `‖t − W x‖²` over tokens, with a penalty on how far they go from the
    /// linear's own: `W + (E[t xᵀ] − W H) (H + damping)⁻¹`.
    ///
    /// - Parameters:
    ///   - weight: The linear's own, `[outputs, inputs]`.
    ///   - metric: The site's.
    /// - Returns: `[outputs, inputs]`.
    /// - Throws: ``QuantizationError/notFinite(_:)``.
    func targetWeights(
        _ weight: Matrix,
        _ metric: InputMetric
    ) throws(QuantizationError) -> Matrix {
        guard let targets else { return weight }
        let hessian = try inputs.mean(shrinkage: 0)
        var change = fitsStream ? targets.mean : product(weight, targets.mean)
        multiply(weight, hessian, into: &change, alpha: -1, beta: 1)
        guard change.elements.allSatisfy(\.isFinite) else { throw .notFinite(.activations) }
        var result = weight
        OctavoNumerics.add(metric.divided(change, byMeanOf: hessian), times: 1, to: &result)
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

extension InputMetric {
    /// Returns `change · (H + damping)⁻¹`, in the unit of `hessian`.
    func divided(_ change: Matrix, byMeanOf hessian: Matrix) -> Matrix {
        let trace = (0..<inputs).reduce(0.0) { $0 + Double(hessian[$1, $1]) }
        var quotient = arranged(change)
        divide(&quotient, byUpper: feedback.factor, transposed: true)
        divide(&quotient, byUpper: feedback.factor)
        let scale = Float(Double(inputs) / trace)
        var result = Matrix(rows: change.rows, columns: inputs)
        for row in 0..<change.rows {
            for (place, group) in order.enumerated() {
                for i in 0..<groupSize {
                    result[row, group * groupSize + i] =
                        scale * quotient[row, place * groupSize + i]
                }
            }
        }
        return result
    }
}
