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
        /// Embedding and head of a quantized model, where a container holds them as integers or codes.
        case embeddings
        /// All other tensors: embeddings, norms, head, and whole models that are not quantized.
        case unquantized

        /// Whether it belongs to the quantized layers.
        public var isOfLayers: Bool { self != .embeddings && self != .unquantized }
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
    ///   - embeddings: The names of embedding and head, if a container holds them as integers or codes.
    public init(
        tensors: [(name: String, shape: [Int], byteCount: Int)],
        groupSize: Int?,
        embeddings: Set<String> = []
    ) {
        for tensor in tensors {
            var part = groupSize == nil ? .unquantized : Self.part(of: tensor.name)
            if groupSize != nil, embeddings.contains(tensor.name) { part = .embeddings }
            bytes[part, default: 0] += tensor.byteCount
            switch part {
            case .codes:
                quantizedWeights += tensor.shape.prefix(2).reduce(1, *) * (groupSize ?? 0)
            case .embeddings, .unquantized:
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

    /// The parts that every model has, and those that this one has too.
    public var parts: [Part] {
        Part.allCases.filter { $0 != .embeddings || bytes[$0, default: 0] > 0 }
    }

    /// The bytes of all parts.
    public var totalBytes: Int { bytes.values.reduce(0, +) }

    /// The bits per weight of the quantized layers, codebooks and scales included; nil without any.
    public var quantizedBits: Double? {
        guard quantizedWeights > 0 else { return nil }
        let quantized = bytes.reduce(0) { $0 + ($1.key.isOfLayers ? $1.value : 0) }
        return Double(quantized * 8) / Double(quantizedWeights)
    }

    /// The bits per weight of the whole model.
    public var totalBits: Double {
        let weights = quantizedWeights + otherWeights
        return weights == 0 ? 0 : Double(totalBytes * 8) / Double(weights)
    }
}
