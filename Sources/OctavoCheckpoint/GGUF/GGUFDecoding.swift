internal import OctavoBase

extension GGMLType {
    /// The types whose values Octavo decodes (G15).
    static let decodable: [GGMLType] = [.f32, .f16, .bf16, .q8_0, .q4_0, .q4_1]

    /// The safetensors dtype with the same bytes, for types that are not quantized.
    var dtype: DType? {
        switch self {
        case .f32: .f32
        case .f16: .f16
        case .bf16: .bf16
        case .f64: .f64
        case .i8: .i8
        case .i16: .i16
        case .i32: .i32
        case .i64: .i64
        default: nil
        }
    }
}

/// Dequantizes whole blocks, bit for bit as the `gguf` package of PyPI does (G15).
///
/// - Returns: Nil for types that are not decoded.
func dequantize(_ bytes: RawSpan, from type: GGMLType) -> [Float]? {
    switch type {
    case .f32, .f16, .bf16:
        type.dtype.flatMap { decodeFloats(bytes, as: $0) }
    case .q8_0:
        decodeBlocks(bytes, type) { block in
            let scale = block.half(at: 0)
            for i in 0..<32 { block.set(i, scale * Float(Int8(bitPattern: block.byte(at: 2 + i)))) }
        }
    case .q4_0:
        decodeBlocks(bytes, type) { block in
            let scale = block.half(at: 0)
            // The low halves of the bytes are the first sixteen elements, the high halves the rest.
            for i in 0..<16 {
                let pair = block.byte(at: 2 + i)
                block.set(i, scale * Float(Int8(bitPattern: pair & 15) - 8))
                block.set(16 + i, scale * Float(Int8(bitPattern: pair >> 4) - 8))
            }
        }
    case .q4_1:
        decodeBlocks(bytes, type) { block in
            let scale = block.half(at: 0)
            let least = block.half(at: 2)
            for i in 0..<16 {
                let pair = block.byte(at: 4 + i)
                block.set(i, scale * Float(pair & 15) + least)
                block.set(16 + i, scale * Float(pair >> 4) + least)
            }
        }
    default: nil
    }
}

/// One block of stored bytes, and the elements it decodes to.
///
/// Nothing is checked: a decoder keeps within its type's block.
@safe
private struct Block {
    private let stored: UnsafeRawPointer
    private let elements: UnsafeMutablePointer<Float>

    init(_ stored: UnsafeRawPointer, _ elements: UnsafeMutablePointer<Float>) {
        unsafe self.stored = stored
        unsafe self.elements = elements
    }

    @inline(__always)
    func byte(at offset: Int) -> UInt8 {
        unsafe stored.load(fromByteOffset: offset, as: UInt8.self)
    }

    @inline(__always)
    func half(at offset: Int) -> Float {
        Half.widen(unsafe stored.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    @inline(__always)
    func set(_ i: Int, _ value: Float) { unsafe elements[i] = value }
}

/// Decodes block after block; inlined, so that each type gets a loop of its own.
@inline(__always)
private func decodeBlocks(_ bytes: RawSpan, _ type: GGMLType, _ decode: (Block) -> Void) -> [Float]
{
    let (width, elements) = (type.blockBytes, type.blockElements)
    let blocks = bytes.byteCount / width
    return unsafe [Float](unsafeUninitializedCapacity: blocks * elements) { values, filled in
        unsafe bytes.withUnsafeBytes { stored in
            guard let start = stored.baseAddress, let first = values.baseAddress else { return }
            for i in 0..<blocks { unsafe decode(Block(start + i * width, first + i * elements)) }
        }
        filled = blocks * elements
    }
}
