/// A JSON value that keeps the order of its keys.
///
/// Whole numbers in the range of Int stay exact and are told apart from `4.0` and `4e0`: in the
/// formats read here the difference between a count and a measurement matters.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// Compares strings and keys by their bytes; an object's members must be in the same order.
    public static func == (a: JSON, b: JSON) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.integer(let a), .integer(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): UTF8Key(a) == UTF8Key(b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }

    /// The text of a string, else nil.
    public var string: String? { if case .string(let value) = self { value } else { nil } }

    /// An exact whole number, else nil.
    public var integer: Int? { if case .integer(let value) = self { value } else { nil } }

    /// Any number, else nil.
    public var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// A truth value, else nil.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The items of an array, else nil.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }

    /// An object, else nil.
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

    /// The value of a key, or nil if this is no object or lacks it.
    public subscript(key: String) -> JSON? { object?[key] }

    /// This object with another member; what is no object stays as it is.
    public func adding(_ key: String, _ value: JSON) -> JSON {
        guard case .object(var object) = self else { return self }
        object[key] = value
        return .object(object)
    }

    /// Makes an object of pairs, in their order.
    public static func object(_ pairs: KeyValuePairs<String, JSON?>) -> JSON {
        var object = JSONObject()
        for (key, value) in pairs { if let value { object[key] = value } }
        return .object(object)
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .integer(value) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A number.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// An array.
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }
}
