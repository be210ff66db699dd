/// Reads the fields of a protocol buffer one after the other, never past its end.
struct ProtobufReader {
    /// The value of a field, by its wire type.
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field, or nil at the end.
    ///
    /// - Throws: When the bytes are cut off or no protocol buffer.
    mutating func next() throws(SentencePieceError) -> (number: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let offset = rest.startIndex
        let key = try varint()
        let number = Int(truncatingIfNeeded: key >> 3)
        guard key <= UInt32.max, number > 0 else { throw .malformed(offset: offset) }
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            let length = try varint()
            guard length <= rest.count else { throw .truncated(offset: rest.startIndex) }
            return (number, .bytes(take(Int(length))))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw .malformed(offset: offset)
        }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func varint() throws(SentencePieceError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw .truncated(offset: rest.endIndex) }
            guard shift < 63 || byte <= 1 else { throw .malformed(offset: rest.startIndex - 1) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw .malformed(offset: rest.startIndex)
    }

    private mutating func fixed(_ count: Int) throws(SentencePieceError) -> UInt64 {
        guard rest.count >= count else { throw .truncated(offset: rest.endIndex) }
        return take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
