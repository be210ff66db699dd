/// The types a GGUF metadata value may have, by their number in the file.
public enum GGUFValueType: UInt32, Sendable {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// The fewest bytes a value of this type takes in a file.
    var minimumByteCount: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .string, .uint64, .int64, .float64: 8
        case .array: 12
        }
    }
}

/// A metadata value, with widths forgotten: what a reader wants to know is the number.
public enum GGUFValue: Sendable, Equatable {
    /// Any of the four unsigned types.
    case unsigned(UInt64)
    /// Any of the four signed types.
    case signed(Int64)
    /// Either float type; a 32-bit float is widened exactly.
    case float(Double)
    case bool(Bool)
    case string(String)
    /// Values that are all of one case; never arrays themselves.
    case array([GGUFValue])

    /// A whole number that fits Int, else nil.
    public var integer: Int? {
        switch self {
        case .unsigned(let value): Int(exactly: value)
        case .signed(let value): Int(exactly: value)
        default: nil
        }
    }

    /// Any number, else nil.
    public var number: Double? {
        switch self {
        case .unsigned(let value): Double(value)
        case .signed(let value): Double(value)
        case .float(let value): value
        default: nil
        }
    }

    /// A truth value, else nil.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The text of a string, else nil.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The items of an array, else nil.
    public var array: [GGUFValue]? { if case .array(let items) = self { items } else { nil } }
}
