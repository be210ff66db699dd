public import OctavoNumerics

/// The weights of a linear: as they are, or as sums of codebook entries.
public enum LinearLayer: Sendable, Equatable {
    /// `[outputs, inputs]`.
    case dense(Matrix)
    case additive(AdditiveLayer)

    /// How products with additive layers are computed; dense layers are not concerned.
    public enum Evaluation: Sendable {
        /// Whichever is faster for the number of rows.
        case automatic
        /// From tables of products of each input group with each codebook entry.
        case lookup
        /// With the weights that the layer stands for.
        case dequantized
    }

    /// The number of outputs.
    public var outputs: Int {
        switch self {
        case .dense(let weight): weight.rows
        case .additive(let layer): layer.outputs
        }
    }

    /// The number of inputs.
    public var inputs: Int {
        switch self {
        case .dense(let weight): weight.columns
        case .additive(let layer): layer.inputs
        }
    }

    /// The weights, `[outputs, inputs]`.
    public var weight: Matrix {
        switch self {
        case .dense(let weight): weight
        case .additive(let layer): layer.dequantized()
        }
    }
}

/// A linear of a block: `y = x · weightᵀ + bias`.
public struct Linear: Sendable, Equatable {
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
            case .dense(let weight): product(x, transposed: false, weight, transposed: true)
            case .additive(let layer): layer.product(with: x, execution)
            }
        if let bias { add(bias, toRowsOf: &y, threads: execution.threads) }
        return y
    }
}

/// How a forward pass is carried out.
///
/// Results depend on it in their last bits at most.
public struct Execution: Sendable {
    /// The threads of the loops outside BLAS, whose own number is set by `setBLASThreads`.
    public var threads: Int
    /// How products with additive layers are computed.
    public var evaluation: LinearLayer.Evaluation

    /// A way to carry out a forward pass.
    public init(threads: Int = 1, evaluation: LinearLayer.Evaluation = .automatic) {
        self.threads = threads
        self.evaluation = evaluation
    }
}
