internal import OctavoBase

/// A tensor of a quantized linear as the layout has it, made of one that may be stored otherwise.
public struct RepairedTensor: Sendable {
    /// What it is to be written as.
    public let plan: TensorPlan
    private let content: Content

    private enum Content: Sendable {
        case codes(CheckpointTensor, bits: Int, transposed: Bool)
        case halves(CheckpointTensor)
        case stored(CheckpointTensor)
    }

    init(codes tensor: CheckpointTensor, bits: Int, _ transposed: Bool, _ plan: TensorPlan) {
        self.plan = plan
        content = .codes(tensor, bits: bits, transposed: transposed)
    }

    /// Takes codebooks or scales; they stay as wide as they are unless all of them are halves in value.
    init(floats tensor: CheckpointTensor, _ plan: TensorPlan) throws(CheckpointError) {
        guard case .dtype(let dtype) = tensor.type, dtype != .f16,
            try !tensor.floats().allSatisfy(isHalf)
        else {
            self.plan = plan
            content = .halves(tensor)
            return
        }
        self.plan = TensorPlan(name: plan.name, dtype: dtype, shape: plan.shape) ?? plan
        content = .stored(tensor)
    }

    /// Its bytes.
    ///
    /// - Throws: ``CheckpointError/aqlm(_:)`` if a code is none.
    public func bytes() throws(CheckpointError) -> [UInt8] {
        defer { stored.release() }
        switch content {
        case .codes(let tensor, let bits, let transposed):
            return packedCodes(
                try rethrow(
                    CheckpointError.aqlm,
                    try plainCodes(tensor, bits: bits, transposed: transposed)
                ),
                bits: bits
            )
        case .halves(let tensor) where tensor.type != .dtype(.f16):
            return try tensor.floats().map { Half.narrow($0).littleEndian }.byteArray
        case .halves(let tensor), .stored(let tensor): return try tensor.withBytes { $0.array }
        }
    }
}

extension RepairedTensor {
    /// The tensor that it is made of.
    private var stored: CheckpointTensor {
        switch content {
        case .codes(let tensor, _, _), .halves(let tensor), .stored(let tensor): tensor
        }
    }
}

/// Whether a number is a half, bit for bit.
private func isHalf(_ value: Float) -> Bool {
    Half.widen(Half.narrow(value)).bitPattern == value.bitPattern
}
