import OctavoBase

/// A tensor of a safetensors file, read here field by field, so that no writer is tested by the
/// reader that belongs to it.
public struct StoredTensor: Sendable, Equatable {
    /// The type as the header spells it, as in `F16`.
    public let dtype: String
    /// The shape.
    public let shape: [Int]
    /// The elements as they are stored.
    public let bytes: [UInt8]

    /// Describes a tensor.
    public init(dtype: String, shape: [Int], bytes: [UInt8]) {
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
    }

    /// The elements of a tensor of floats; nil for any other.
    public var floats: [Float]? {
        switch dtype {
        case "F32": [Float](copying: bytes)
        case "F16":
            [UInt16](copying: bytes)?.map { Float(Float16(bitPattern: $0)) }
        case "BF16":
            [UInt16](copying: bytes)?.map { Float(bitPattern: UInt32($0) << 16) }
        default: nil
        }
    }
}

/// A safetensors file that the tests did not expect.
public struct MalformedSafetensors: Error {
    /// Where it is.
    public let path: String
}

/// Reads all tensors of a safetensors file.
public func storedTensors(inFile path: String) throws -> [String: StoredTensor] {
    let file = try readFile(path)
    let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard file.count >= 8 + length else { throw MalformedSafetensors(path: path) }
    let data = file[(8 + length)...]
    let header = try JSON(parsing: Array(file[8..<8 + length]))
    var tensors: [String: StoredTensor] = [:]
    for (name, entry) in header.object ?? JSONObject() where name != "__metadata__" {
        guard let dtype = entry["dtype"]?.string,
            let shape = entry["shape"]?.array?.compactMap(\.integer),
            let range = entry["data_offsets"]?.array?.compactMap(\.integer), range.count == 2,
            0 <= range[0], range[0] <= range[1], range[1] <= data.count
        else { throw MalformedSafetensors(path: path) }
        let start = data.startIndex
        tensors[name] = StoredTensor(
            dtype: dtype,
            shape: shape,
            bytes: Array(data[start + range[0]..<start + range[1]])
        )
    }
    return tensors
}

/// The bytes of a safetensors file of tensors of any type, in the order of their names.
public func safetensors(_ tensors: [String: StoredTensor]) -> [UInt8] {
    var header = JSONObject()
    var data: [UInt8] = []
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
        header[name] = .object([
            "dtype": .string(tensor.dtype), "shape": .array(tensor.shape.map(JSON.integer)),
            "data_offsets": [
                .integer(data.count), .integer(data.count + tensor.bytes.count),
            ],
        ])
        data += tensor.bytes
    }
    var text = Array(JSON.object(header).text(.compact).utf8)
    while text.count % 8 != 0 { text.append(0x20) }
    return [UInt64(text.count)].byteArray + text + data
}
