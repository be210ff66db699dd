import OctavoModel
import OctavoNumerics

/// An additive layer that is learned: codebooks, scales and bias by gradient descent, codes by being
/// chosen anew.
struct TunableLinear: Sendable {
    let scheme: Scheme
    var indices: AdditiveCodes
    private(set) var codebooks: TunableParameter
    private(set) var scales: TunableParameter
    private(set) var bias: TunableParameter?
    /// What codes come near to, once they are learned.
    var buffer: StraightThroughBuffer?

    init(_ layer: AdditiveLayer, bias: [Float]?) {
        scheme = layer.scheme
        indices = layer.indices
        // Each codebook refines the sum of those before it, and is smaller.
        codebooks = TunableParameter(layer.codebooks, parts: layer.scheme.codebooks)
        scales = TunableParameter(layer.scales)
        self.bias = bias.map { TunableParameter($0) }
    }

    /// The layer with the parameters as they stand.
    var current: AdditiveLayer {
        do {
            return try AdditiveLayer(
                scheme: scheme,
                outputs: indices.rows,
                inputs: indices.groups * indices.size,
                codes: indices.codes,
                codebooks: codebooks.values,
                scales: scales.values
            )
        } catch {
            preconditionFailure("the parts are as long as they were: \(error)")
        }
    }

    func weights(threads: Int) -> Matrix {
        indices.weights(codebooks: codebooks.values, scales: scales.values, threads: threads)
    }

    /// Moves the continuous parameters against the gradient of the weights and of the bias.
    mutating func step(
        _ weightGradient: Matrix,
        bias biasGradient: [Float]?,
        _ step: ParameterStep,
        threads: Int
    ) {
        let gradient = indices.backward(
            weightGradient,
            codebooks: codebooks.values,
            scales: scales.values,
            threads: threads
        )
        codebooks.step(gradient.codebooks, step)
        scales.step(gradient.scales, step)
        if let biasGradient { bias?.step(biasGradient, step) }
    }

    mutating func roundToHalf() {
        codebooks.roundToHalf()
        scales.roundToHalf()
        bias?.roundToHalf()
    }

    /// Goes through the parts of the state.
    mutating func visit(_ visitor: inout some StateVisitor, _ prefix: String) throws(StateError) {
        var codes = indices.codes
        try visitor.codes(prefix + ".codes", &codes, below: indices.entries)
        indices = indices.recoded(codes)
        try codebooks.visit(&visitor, prefix + ".codebooks")
        try scales.visit(&visitor, prefix + ".scales")
        try bias?.visit(&visitor, prefix + ".bias")
        try buffer.visit(
            &visitor,
            prefix + ".buffer",
            rows: indices.rows,
            columns: indices.groups * indices.size
        )
    }
}
