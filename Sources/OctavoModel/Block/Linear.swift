public import OctavoNumerics

/// The weights of a linear: as they are, or as sums of codebook entries; to be worked on, or to be run.
public enum LinearLayer: Sendable {
    /// `[outputs, inputs]`.
    case dense(Matrix)
    /// Codes as quantization makes them: each product forms the weights.
    case additive(AdditiveLayer)
    /// `[outputs, inputs]` in 16 bits, where they are stored.
    case halves(HalfMatrix)
    /// Codes laid out for the kernels that run them.
    case packed(PackedLayer)

    /// How products with packed layers are computed; others are not concerned.
    public enum Evaluation: Sendable {
        /// Whichever is faster for the number of rows.
        case automatic
        /// Without the weights: from tables of products of each input group with each codebook entry, or from
        /// the entries.
        case lookup
        /// With the weights that the layer stands for.
        case dequantized
    }

    /// The number of outputs.
    public var outputs: Int {
        switch self {
        case .dense(let weight): weight.rows
        case .additive(let layer): layer.outputs
        case .halves(let weight): weight.rows
        case .packed(let layer): layer.outputs
        }
    }

    /// The number of inputs.
    public var inputs: Int {
        switch self {
        case .dense(let weight): weight.columns
        case .additive(let layer): layer.inputs
        case .halves(let weight): weight.columns
        case .packed(let layer): layer.inputs
        }
    }

    /// The weights, `[outputs, inputs]`.
    public var weight: Matrix {
        switch self {
        case .dense(let weight): weight
        case .additive(let layer): layer.dequantized()
        case .halves(let weight): weight.widened()
        case .packed(let layer): layer.weight
        }
    }
}

/// A linear of a block: `y = x · weightᵀ + bias`.
public struct Linear: Sendable {
    /// The weights.
    public var layer: LinearLayer
    /// `[outputs]`, or nil.
    public var bias: [Float]?

    /// A linear.
    public init(_ layer: LinearLayer, bias: [Float]? = nil) {
        self.layer = layer
        self.bias = bias
    }

    /// Multiplies.
    ///
    /// - Parameters:
    ///   - x: `[rows, inputs]`.
    ///   - execution: How the product is computed.
    /// - Returns: `[rows, outputs]`.
    public func callAsFunction(_ x: Matrix, _ execution: Execution) -> Matrix {
        var y =
            switch layer {
            case .dense(let weight): DenseWeights.floats(weight).product(with: x, execution)
            case .additive(let layer):
                execution.product(x, transposed: false, layer.dequantized(), transposed: true)
            case .halves(let weight): weight.product(with: x, threads: execution.threads)
            case .packed(let layer): layer.product(with: x, execution)
            }
        if let bias { add(bias, toRowsOf: &y, threads: execution.threads) }
        return y
    }
}

extension Linear {
    /// Multiplies one input with several linears, which share what can be shared.
    ///
    /// - Parameters:
    ///   - linears: Linears that take the same input.
    ///   - x: `[rows, inputs]`.
    ///   - execution: How the products are computed.
    /// - Returns: For each linear `[rows, outputs]`.
    static func products(_ linears: [Linear], _ x: Matrix, _ execution: Execution) -> [Matrix] {
        let weights = linears.compactMap { linear in
            if case .packed(.lookup(let weights)) = linear.layer,
                execution.looksUp(weights, rows: x.rows)
            {
                weights
            } else {
                nil as LookupWeights?
            }
        }
        guard weights.count == linears.count else { return linears.map { $0(x, execution) } }
        var products = lookupProducts(x, weights, threads: execution.threads)
        for (index, linear) in linears.enumerated() {
            guard let bias = linear.bias else { continue }
            add(bias, toRowsOf: &products[index], threads: execution.threads)
        }
        return products
    }
}

/// How a forward pass is carried out.
///
/// Results depend on it in their last bits at most, and with ``precision`` in those that bfloat16 lacks.
public struct Execution: Sendable {
    /// The threads of the loops outside BLAS, whose own number is set by `setBLASThreads`.
    public var threads: Int
    /// How products with additive layers are computed.
    public var evaluation: LinearLayer.Evaluation
    /// How exactly products with weights are computed that are floats or formed from codes as floats, and those
    /// of their gradients.
    ///
    /// Attention, routers, and weights laid out to be run are not concerned.
    public var precision: ProductPrecision

    /// A way to carry out a forward pass.
    public init(
        threads: Int = 1,
        evaluation: LinearLayer.Evaluation = .automatic,
        precision: ProductPrecision = .single
    ) {
        self.threads = threads
        self.evaluation = evaluation
        self.precision = precision
    }
}

extension Execution {
    /// Returns `op(a) · op(b)`, where `op(x)` is `x` or its transpose.
    func product(
        _ a: Matrix,
        transposed transposeA: Bool = false,
        _ b: Matrix,
        transposed transposeB: Bool = false
    ) -> Matrix {
        OctavoNumerics.product(
            a,
            transposed: transposeA,
            b,
            transposed: transposeB,
            precision: precision,
            threads: threads
        )
    }

    /// Adds `op(a) · b` to `c`.
    func add(
        productOf a: Matrix,
        transposed transposeA: Bool = false,
        _ b: Matrix,
        to c: inout Matrix
    ) {
        multiply(
            a,
            transposed: transposeA,
            b,
            into: &c,
            beta: 1,
            precision: precision,
            threads: threads
        )
    }
}
