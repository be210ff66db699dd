/// The element types a checkpoint may hold, named as safetensors names them.
///
/// Their order is the order in which safetensors sorts tensors (ascending width; its writer goes
/// from the last to the first, so that every tensor stays aligned). See formats/safetensors.md.
public enum DType: String, CaseIterable, Sendable, Comparable {
    case bool = "BOOL"
    case f4 = "F4"
    case f6e2m3 = "F6_E2M3"
    case f6e3m2 = "F6_E3M2"
    case u8 = "U8"
    case i8 = "I8"
    case f8e5m2 = "F8_E5M2"
    case f8e4m3 = "F8_E4M3"
    case f8e8m0 = "F8_E8M0"
    case f8e4m3fnuz = "F8_E4M3FNUZ"
    case f8e5m2fnuz = "F8_E5M2FNUZ"
    case i16 = "I16"
    case u16 = "U16"
    case f16 = "F16"
    case bf16 = "BF16"
    case i32 = "I32"
    case u32 = "U32"
    case f32 = "F32"
    case c64 = "C64"
    case f64 = "F64"
    case i64 = "I64"
    case u64 = "U64"

    /// The width of one element in bits.
    public var bits: Int {
        switch self {
        case .f4: 4
        case .f6e2m3, .f6e3m2: 6
        case .bool, .u8, .i8, .f8e5m2, .f8e4m3, .f8e8m0, .f8e4m3fnuz, .f8e5m2fnuz: 8
        case .i16, .u16, .f16, .bf16: 16
        case .i32, .u32, .f32: 32
        case .c64, .f64, .i64, .u64: 64
        }
    }

    /// Orders as safetensors does.
    public static func < (a: DType, b: DType) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }

    /// The bytes that a tensor of this shape takes, or nil if a dimension is negative, the sum
    /// overflows, or the bits do not fill whole bytes.
    public func byteCount(shape: [Int]) -> Int? {
        guard let count = elementCount(of: shape) else { return nil }
        let (total, overflow) = count.multipliedReportingOverflow(by: bits)
        guard !overflow, total % 8 == 0 else { return nil }
        return total / 8
    }
}

/// The number of elements of a shape, or nil if a dimension is negative or the product overflows.
///
/// A zero anywhere makes the product zero, but the other dimensions must still multiply without
/// overflow: `[0, huge, huge]` is a lie that breaks readers further down.
public func elementCount(of shape: [Int]) -> Int? {
    var product = 1
    var hasZero = false
    for dimension in shape {
        guard dimension >= 0 else { return nil }
        if dimension == 0 {
            hasZero = true
            continue
        }
        let (next, overflow) = product.multipliedReportingOverflow(by: dimension)
        guard !overflow else { return nil }
        product = next
    }
    return hasZero ? 0 : product
}
