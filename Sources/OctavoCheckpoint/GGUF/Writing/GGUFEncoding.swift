internal import OctavoBase

/// Encodes numbers as whole blocks of a type (W4).
///
/// - Parameters:
///   - values: The numbers, finite and, but for F32 and BF16, of a magnitude that a half holds.
///   - range: Those of them to encode: whole blocks.
///   - type: F32, F16, BF16, Q8_0, Q5_0, Q4_1 or Q4_0.
/// - Returns: The bytes, or nil for another type, and for parts of blocks.
public func encodeBlocks(_ values: [Float], _ range: Range<Int>, as type: GGMLType) -> [UInt8]? {
    guard range.lowerBound >= 0, range.upperBound <= values.count,
        range.count % type.blockElements == 0
    else { return nil }
    switch type {
    case .f32: return Array(values[range]).byteArray
    case .f16: return values[range].map { Half.narrow($0) }.byteArray
    case .bf16: return values[range].map { Half.narrowBrain($0) }.byteArray
    case .q8_0: return encode(values, range, type) { $0.encodeQ8_0() }
    case .q4_0: return encode(values, range, type) { $0.encodeQ4_0() }
    case .q4_1: return encode(values, range, type) { $0.encodeQ4_1() }
    case .q5_0: return encode(values, range, type) { $0.encodeQ5_0() }
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

    /// Stores a byte.
    @inline(__always)
    func set(_ offset: Int, _ byte: UInt8) { unsafe stored[offset] = byte }

    /// Stores a half.
    @inline(__always)
    func setHalf(_ offset: Int, _ value: Float) {
        let half = Half.narrow(value)
        set(offset, UInt8(truncatingIfNeeded: half))
        set(offset + 1, UInt8(truncatingIfNeeded: half >> 8))
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
