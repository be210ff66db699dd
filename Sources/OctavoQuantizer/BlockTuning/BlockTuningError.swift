public import OctavoModel

/// Why a block cannot be tuned.
public enum BlockTuningError: Error, Hashable, Sendable {
    /// Which matrix of a batch.
    public enum Operand: String, Sendable {
        case input, target
    }

    /// There is nothing to learn from.
    case noBatches
    /// A matrix does not have a row for each token and a column for each number of the stream.
    case shape(Operand, batch: Int, found: [Int], expected: [Int])
    /// The rotary tables are for sequences of other lengths.
    case tooLong(batch: Int, length: Int)
    /// A matrix holds an infinity or a NaN.
    case notFinite(Operand, batch: Int)
    /// The block's output, as it came, is not finite.
    case overflow
    /// A layer has another shape than the linear it stands for.
    case layerShape(LinearName, found: [Int], expected: [Int])
}

extension BlockTuningError: CustomStringConvertible {
    /// As a clause: what was found, and what was expected.
    public var description: String {
        switch self {
        case .noBatches: "there are no batches to tune on, expected at least one"
        case .shape(let operand, let batch, let found, let expected):
            "the \(operand.rawValue) of batch \(batch) has shape \(found), expected \(expected)"
        case .tooLong(let batch, let length):
            "batch \(batch) has a sequence of \(length) tokens, which the rotary tables do not cover"
        case .notFinite(let operand, let batch):
            "the \(operand.rawValue) of batch \(batch) holds numbers that are not finite"
        case .overflow: "the block's output is not finite before any tuning"
        case .layerShape(let name, let found, let expected):
            "the layer for \(name.rawValue) has shape \(found), expected \(expected)"
        }
    }
}
