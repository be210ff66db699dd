import OctavoModel

/// Why a layer cannot be quantized.
public enum QuantizationError: Error, Hashable, Sendable {
    /// What must be finite holds an infinity or a NaN.
    case notFinite(Operand)
    /// The layer has no outputs or no inputs.
    case emptyLayer
    /// The group size does not divide the inputs.
    case indivisible(inputs: Int, groupSize: Int)
    /// Two things that belong together are for different numbers of inputs.
    case inputsDiffer(Operand, found: Int, expected: Int)
    /// The metric was made for another group size than the scheme's.
    case groupSizesDiffer(metric: Int, scheme: Int)
    /// The group size is not one that Octavo quantizes to.
    case unsupportedGroupSize(Int)
    /// The Hessian is not symmetric.
    case asymmetric(row: Int, column: Int)
    /// The Hessian is zero: no input was ever active.
    case noActivations
    /// The Hessian has a negative eigenvalue, which no mean of squares has.
    case notPositiveDefinite(minor: Int)
    /// The weights are too large for scales and codebooks in half precision.
    case outOfRange

    /// What a quantization is given.
    public enum Operand: String, Sendable {
        case weights, hessian, activations
    }
}

extension QuantizationError: CustomStringConvertible {
    /// As a clause: what was found, and what was expected.
    public var description: String {
        switch self {
        case .notFinite(let operand): "\(operand.subject) with numbers that are not finite"
        case .emptyLayer: "the layer has no weights"
        case .indivisible(let inputs, let groupSize):
            "groups of \(groupSize) do not divide \(inputs) inputs"
        case .inputsDiffer(let operand, let found, let expected):
            "\(operand.subject) for \(found) inputs, expected \(expected)"
        case .groupSizesDiffer(let metric, let scheme):
            "the metric is for groups of \(metric), expected \(scheme)"
        case .unsupportedGroupSize(let size):
            "groups of \(size) inputs, expected \(Scheme.quantizedGroupSizes.lowerBound) to "
                + "\(Scheme.quantizedGroupSizes.upperBound)"
        case .asymmetric(let row, let column):
            "the Hessian is not symmetric at row \(row), column \(column)"
        case .noActivations: "no input was ever active"
        case .notPositiveDefinite(let minor):
            "the Hessian is not positive definite (leading minor \(minor))"
        case .outOfRange: "the weights are too large for scales and codebooks in half precision"
        }
    }
}

extension QuantizationError.Operand {
    /// What it is called.
    fileprivate var subject: String {
        switch self {
        case .weights: "weights"
        case .hessian: "a Hessian"
        case .activations: "activations"
        }
    }
}
