internal import OctavoBase

extension GGMLType {
    /// The types whose values Octavo decodes (G15).
    static let decodable: [GGMLType] = [
        .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1, .q2_K, .q3_K, .q4_K, .q5_K, .q6_K,
        .iq4_NL, .iq4_XS, .mxfp4,
    ]

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
    case .f32, .f16, .bf16: type.dtype.flatMap { decodeFloats(bytes, as: $0) }
    case .q4_0: decodeBlocks(bytes, type) { $0.decodeQ4_0() }
    case .q4_1: decodeBlocks(bytes, type) { $0.decodeQ4_1() }
    case .q5_0: decodeBlocks(bytes, type) { $0.decodeQ5_0() }
    case .q5_1: decodeBlocks(bytes, type) { $0.decodeQ5_1() }
    case .q8_0: decodeBlocks(bytes, type) { $0.decodeQ8_0() }
    case .q2_K: decodeBlocks(bytes, type) { $0.decodeQ2_K() }
    case .q3_K: decodeBlocks(bytes, type) { $0.decodeQ3_K() }
    case .q4_K: decodeBlocks(bytes, type) { $0.decodeQ4_K() }
    case .q5_K: decodeBlocks(bytes, type) { $0.decodeQ5_K() }
    case .q6_K: decodeBlocks(bytes, type) { $0.decodeQ6_K() }
    case .iq4_NL: decodeBlocks(bytes, type) { $0.decodeIQ4_NL() }
    case .iq4_XS: decodeBlocks(bytes, type) { $0.decodeIQ4_XS() }
    case .mxfp4: decodeBlocks(bytes, type) { $0.decodeMXFP4() }
    default: nil
    }
}

/// One block of stored bytes, and the elements it decodes to.
///
/// Nothing is checked: a decoder keeps within its type's block.
@safe
struct GGUFBlock {
    private let stored: UnsafeRawPointer
    private let elements: UnsafeMutablePointer<Float>

    fileprivate init(_ stored: UnsafeRawPointer, _ elements: UnsafeMutablePointer<Float>) {
        unsafe self.stored = stored
        unsafe self.elements = elements
    }

    /// A stored byte; widened, as sums and shifts of it are about to leave the byte.
    @inline(__always)
    func byte(_ offset: Int) -> Int32 {
        Int32(unsafe stored.load(fromByteOffset: offset, as: UInt8.self))
    }

    /// A stored byte with a sign.
    @inline(__always)
    func signedByte(_ offset: Int) -> Int32 {
        Int32(unsafe stored.load(fromByteOffset: offset, as: Int8.self))
    }

    /// Thirty-two stored bits.
    @inline(__always)
    func word(_ offset: Int) -> UInt32 {
        unsafe stored.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }

    /// A stored half.
    @inline(__always)
    func half(_ offset: Int) -> Float {
        Half.widen(unsafe stored.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// Gives element `i` its value.
    @inline(__always)
    func set(_ i: Int, _ value: Float) { unsafe elements[i] = value }
}

/// Decodes block after block; inlined, so that each type gets a loop of its own.
@inline(__always)
private func decodeBlocks(
    _ bytes: RawSpan,
    _ type: GGMLType,
    _ decode: (GGUFBlock) -> Void
) -> [Float] {
    let (width, elements) = (type.blockBytes, type.blockElements)
    let blocks = bytes.byteCount / width
    return unsafe [Float](unsafeUninitializedCapacity: blocks * elements) { values, filled in
        unsafe bytes.withUnsafeBytes { stored in
            guard let start = stored.baseAddress, let first = values.baseAddress else { return }
            for i in 0..<blocks {
                unsafe decode(GGUFBlock(start + i * width, first + i * elements))
            }
        }
        filled = blocks * elements
    }
}
