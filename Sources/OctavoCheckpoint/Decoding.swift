internal import OctavoBase

/// Widens stored elements to floats.
///
/// Exact for all floats of at most 32 bits, BOOL, and integers of up to 16 bits; F64 and wider integers
/// are rounded to the nearest.
///
/// - Returns: Nil for dtypes that mean nothing on their own: elements of 4 and 6 bits, which are
///   made for scales that lie elsewhere, and complex numbers.
func decodeFloats(_ bytes: RawSpan, as dtype: DType) -> [Float]? {
    switch dtype {
    case .f32: convert(bytes) { (bits: UInt32) in Float(bitPattern: bits) }
    case .f16: convert(bytes, Half.widen)
    case .bf16: convert(bytes, Half.widenBrain)
    case .f64: convert(bytes) { (bits: UInt64) in Float(Double(bitPattern: bits)) }
    case .f8e4m3: convert(bytes, Float8.widenE4M3)
    case .f8e5m2: convert(bytes, Float8.widenE5M2)
    case .f8e4m3fnuz: convert(bytes, Float8.widenE4M3FNUZ)
    case .f8e5m2fnuz: convert(bytes, Float8.widenE5M2FNUZ)
    case .f8e8m0: convert(bytes, Float8.widenE8M0)
    case .i8: convert(bytes) { (value: Int8) in Float(value) }
    case .u8: convert(bytes) { (value: UInt8) in Float(value) }
    case .bool: convert(bytes) { (value: UInt8) in value == 0 ? 0 : 1 }
    case .i16: convert(bytes) { (value: Int16) in Float(value) }
    case .u16: convert(bytes) { (value: UInt16) in Float(value) }
    case .i32: convert(bytes) { (value: Int32) in Float(value) }
    case .u32: convert(bytes) { (value: UInt32) in Float(value) }
    case .i64: convert(bytes) { (value: Int64) in Float(value) }
    case .u64: convert(bytes) { (value: UInt64) in Float(value) }
    case .f4, .f6e2m3, .f6e3m2, .c64: nil
    }
}

/// Widens stored integers of up to 32 bits; nil for all other dtypes.
func decodeIntegers(_ bytes: RawSpan, as dtype: DType) -> [Int32]? {
    switch dtype {
    case .i8: convert(bytes) { (value: Int8) in Int32(value) }
    case .u8, .bool: convert(bytes) { (value: UInt8) in Int32(value) }
    case .i16: convert(bytes) { (value: Int16) in Int32(value) }
    case .u16: convert(bytes) { (value: UInt16) in Int32(value) }
    case .i32: convert(bytes) { (value: Int32) in value }
    default: nil
    }
}

/// Converts each element; inlined, so that the compiler sees a plain loop to vectorize.
@inline(__always)
private func convert<Stored: FixedWidthInteger & BitwiseCopyable, Value: BitwiseCopyable>(
    _ bytes: RawSpan,
    _ value: (Stored) -> Value
) -> [Value] {
    let width = MemoryLayout<Stored>.size
    let count = bytes.byteCount / width
    return unsafe [Value](unsafeUninitializedCapacity: count) { values, filled in
        unsafe bytes.withUnsafeBytes { stored in
            for i in 0..<count {
                unsafe values[i] = value(
                    stored.loadUnaligned(fromByteOffset: i &* width, as: Stored.self)
                )
            }
        }
        filled = count
    }
}

/// Whether none of the values is NaN or infinite.
public func allFinite(_ values: [Float]) -> Bool {
    // The magnitudes' bits order as integers do, and infinity is the least of the special ones.
    var largest: UInt32 = 0
    for value in values { largest = max(largest, value.bitPattern & 0x7FFF_FFFF) }
    return largest < 0x7F80_0000
}
