public import OctavoBase

/// How a tensor's elements are stored.
public enum TensorType: Sendable, Hashable {
    /// As safetensors names it.
    case dtype(DType)
    /// As GGUF names it.
    case ggml(GGMLType)

    /// The format's own name for it, such as `BF16` or `Q4_1`.
    public var name: String {
        switch self {
        case .dtype(let dtype): dtype.rawValue
        case .ggml(let type): type.name
        }
    }
}

/// A tensor of a checkpoint: what it is, and where its bytes are.
public struct CheckpointTensor: Sendable {
    /// Its name as Hugging Face spells it, such as `model.layers.0.mlp.up_proj.weight`.
    public private(set) var name: String
    /// How its elements are stored.
    public let type: TensorType
    /// Its dimensions, slowest first.
    public let shape: [Int]
    /// The bytes that its elements take, one after the other.
    public let byteCount: Int

    /// The bytes that it takes in its file, which are others where it is encoded.
    public let storedByteCount: Int
    /// Whether a container holds it as integers or as codes with codebooks.
    public let isCoded: Bool

    let file: MappedFile
    /// Where its bytes are, or those of the storage that it is laid out in.
    let range: Range<Int>
    /// What GGUF did to its values that must be undone.
    let transform: GGUFTransform?
    /// Set when its elements do not follow one another in `range`.
    let layout: StridedLayout?
    /// Set when its elements are encoded in a way that another module decodes.
    let encoded: (any EncodedTensor)?

    /// A tensor of so many bytes in a container: stored as they are, or encoded.
    public init(
        name: String,
        dtype: DType,
        shape: [Int],
        byteCount: Int,
        file: MappedFile,
        stored: Range<Int>,
        isCoded: Bool = false,
        encoded: (any EncodedTensor)?
    ) {
        self.name = name
        type = .dtype(dtype)
        self.shape = shape
        self.byteCount = byteCount
        self.file = file
        range = stored
        storedByteCount = stored.count
        self.isCoded = isCoded
        transform = nil
        layout = nil
        self.encoded = encoded
    }

    init(
        name: String,
        type: TensorType,
        shape: [Int],
        file: MappedFile,
        range: Range<Int>,
        transform: GGUFTransform? = nil
    ) {
        self.name = name
        self.type = type
        self.shape = shape
        self.file = file
        self.range = range
        self.transform = transform
        byteCount = range.count
        storedByteCount = range.count
        isCoded = false
        layout = nil
        encoded = nil
    }

    /// A tensor of so many bytes in a storage, which it must not exceed.
    init(
        name: String,
        dtype: DType,
        shape: [Int],
        byteCount: Int,
        file: MappedFile,
        storage: Range<Int>,
        layout: StridedLayout
    ) {
        self.name = name
        type = .dtype(dtype)
        self.shape = shape
        self.byteCount = byteCount
        self.file = file
        range = storage
        storedByteCount = byteCount
        isCoded = false
        transform = nil
        self.layout = layout
        encoded = nil
    }

    /// The same tensor under another name.
    func renamed(_ name: String) -> CheckpointTensor {
        var copy = self
        copy.name = name
        return copy
    }

    /// Whether another tensor is this one under another name: the same place in the same file.
    func isSameBytes(as other: CheckpointTensor) -> Bool {
        file === other.file && range == other.range && layout == other.layout
            && type == other.type && shape == other.shape
    }

    /// Hands the bytes of its elements, in the order of its shape, to a function.
    ///
    /// - Throws: ``CheckpointError/encoded(tensor:reason:)`` if they are encoded and do not decode,
    ///   ``CheckpointError/expansion(tensor:bytes:stored:)`` if they are stored in too few bytes to be held in
    ///   memory.
    public func withBytes<R>(_ body: (RawSpan) -> R) throws(CheckpointError) -> R {
        if let encoded {
            guard byteCount <= Expansion.limit(stored: range.count) else {
                throw .expansion(tensor: name, bytes: byteCount, stored: range.count)
            }
            var bytes: [UInt8] = []
            try decoding { try encoded.forEachPiece { bytes += $0 } }
            return bytes.withRawBytes(body)
        }
        let stored = file.bytes.extracting(range)
        guard let layout, case .dtype(let dtype) = type else { return body(stored) }
        return layout.gather(stored, shape: shape, width: dtype.bits / 8).withRawBytes(body)
    }

    /// Its elements as floats, in the order of its shape.
    ///
    /// - Throws: ``CheckpointError/undecodable(tensor:type:wanted:)`` or, for a type of GGUF that
    ///   Octavo does not decode, ``CheckpointError/gguf(file:_:)``.
    public func floats() throws(CheckpointError) -> [Float] {
        switch type {
        case .dtype(let dtype):
            guard let values = try withBytes({ decodeFloats($0, as: dtype) }) else {
                throw .undecodable(tensor: name, type: dtype.rawValue, wanted: "floats")
            }
            return values
        case .ggml(let type):
            guard let values = try withBytes({ dequantize($0, from: type) }) else {
                let error = GGUFError(
                    reason: .unsupportedType(tensor: name, type),
                    offset: range.lowerBound
                )
                throw .gguf(file: lastComponent(file.path), error)
            }
            return transform?.undone(values, rows: shape[0]) ?? values
        }
    }

    /// Its elements as integers, sign-extended if they are signed.
    ///
    /// - Throws: ``CheckpointError/undecodable(tensor:type:wanted:)`` unless it is stored as
    ///   integers of at most 32 bits.
    public func integers() throws(CheckpointError) -> [Int32] {
        guard case .dtype(let dtype) = type,
            let values = try withBytes({ decodeIntegers($0, as: dtype) })
        else { throw .undecodable(tensor: name, type: type.name, wanted: "integers") }
        return values
    }

    /// Its 16-bit elements as the bits they are.
    ///
    /// - Throws: ``CheckpointError/undecodable(tensor:type:wanted:)`` unless its elements have the
    ///   dtype asked for, which must be one of 16 bits.
    public func bits(of dtype: DType) throws(CheckpointError) -> [UInt16] {
        guard type == .dtype(dtype), dtype.bits == 16,
            let values = try withBytes({ [UInt16](copying: $0) })
        else { throw .undecodable(tensor: name, type: type.name, wanted: dtype.rawValue) }
        return values
    }
}
