internal import OctavoBase

/// Reads the parts of a GGUF header one after another.
struct GGUFParser: ~Escapable {
    private var reader: ByteReader
    private var arrayItems = 0
    /// What tensors are padded to: 32 unless `general.alignment` says otherwise.
    private(set) var alignment = 32

    @_lifetime(copy file)
    init(_ file: RawSpan) { reader = ByteReader(file) }

    /// Where reading stands.
    var offset: Int { reader.offset }

    private func failure(_ reason: GGUFError.Reason, at offset: Int? = nil) -> GGUFError {
        GGUFError(reason: reason, offset: offset ?? reader.offset)
    }

    private func failure(_ error: TruncatedError) -> GGUFError {
        failure(.truncated(needed: error.needed, available: error.available), at: error.offset)
    }

    private mutating func read<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(GGUFError) -> T {
        do throws(TruncatedError) { return try reader.read(type) } catch { throw failure(error) }
    }

    private mutating func bytes(_ count: Int) throws(GGUFError) -> [UInt8] {
        do throws(TruncatedError) { return try reader.read(count: count) } catch {
            throw failure(error)
        }
    }

    /// Reads the magic and the version (G1, G2).
    mutating func magic() throws(GGUFError) {
        let found = try bytes(4)
        guard found == Array("GGUF".utf8) else { throw failure(.badMagic(found), at: 0) }
        let version = try read(UInt32.self)
        guard version == 2 || version == 3 else {
            let swapped = version.byteSwapped
            throw failure(
                swapped == 2 || swapped == 3 ? .bigEndian : .unsupportedVersion(version),
                at: 4
            )
        }
    }

    /// Reads how many of something follow (G3), of which the smallest takes `leastBytes`.
    mutating func count(of what: String, leastBytes: Int) throws(GGUFError) -> Int {
        let start = offset
        let count = try read(Int64.self)
        guard count >= 0, count <= Int64(reader.remaining / leastBytes) else {
            throw failure(.badCount(of: what, count), at: start)
        }
        return Int(count)
    }

    /// Reads a string (G4).
    private mutating func string() throws(GGUFError) -> String {
        let start = offset
        let length = try read(UInt64.self)
        guard length <= 1 << 30, length <= UInt64(reader.remaining) else {
            throw failure(.badStringLength(length), at: start)
        }
        guard let text = String(validating: try bytes(Int(length)), as: UTF8.self) else {
            throw failure(.notUTF8, at: start + 8)
        }
        return text
    }

    /// Reads a key and its value (G5 to G8).
    mutating func pair(into metadata: inout GGUFMetadata) throws(GGUFError) {
        let start = offset
        let key = try string()
        guard !key.isEmpty, !key.utf8.contains(0) else { throw failure(.badKey(key), at: start) }
        let number = try read(UInt32.self)
        guard let type = GGUFValueType(rawValue: number) else {
            throw failure(.badValueType(key: key, number), at: offset - 4)
        }
        let value = type == .array ? try array(of: key) : try scalar(type, of: key)
        if key == "general.alignment" { try align(type, value, at: start) }
        guard metadata.append(key, value) else { throw failure(.duplicateKey(key), at: start) }
    }

    private mutating func align(
        _ type: GGUFValueType,
        _ value: GGUFValue,
        at start: Int
    ) throws(GGUFError) {
        guard type == .uint32, let found = value.integer, found > 0, found & (found - 1) == 0 else {
            throw failure(
                .badAlignment("\(type) \(value.integer.map(String.init) ?? "")"),
                at: start
            )
        }
        alignment = found
    }

    private mutating func array(of key: String) throws(GGUFError) -> GGUFValue {
        let number = try read(UInt32.self)
        guard let type = GGUFValueType(rawValue: number), type != .array else {
            throw failure(.badValueType(key: key, number), at: offset - 4)
        }
        let count = try read(UInt64.self)
        guard count <= UInt64(reader.remaining / type.minimumByteCount),
            count <= UInt64(GGUFHeader.mostArrayItems - arrayItems)
        else { throw failure(.badArrayCount(key: key, count), at: offset - 8) }
        arrayItems += Int(count)
        var items: [GGUFValue] = []
        items.reserveCapacity(Int(count))
        for _ in 0..<count { items.append(try scalar(type, of: key)) }
        return .array(items)
    }

    /// Reads one value that is no array.
    private mutating func scalar(
        _ type: GGUFValueType,
        of key: String
    ) throws(GGUFError) -> GGUFValue {
        switch type {
        case .uint8: return .unsigned(UInt64(try read(UInt8.self)))
        case .uint16: return .unsigned(UInt64(try read(UInt16.self)))
        case .uint32: return .unsigned(UInt64(try read(UInt32.self)))
        case .uint64: return .unsigned(try read(UInt64.self))
        case .int8: return .signed(Int64(try read(Int8.self)))
        case .int16: return .signed(Int64(try read(Int16.self)))
        case .int32: return .signed(Int64(try read(Int32.self)))
        case .int64: return .signed(try read(Int64.self))
        case .float32: return .float(Double(Float(bitPattern: try read(UInt32.self))))
        case .float64: return .float(Double(bitPattern: try read(UInt64.self)))
        case .string: return .string(try string())
        case .bool:
            let byte = try read(UInt8.self)
            guard byte < 2 else { throw failure(.badBool(key: key, byte), at: offset - 1) }
            return .bool(byte == 1)
        case .array: throw failure(.badValueType(key: key, type.rawValue))
        }
    }

    /// Reads a tensor's declaration (G9 to G12).
    mutating func tensor() throws(GGUFError) -> DeclaredTensor {
        let start = offset
        let name = try string()
        guard !name.isEmpty, name.utf8.count < 64, !name.utf8.contains(0) else {
            throw failure(.badTensorName(name), at: start)
        }
        let rank = try read(UInt32.self)
        guard rank <= 4 else {
            throw failure(.tooManyDimensions(tensor: name, rank), at: offset - 4)
        }
        var dimensions: [Int64] = []
        for _ in 0..<rank { dimensions.append(try read(Int64.self)) }
        let shape = dimensions.reversed().map { Int($0) }
        guard let elements = elementCount(of: shape) else {
            throw failure(.badShape(tensor: name, dimensions), at: start)
        }
        let number = try read(UInt32.self)
        guard let type = GGMLType(rawValue: number) else {
            throw failure(.unknownType(tensor: name, number), at: offset - 4)
        }
        let row = shape.last ?? 1
        guard row % type.blockElements == 0 else {
            throw failure(
                .partialBlock(tensor: name, row: row, block: type.blockElements),
                at: start
            )
        }
        let (byteCount, overflow) = (elements / type.blockElements)
            .multipliedReportingOverflow(by: type.blockBytes)
        guard !overflow, byteCount <= Int.max - (alignment - 1) else {
            throw failure(.sizeOverflow(tensor: name), at: start)
        }
        return DeclaredTensor(
            name: name,
            type: type,
            shape: shape,
            byteCount: byteCount,
            offset: try read(UInt64.self),
            declaredAt: start
        )
    }
}
