public import OctavoNumerics

/// What is kept of every calibration token between the passes through a block.
public enum Activation: Int, CaseIterable, Sendable {
    /// The residual stream of the original model.
    case original
    /// The residual stream of the model as it comes out.
    case quantized
    /// The latter as it was when the block began: for tuning, and for the second of two parts that stand
    /// side by side.
    case blockInput
    /// The former as it was when the block began, likewise for the second of two parts.
    case originalBlockInput
    /// What the linears of the site at hand take: inputs of the output or the down projection.
    case siteInput
}

/// Keeps activations a batch at a time: in memory, or wherever its maker puts them.
public protocol ActivationStorage: AnyObject {
    /// What was kept last for a batch.
    ///
    /// - Returns: `[tokens of the batch, width]`.
    /// - Throws: What the storage runs into.
    func matrix(_ activation: Activation, batch: Int) throws -> Matrix

    /// Keeps a batch's activations in place of what was there.
    func keep(_ matrix: Matrix, as activation: Activation, batch: Int) throws
}

/// Keeps activations in memory.
public final class ActivationMemory: ActivationStorage {
    private struct Key: Hashable {
        let activation: Activation
        let batch: Int
    }

    private var matrices: [Key: Matrix] = [:]

    /// Starts empty.
    public init() {}

    /// What was kept last for a batch; empty if nothing was.
    public func matrix(_ activation: Activation, batch: Int) -> Matrix {
        matrices[Key(activation: activation, batch: batch)] ?? Matrix(rows: 0, columns: 0)
    }

    /// Keeps a batch's activations.
    public func keep(_ matrix: Matrix, as activation: Activation, batch: Int) {
        matrices[Key(activation: activation, batch: batch)] = matrix
    }
}
