public import OctavoNumerics

/// Where a model's weights come from: a checkpoint, or a test's dictionary.
public protocol WeightSource {
    /// Returns the elements of a tensor as Float, row by row.
    ///
    /// - Parameter name: As Hugging Face checkpoints spell it, for example `model.norm.weight`.
    /// - Returns: The shape that the file gives, and the elements.
    /// - Throws: When there is none of that name or it cannot be read.
    func tensor(_ name: String) throws -> (shape: [Int], elements: [Float])

    /// Returns the shape of a weight before any of it is read, or nil where it is not known before.
    ///
    /// A shape that is not the configuration's is refused by it: what is encoded may claim more than memory has.
    ///
    /// - Parameter name: As for ``tensor(_:)``, also of a linear that is held as codes.
    /// - Returns: Its dimensions, slowest first.
    func shape(of name: String) -> [Int]?

    /// Returns the additive layer that stands for a linear, or nil if the linear is dense.
    ///
    /// - Parameter name: Without `.weight`, for example `model.layers.0.mlp.up_proj`.
    /// - Returns: The layer, or nil if there are plain weights.
    /// - Throws: When its parts cannot be read or do not fit together.
    func additiveLayer(_ name: String) throws -> AdditiveLayer?

    /// Returns a matrix in the 16 bits that it is stored in, or nil if it is to be floats.
    ///
    /// - Parameter name: As for ``tensor(_:)``.
    /// - Returns: The matrix where it lies; its numbers may be any.
    /// - Throws: When there is none of that name or it cannot be read.
    func halves(_ name: String) throws -> HalfMatrix?

    /// Returns the layer that stands for a linear laid out to be run, or nil if it is to be worked on or is dense.
    ///
    /// - Parameter name: Without `.weight`.
    /// - Returns: The layer.
    /// - Throws: When its parts cannot be read or do not fit together.
    func packedLayer(_ name: String) throws -> PackedLayer?
}

extension WeightSource {
    /// A source that reads to know.
    public func shape(of name: String) -> [Int]? { nil }

    /// A source of dense weights only.
    public func additiveLayer(_ name: String) throws -> AdditiveLayer? { nil }

    /// A source of floats.
    public func halves(_ name: String) throws -> HalfMatrix? { nil }

    /// A source of layers that are worked on.
    public func packedLayer(_ name: String) throws -> PackedLayer? { nil }
}

/// Why a tensor cannot be a weight of the model.
public enum WeightError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The tensor has another shape than the configuration asks for.
    case shape(tensor: String, found: [Int], expected: [Int])
    /// The tensor holds a NaN or an infinity, the first one at this index.
    case notFinite(tensor: String, index: Int)

    /// A sentence with what was found and what was expected.
    public var description: String {
        switch self {
        case .shape(let tensor, let found, let expected):
            "tensor \(tensor) has shape \(found), expected \(expected)"
        case .notFinite(let tensor, let index):
            "tensor \(tensor) holds a number that is not finite (at index \(index)), expected finite weights"
        }
    }
}

extension WeightSource {
    /// A vector of the given length.
    func vector(_ name: String, count: Int) throws -> [Float] {
        try numbers(name, shape: [count])
    }

    /// A matrix of the given shape.
    func matrix(_ name: String, rows: Int, columns: Int) throws -> Matrix {
        Matrix(rows: rows, columns: columns, elements: try numbers(name, shape: [rows, columns]))
    }

    /// A linear with its bias, dense or additive.
    func linear(_ name: String, outputs: Int, inputs: Int, hasBias: Bool) throws -> Linear {
        let bias = hasBias ? try vector(name + ".bias", count: outputs) : nil
        try require([outputs, inputs], of: name + ".weight")
        let layer: LinearLayer
        if let packed = try packedLayer(name) {
            layer = .packed(packed)
        } else if let additive = try additiveLayer(name) {
            layer = .additive(additive)
        } else {
            switch try denseWeights(name + ".weight", rows: outputs, columns: inputs) {
            case .floats(let weight): layer = .dense(weight)
            case .halves(let weight): layer = .halves(weight)
            }
        }
        guard layer.outputs == outputs, layer.inputs == inputs else {
            throw WeightError.shape(
                tensor: name,
                found: [layer.outputs, layer.inputs],
                expected: [outputs, inputs]
            )
        }
        return Linear(layer, bias: bias)
    }

    /// A matrix of the given shape, as floats or where it lies.
    func denseWeights(_ name: String, rows: Int, columns: Int) throws -> DenseWeights {
        try require([rows, columns], of: name)
        guard let halves = try halves(name) else {
            return .floats(try matrix(name, rows: rows, columns: columns))
        }
        guard halves.rows == rows, halves.columns == columns else {
            throw WeightError.shape(
                tensor: name,
                found: [halves.rows, halves.columns],
                expected: [rows, columns]
            )
        }
        return .halves(halves)
    }

    /// Refuses a weight that is known to have another shape.
    private func require(_ expected: [Int], of name: String) throws {
        guard let found = shape(of: name), found != expected else { return }
        throw WeightError.shape(tensor: name, found: found, expected: expected)
    }

    /// The elements of a tensor of the given shape.
    func numbers(_ name: String, shape: [Int]) throws -> [Float] {
        try require(shape, of: name)
        let (found, elements) = try tensor(name)
        guard found == shape, elements.count == shape.reduce(1, *) else {
            throw WeightError.shape(tensor: name, found: found, expected: shape)
        }
        if let index = elements.firstIndex(where: { !$0.isFinite }) {
            throw WeightError.notFinite(tensor: name, index: index)
        }
        return elements
    }
}
