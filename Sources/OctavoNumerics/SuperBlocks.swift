internal import CKernels

/// GGUF's blocks of 256 numbers that are encoded with a search for the best scales.
public enum SuperBlocks: Sendable {
    /// 4 bits a number, and scales and offsets of 6 bits for every 32: 144 bytes.
    case q4
    /// 6 bits a number, and scales of 8 bits for every 16: 210 bytes.
    case q6

    /// How many bytes a block takes.
    public var byteCount: Int {
        switch self {
        case .q4: 144
        case .q6: 210
        }
    }

    /// Encodes numbers, the same on every processor.
    ///
    /// - Parameters:
    ///   - values: The numbers, finite and of magnitudes that a half holds.
    ///   - range: Those of them to encode: a multiple of 256.
    ///   - isa: The kernels to use.
    /// - Returns: The bytes, block after block.
    public func encode(
        _ values: [Float],
        _ range: Range<Int>,
        on isa: InstructionSet = .best
    ) -> [UInt8] {
        precondition(
            range.count % 256 == 0 && range.lowerBound >= 0 && range.upperBound <= values.count
        )
        let blocks = range.count / 256
        return unsafe [UInt8](unsafeUninitializedCapacity: blocks * byteCount) { bytes, filled in
            filled = blocks * byteCount
            unsafe values.withUnsafeBufferPointer { values in
                guard let from = values.baseAddress, let to = bytes.baseAddress else { return }
                let first = unsafe from + range.lowerBound
                switch self {
                case .q4: unsafe octavo_encode_q4_k(isa.kernel, first, to, blocks)
                case .q6: unsafe octavo_encode_q6_k(isa.kernel, first, to, blocks)
                }
            }
        }
    }
}
