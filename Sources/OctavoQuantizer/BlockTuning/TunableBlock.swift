import OctavoModel
import OctavoNumerics

/// A block whose parameters, all but the codes, are learned.
struct TunableBlock {
    /// The block with the parameters as they stand, its weights formed.
    private(set) var block: DecoderBlock
    private var linears: [LinearName: TunableLinear] = [:]
    private var norms: [NormName: TunableParameter] = [:]
    private var steps = 0
    private let threads: Int

    /// - Throws: ``BlockTuningError/layerShape(_:found:expected:)``.
    init(
        _ block: DecoderBlock,
        layers: [LinearName: AdditiveLayer],
        threads: Int
    ) throws(BlockTuningError) {
        self.block = block
        self.threads = threads
        let center = block.configuration.family.description.norm.center
        for name in NormName.allCases {
            norms[name] = block[norm: name].map { TunableParameter($0, center: center) }
        }
        for (name, layer) in layers {
            let shape = name.shape(in: block.configuration)
            guard (layer.outputs, layer.inputs) == shape else {
                throw .layerShape(
                    name,
                    found: [layer.outputs, layer.inputs],
                    expected: [shape.outputs, shape.inputs]
                )
            }
            linears[name] = TunableLinear(layer, bias: block[bias: name])
        }
        formBlock()
    }

    /// The linears that are learned.
    var names: Set<LinearName> { Set(linears.keys) }

    /// The additive layers as they stand.
    var layers: [LinearName: AdditiveLayer] { linears.mapValues(\.current) }

    /// Moves all parameters against their gradients by a rate.
    mutating func step(_ gradients: BlockGradients, rate: Float) {
        steps += 1
        for (name, gradient) in gradients.norms {
            norms[name]?.step(gradient, rate: rate, count: steps)
        }
        for name in names {
            guard let weight = gradients.weights[name] else { continue }
            linears[name]?.step(
                weight,
                bias: gradients.biases[name],
                rate: rate,
                count: steps,
                threads: threads
            )
        }
        formBlock()
    }

    /// Rounds all parameters to what half precision holds.
    mutating func roundToHalf() {
        for name in NormName.allCases { norms[name]?.roundToHalf() }
        for name in names { linears[name]?.roundToHalf() }
        formBlock()
    }

    private mutating func formBlock() {
        for (name, norm) in norms { block[norm: name] = norm.values }
        for (name, linear) in linears {
            block[name] = .dense(linear.weights(threads: threads))
            if let bias = linear.bias { block[bias: name] = bias.values }
        }
    }
}

/// An additive layer whose codebooks, scales and bias are learned.
private struct TunableLinear {
    private let layer: AdditiveLayer
    private let indices: AdditiveCodes
    private var codebooks: TunableParameter
    private var scales: TunableParameter
    private(set) var bias: TunableParameter?

    init(_ layer: AdditiveLayer, bias: [Float]?) {
        self.layer = layer
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
                scheme: layer.scheme,
                outputs: layer.outputs,
                inputs: layer.inputs,
                codes: layer.codes,
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

    mutating func step(
        _ weightGradient: Matrix,
        bias biasGradient: [Float]?,
        rate: Float,
        count: Int,
        threads: Int
    ) {
        let gradient = indices.backward(
            weightGradient,
            codebooks: codebooks.values,
            scales: scales.values,
            threads: threads
        )
        codebooks.step(gradient.codebooks, rate: rate, count: count)
        scales.step(gradient.scales, rate: rate, count: count)
        if let biasGradient { bias?.step(biasGradient, rate: rate, count: count) }
    }

    mutating func roundToHalf() {
        codebooks.roundToHalf()
        scales.roundToHalf()
        bias?.roundToHalf()
    }
}
