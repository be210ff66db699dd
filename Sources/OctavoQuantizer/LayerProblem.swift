import OctavoBase
import OctavoModel
import OctavoNumerics

/// A layer to be quantized, as all stages see it.
///
/// Columns are in the metric's order, and the weights are scaled by a power of two to row norms
/// below 1, so that nothing overflows whatever the unit of the weights.
struct LayerProblem {
    let scheme: Scheme
    let metric: InputMetric
    let options: LayerQuantizerOptions
    /// `W`: `[outputs, inputs]`.
    let weights: Matrix
    /// `W H`: `[outputs, inputs]`.
    let pulled: Matrix
    /// `tr(W H Wᵀ)`.
    let energy: Double
    /// The weights times 2 to this power are what was given.
    let exponent: Int

    init(
        weights: Matrix,
        metric: InputMetric,
        scheme: Scheme,
        options: LayerQuantizerOptions
    ) throws(QuantizationError) {
        guard weights.rows > 0 else { throw .emptyLayer }
        guard Scheme.quantizedGroupSizes ~= scheme.groupSize else {
            throw .unsupportedGroupSize(scheme.groupSize)
        }
        guard weights.columns == metric.inputs else {
            throw .inputsDiffer(.weights, found: weights.columns, expected: metric.inputs)
        }
        guard scheme.groupSize == metric.groupSize else {
            throw .groupSizesDiffer(metric: metric.groupSize, scheme: scheme.groupSize)
        }
        guard weights.elements.allSatisfy(\.isFinite) else { throw .notFinite(.weights) }
        self.scheme = scheme
        self.metric = metric
        self.options = options
        // At least any row's norm: the norms themselves may be beyond what a Float can hold.
        let largest = weights.elements.reduce(0) { max($0, abs($1)) }
        let bound = Double(largest) * Double(weights.columns).squareRoot()
        exponent = bound > 0 ? Int(bound.exponent) + 1 : 0
        var arranged = metric.arranged(weights)
        // In two steps, as one alone may be beyond what a Float can hold.
        for step in [-exponent / 2, -exponent - -exponent / 2] {
            let factor = Float(sign: .plus, exponent: step, significand: 1)
            for i in arranged.elements.indices { arranged.elements[i] *= factor }
        }
        self.weights = arranged
        pulled = product(arranged, metric.hessian, sharedBy: options.threads)
        energy = dot(pulled, arranged)
    }
}

extension LayerProblem {
    var outputs: Int { weights.rows }
    var groups: Int { metric.groups }
}
