/// A metadata value as it is written into a GGUF file, with its width.
public enum GGUFField: Sendable, Equatable {
    case uint32(UInt32)
    case int32(Int32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    case uint64(UInt64)
    case int64(Int64)
    case float64(Double)
    case int32s([Int32])
    case float32s([Float])
    case bools([Bool])
    case strings([String])

    /// A value that was read, as narrow as it fits: widths are forgotten when a file is read.
    ///
    /// - Returns: Nil for an array of numbers that 32 bits do not hold.
    init?(_ value: GGUFValue) {
        switch value {
        case .unsigned(let number):
            self = UInt32(exactly: number).map(Self.uint32) ?? .uint64(number)
        case .signed(let number):
            self = Int32(exactly: number).map(Self.int32) ?? .int64(number)
        case .float(let number):
            self = Double(Float(number)) == number ? .float32(Float(number)) : .float64(number)
        case .bool(let flag): self = .bool(flag)
        case .string(let text): self = .string(text)
        case .array(let items):
            func all<T>(_ part: (GGUFValue) -> T?) -> [T]? {
                let parts = items.compactMap(part)
                return parts.count == items.count ? parts : nil
            }
            if let texts = all(\.string) {
                self = .strings(texts)
            } else if let numbers = all({ $0.integer.flatMap { Int32(exactly: $0) } }) {
                self = .int32s(numbers)
            } else if let numbers = all(\.number) {
                self = .float32s(numbers.map { Float($0) })
            } else if let flags = all(\.bool) {
                self = .bools(flags)
            } else {
                return nil
            }
        }
    }

    /// Appends the value's type and the value.
    func append(to bytes: inout [UInt8]) {
        bytes.append(type)
        switch self {
        case .uint32(let number): bytes.append(littleEndian: number)
        case .int32(let number): bytes.append(littleEndian: number)
        case .float32(let number): bytes.append(littleEndian: number.bitPattern)
        case .bool(let flag): bytes.append(flag ? 1 : 0)
        case .string(let text): bytes.append(ggufString: text)
        case .uint64(let number): bytes.append(littleEndian: number)
        case .int64(let number): bytes.append(littleEndian: number)
        case .float64(let number): bytes.append(littleEndian: number.bitPattern)
        case .int32s(let items):
            bytes.append(items, of: .int32) { $0.append(littleEndian: $1) }
        case .float32s(let items):
            bytes.append(items, of: .float32) { $0.append(littleEndian: $1.bitPattern) }
        case .bools(let items): bytes.append(items, of: .bool) { $0.append($1 ? 1 : 0) }
        case .strings(let items): bytes.append(items, of: .string) { $0.append(ggufString: $1) }
        }
    }

    private var type: GGUFValueType {
        switch self {
        case .uint32: .uint32
        case .int32: .int32
        case .float32: .float32
        case .bool: .bool
        case .string: .string
        case .uint64: .uint64
        case .int64: .int64
        case .float64: .float64
        case .int32s, .float32s, .bools, .strings: .array
        }
    }
}

extension [UInt8] {
    /// Appends a whole number, its lowest byte first.
    mutating func append(littleEndian number: some FixedWidthInteger) {
        for byte in 0..<number.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: number >> (8 * byte)))
        }
    }

    /// Appends a text and its length before it, as GGUF has them.
    mutating func append(ggufString text: String) {
        append(littleEndian: UInt64(text.utf8.count))
        append(contentsOf: text.utf8)
    }

    fileprivate mutating func append(_ type: GGUFValueType) {
        append(littleEndian: type.rawValue)
    }

    fileprivate mutating func append<T>(
        _ items: [T],
        of type: GGUFValueType,
        _ item: (inout [UInt8], T) -> Void
    ) {
        append(type)
        append(littleEndian: UInt64(items.count))
        for value in items { item(&self, value) }
    }
}
