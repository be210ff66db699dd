internal import OctavoBase

/// A tensor's elements as floats, some rows at a time, so that memory need not hold all of it.
///
/// A row is what the last dimension runs over; a tensor of one dimension has rows of one element, and one
/// of none has one row.
public struct TensorRows {
    /// How many rows there are.
    public let count: Int
    /// How many elements a row has.
    public let length: Int
    private let tensor: CheckpointTensor
    /// All elements, where rows are not to be had by themselves: they are anywhere in a storage, or encoded and
    /// few.
    private let whole: [Float]?

    /// Prepares to read a tensor.
    ///
    /// What is encoded and large is decoded once to see that it is what it should be, then again as rows are
    /// read.
    ///
    /// - Throws: What ``CheckpointTensor/floats()`` throws.
    public init(_ tensor: CheckpointTensor) throws(CheckpointError) {
        self.tensor = tensor
        let elements = tensor.shape.reduce(1, *)
        length = tensor.shape.count > 1 ? tensor.shape.last ?? 1 : 1
        count = length == 0 ? 0 : elements / length
        let isBlocks = if case .ggml = tensor.type { true } else { false }
        let isVector = tensor.shape.count < 2
        let isSmall = tensor.encoded != nil && tensor.byteCount <= Self.mostAtOnce
        let isApart = tensor.layout == nil && !isSmall && !(isBlocks && isVector)
        whole = isApart ? nil : try tensor.floats()
        if isApart, let encoded = tensor.encoded {
            try tensor.decoding { try encoded.forEachPiece { _ in } }
        }
    }

    /// The bytes of an encoded tensor that are decoded at once.
    private static let mostAtOnce = 1 << 25

    /// How many rows make up about 4 million elements, whole heads where `together` rows are one.
    public func rowsAtOnce(together: Int = 1) -> Int {
        let some = max(1, (1 << 22) / max(length, 1))
        return max(1, some / together) * together
    }

    /// Some rows.
    public func floats(_ rows: Range<Int>) throws(CheckpointError) -> [Float] {
        if let whole { return Array(whole[rows.lowerBound * length..<rows.upperBound * length]) }
        guard let transform = tensor.transform else { return try stored(rows) }
        let together = transform.rowsTogether(of: count)
        let first = rows.lowerBound / together * together
        let last = min(count, (rows.upperBound + together - 1) / together * together)
        let values = transform.undone(
            try stored(first..<last),
            rows: last - first,
            heads: (last - first) / together
        )
        guard first..<last != rows else { return values }
        return Array(
            values[(rows.lowerBound - first) * length..<(rows.upperBound - first) * length]
        )
    }

    /// Some rows as they are stored.
    private func stored(_ rows: Range<Int>) throws(CheckpointError) -> [Float] {
        let width = count == 0 ? 0 : tensor.byteCount / count
        if let encoded = tensor.encoded {
            let bytes = try tensor.decoding {
                try encoded.bytes(rows.lowerBound * width..<rows.upperBound * width)
            }
            guard let values = bytes.withRawBytes(decoded) else { return try tensor.floats() }
            return values
        }
        let start = tensor.range.lowerBound + rows.lowerBound * width
        let range = start..<start + rows.count * width
        let values = decoded(tensor.file.bytes.extracting(range))
        tensor.file.release(range)
        // That of the whole says what is wrong.
        guard let values else { return try tensor.floats() }
        return values
    }

    private func decoded(_ bytes: RawSpan) -> [Float]? {
        switch tensor.type {
        case .dtype(let dtype): decodeFloats(bytes, as: dtype)
        case .ggml(let type): dequantize(bytes, from: type)
        }
    }
}

extension CheckpointTensor {
    /// Hands its elements as floats to a function, a piece at a time.
    ///
    /// - Throws: What ``floats()`` throws, or the function.
    public func forEachFloats(_ body: ([Float]) throws -> Void) throws {
        defer { release() }
        let rows = try TensorRows(self)
        let step = rows.rowsAtOnce(together: transform?.rowsTogether(of: rows.count) ?? 1)
        for start in stride(from: 0, to: rows.count, by: step) {
            try body(rows.floats(start..<min(start + step, rows.count)))
        }
    }

    /// Whether its stored bytes are those that GGUF would hold in a type, under a transform.
    public func isStored(as type: GGMLType, _ transform: GGUFTransform?) -> Bool {
        guard layout == nil, self.transform == transform else { return false }
        switch self.type {
        case .ggml(let own): return own == type
        case .dtype(let dtype): return type.dtype == dtype
        }
    }
}
