internal import OctavoBase

extension GGMLType {
    /// The types that Octavo writes (W4).
    public static let writable: [GGMLType] = [
        .f32, .f16, .bf16, .q8_0, .q6_K, .q5_0, .q4_K, .q4_1, .q4_0,
    ]
}

/// Encodes numbers as whole blocks of a type (W4).
///
/// - Parameters:
///   - values: The numbers, finite and, but for F32 and BF16, of a magnitude that a half holds.
///   - range: Those of them to encode: whole blocks.
///   - type: One of ``GGMLType/writable``.
/// - Returns: The bytes, or nil for a type that is not written, and for parts of blocks.
public func encodeBlocks(_ values: [Float], _ range: Range<Int>, as type: GGMLType) -> [UInt8]? {
    guard range.count % type.blockElements == 0 else { return nil }
    switch type {
    case .f32: return Array(values[range]).byteArray
    case .f16: return values[range].map { Half.narrow($0) }.byteArray
    case .bf16: return values[range].map { Half.narrowBrain($0) }.byteArray
    case .q8_0: return encode(values, range, type) { $0.encodeQ8_0() }
    case .q4_0: return encode(values, range, type) { $0.encodeQ4_0() }
    case .q4_1: return encode(values, range, type) { $0.encodeQ4_1() }
    case .q5_0: return encode(values, range, type) { $0.encodeQ5_0() }
    case .q4_K: return encode(values, range, type) { $0.encodeQ4_K() }
    case .q6_K: return encode(values, range, type) { $0.encodeQ6_K() }
    default: return nil
    }
}

/// The elements of one block, and the stored bytes that they become.
///
/// Nothing is checked: an encoder keeps within its type's block.
@safe
struct GGUFBlockEncoder {
    private let elements: UnsafePointer<Float>
    private let stored: UnsafeMutablePointer<UInt8>

    fileprivate init(_ elements: UnsafePointer<Float>, _ stored: UnsafeMutablePointer<UInt8>) {
        unsafe self.elements = elements
        unsafe self.stored = stored
    }

    /// An element.
    @inline(__always)
    func element(_ i: Int) -> Float { unsafe elements[i] }

    /// Sixteen elements that follow one another.
    @inline(__always)
    func sixteen(from first: Int) -> SIMD16<Float> {
        unsafe UnsafeRawPointer(elements + first).loadUnaligned(as: SIMD16<Float>.self)
    }

    /// Stores a byte.
    @inline(__always)
    func set(_ offset: Int, _ byte: UInt8) { unsafe stored[offset] = byte }

    /// Stores sixteen bytes.
    @inline(__always)
    func set(_ offset: Int, _ bytes: SIMD16<UInt8>) {
        unsafe UnsafeMutableRawPointer(stored + offset).storeBytes(
            of: bytes,
            as: SIMD16<UInt8>.self
        )
    }

    /// Stores a half.
    ///
    /// - Returns: What it was rounded to.
    @inline(__always)
    @discardableResult
    func setHalf(_ offset: Int, _ value: Float) -> Float {
        let half = Half.narrow(value)
        set(offset, UInt8(truncatingIfNeeded: half))
        set(offset + 1, UInt8(truncatingIfNeeded: half >> 8))
        return Half.widen(half)
    }
}

/// Encodes block after block; inlined, so that each type gets a loop of its own.
@inline(__always)
private func encode(
    _ values: [Float],
    _ range: Range<Int>,
    _ type: GGMLType,
    _ encode: (GGUFBlockEncoder) -> Void
) -> [UInt8]? {
    let (elements, width) = (type.blockElements, type.blockBytes)
    let blocks = range.count / elements
    guard values.indices.contains(range.lowerBound) || range.isEmpty,
        range.upperBound <= values.count
    else { return nil }
    return unsafe [UInt8](unsafeUninitializedCapacity: blocks * width) { bytes, filled in
        unsafe values.withUnsafeBufferPointer { values in
            guard let from = values.baseAddress, let to = bytes.baseAddress else { return }
            unsafe (to).initialize(repeating: 0, count: blocks * width)
            for i in 0..<blocks {
                unsafe encode(
                    GGUFBlockEncoder(from + range.lowerBound + i * elements, to + i * width)
                )
            }
        }
        filled = blocks * width
    }
}
