/// Where the bytes of a model go, and what that makes a weight.
public struct SizeBreakdown: Sendable, Equatable {
    /// The parts whose sizes are told apart.
    public enum Part: String, CaseIterable, Sendable {
        /// The codes of quantized layers.
        case codes
        /// Their codebooks.
        case codebooks
        /// Their scales.
        case scales
        /// All other tensors: embeddings, norms, head, and whole models that are not quantized.
        case unquantized
    }

    /// The bytes of each part.
    public private(set) var bytes: [Part: Int] = [:]
    /// The weights that quantized layers stand for.
    public private(set) var quantizedWeights = 0
    /// The weights of all other tensors.
    public private(set) var otherWeights = 0

    /// Adds up the tensors of a model.
    ///
    /// - Parameters:
    ///   - tensors: Names, shapes and stored lengths in bytes.
    ///   - groupSize: The weights that a group of codes stands for; nil if nothing is quantized.
    public init(tensors: [(name: String, shape: [Int], byteCount: Int)], groupSize: Int?) {
        for tensor in tensors {
            let part = groupSize == nil ? .unquantized : Self.part(of: tensor.name)
            bytes[part, default: 0] += tensor.byteCount
            switch part {
            case .codes:
                quantizedWeights += tensor.shape.prefix(2).reduce(1, *) * (groupSize ?? 0)
            case .unquantized:
                otherWeights += tensor.shape.reduce(1, *)
            case .codebooks, .scales: break
            }
        }
    }

    private static func part(of name: String) -> Part {
        if name.hasSuffix(".codes") { return .codes }
        if name.hasSuffix(".codebooks") { return .codebooks }
        if name.hasSuffix(".scales") { return .scales }
        return .unquantized
    }

    /// The bytes of all parts.
    public var totalBytes: Int { bytes.values.reduce(0, +) }

    /// The bits per weight of the quantized layers, codebooks and scales included; nil without any.
    public var quantizedBits: Double? {
        guard quantizedWeights > 0 else { return nil }
        let quantized = totalBytes - bytes[.unquantized, default: 0]
        return Double(quantized * 8) / Double(quantizedWeights)
    }

    /// The bits per weight of the whole model.
    public var totalBits: Double {
        let weights = quantizedWeights + otherWeights
        return weights == 0 ? 0 : Double(totalBytes * 8) / Double(weights)
    }
}
