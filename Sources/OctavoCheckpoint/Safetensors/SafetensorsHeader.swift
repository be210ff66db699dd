internal import OctavoBase

/// What a safetensors header says, checked against rules S1 to S12 of formats/safetensors.md.
struct SafetensorsHeader {
    /// The longest header that any reader accepts, in bytes.
    static let longest = 100_000_000
    /// The most tensors that Octavo accepts; the largest published models have some ten thousand.
    static let mostTensors = 1_000_000
    /// The most JSON values in a header: a matrix takes eight, itself, its dtype, and two lists of two.
    static let mostValues = 8 * mostTensors
    /// The largest dimension that the format's schema allows.
    private static let largestDimension = 1 << 48

    private(set) var metadata: [String: String] = [:]
    /// The tensors in the order of their bytes.
    private(set) var tensors: [SafetensorsTensor] = []

    /// Parses the header of a whole file.
    init(_ file: RawSpan) throws(SafetensorsError) {
        let text = try Self.text(of: file)
        let dataStart = 8 + text.count
        let json: JSON
        do throws(JSONError) { json = try JSON(parsing: text, mostValues: Self.mostValues) } catch {
            throw .notJSON(error)
        }
        guard let members = json.object else { throw .notAnObject }
        guard members.count <= Self.mostTensors else { throw .tooManyTensors(members.count) }
        for (key, value) in members {
            if key == "__metadata__" {
                metadata = try Self.metadata(value)
            } else {
                tensors.append(try Self.tensor(key, value, dataStart: dataStart))
            }
        }
        // By end as well, so that empty tensors precede what begins where they are.
        tensors.sort {
            ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound)
        }
        var end = dataStart
        for tensor in tensors {
            guard tensor.bytes.lowerBound == end else {
                throw .notContiguous(
                    tensor: tensor.name,
                    begin: tensor.bytes.lowerBound - dataStart,
                    expected: end - dataStart
                )
            }
            end = tensor.bytes.upperBound
        }
        guard end == file.byteCount else {
            throw .wrongFileSize(found: file.byteCount, expected: end)
        }
    }

    /// Cuts the header's text out of a file (S1, S2).
    private static func text(of file: RawSpan) throws(SafetensorsError) -> [UInt8] {
        var reader = ByteReader(file)
        guard let length = try? reader.read(UInt64.self) else {
            throw .tooShort(fileSize: file.byteCount)
        }
        guard length <= UInt64(longest) else { throw .headerTooLarge(length) }
        guard let text = try? reader.read(count: Int(length)) else {
            throw .headerBeyondFile(length: Int(length), available: reader.remaining)
        }
        return text
    }

    private static func metadata(_ json: JSON) throws(SafetensorsError) -> [String: String] {
        guard let members = json.object else { throw .badMetadata(key: nil) }
        var metadata: [String: String] = [:]
        for (key, value) in members {
            guard let text = value.string else { throw .badMetadata(key: key) }
            metadata[key] = text
        }
        return metadata
    }

    /// Checks one tensor's description on its own (S6 to S10).
    private static func tensor(
        _ name: String,
        _ json: JSON,
        dataStart: Int
    ) throws(SafetensorsError) -> SafetensorsTensor {
        guard let fields = json.object, fields.count == 3, let dtype = fields["dtype"],
            let shape = fields["shape"], let offsets = fields["data_offsets"]
        else { throw .badFields(tensor: name, found: json.object?.keys ?? []) }

        guard let dtype = dtype.string.flatMap(DType.init(rawValue:)) else {
            throw .unknownDType(tensor: name, found: dtype.text(.compact))
        }
        guard let dimensions = wholeNumbers(shape),
            dimensions.allSatisfy({ $0 <= largestDimension }),
            elementCount(of: dimensions) != nil
        else { throw .badShape(tensor: name, found: shape.text(.compact)) }
        guard let range = wholeNumbers(offsets), range.count == 2, range[0] <= range[1],
            range[1] <= Int.max - dataStart
        else { throw .badOffsets(tensor: name, found: offsets.text(.compact)) }

        guard let expected = dtype.byteCount(shape: dimensions) else {
            throw .uncountableBytes(tensor: name, dtype: dtype, shape: dimensions)
        }
        guard range[1] - range[0] == expected else {
            throw .wrongByteCount(tensor: name, found: range[1] - range[0], expected: expected)
        }
        return SafetensorsTensor(
            name: name,
            dtype: dtype,
            shape: dimensions,
            bytes: dataStart + range[0]..<dataStart + range[1]
        )
    }

    private static func wholeNumbers(_ json: JSON) -> [Int]? {
        guard let items = json.array else { return nil }
        let numbers = items.compactMap(\.integer)
        return numbers.count == items.count && numbers.allSatisfy { $0 >= 0 } ? numbers : nil
    }
}
