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
    public let name: String
    /// How its elements are stored.
    public let type: TensorType
    /// Its dimensions, slowest first.
    public let shape: [Int]
    /// The bytes it takes in its file.
    public var byteCount: Int { range.count }

    let file: MappedFile
    let range: Range<Int>
    /// What GGUF did to its values that must be undone.
    let transform: GGUFTransform?

    /// Hands its stored bytes to a function.
    public func withBytes<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R {
        try body(file.bytes.extracting(range))
    }

    /// Its elements as floats, in the order of its shape.
    ///
    /// - Throws: ``CheckpointError/undecodable(tensor:type:wanted:)`` or, for a type of GGUF that
    ///   Octavo does not decode, ``CheckpointError/gguf(file:_:)``.
    public func floats() throws(CheckpointError) -> [Float] {
        let bytes = file.bytes.extracting(range)
        switch type {
        case .dtype(let dtype):
            guard let values = decodeFloats(bytes, as: dtype) else {
                throw .undecodable(tensor: name, type: dtype.rawValue, wanted: "floats")
            }
            return values
        case .ggml(let type):
            guard let values = dequantize(bytes, from: type) else {
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
            let values = decodeIntegers(file.bytes.extracting(range), as: dtype)
        else { throw .undecodable(tensor: name, type: type.name, wanted: "integers") }
        return values
    }

    /// Its 16-bit elements as the bits they are.
    ///
    /// - Throws: ``CheckpointError/undecodable(tensor:type:wanted:)`` unless its elements have the
    ///   dtype asked for, which must be one of 16 bits.
    public func bits(of dtype: DType) throws(CheckpointError) -> [UInt16] {
        guard type == .dtype(dtype), dtype.bits == 16,
            let values = [UInt16](copying: file.bytes.extracting(range))
        else { throw .undecodable(tensor: name, type: type.name, wanted: dtype.rawValue) }
        return values
    }
}
