public import OctavoBase

/// A tensor that is going to be written into a GGUF file: all but its values.
public struct GGUFTensorPlan: Sendable, Hashable {
    /// Its name in GGUF's spelling.
    public let name: String
    /// How its elements are stored.
    public let type: GGMLType
    /// Its dimensions, slowest first.
    public let shape: [Int]
    /// The bytes it will take.
    public let byteCount: Int

    /// Plans a tensor.
    ///
    /// - Returns: Nil if a reader would refuse it: a name that is empty or of 64 bytes or more, no or
    ///   more than four dimensions, one that is 0, rows that are not of whole blocks, or bytes that
    ///   cannot be counted (G9 to G12 of formats/gguf.md).
    public init?(name: String, type: GGMLType, shape: [Int]) {
        guard (1..<64).contains(name.utf8.count), !name.utf8.contains(0),
            (1...4).contains(shape.count), shape.allSatisfy({ $0 > 0 }),
            let row = shape.last, row % type.blockElements == 0
        else { return nil }
        var bytes = row / type.blockElements
        for factor in shape.dropLast() + [type.blockBytes] {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: factor)
            // Padding must not overflow either.
            guard !overflow, product < 1 << 62 else { return nil }
            bytes = product
        }
        self.name = name
        self.type = type
        self.shape = shape
        byteCount = bytes
    }
}

/// What a caller of the writer did wrong, or what the disk refused.
public enum GGUFWriteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk refused.
    case file(FileError)
    /// Two tensors, or two keys, of one name were given.
    case duplicate(String)
    /// More bytes came than the planned tensors take; the last of them is named.
    case tooManyBytes(after: String)
    /// Fewer bytes came than a tensor takes.
    case tooFewBytes(tensor: String, found: Int, expected: Int)

    /// As a clause.
    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .duplicate(let name): "\"\(name)\" was to be written twice"
        case .tooManyBytes(let name): "more bytes were given than planned, after tensor \"\(name)\""
        case .tooFewBytes(let tensor, let found, let expected):
            "\(found) bytes were given for tensor \"\(tensor)\", expected \(expected)"
        }
    }
}

/// Writes a GGUF file of version 3 a piece at a time (W1 of formats/gguf.md).
///
/// Metadata and tensors are planned first, since they precede the data; then the bytes are given in the
/// order of the plans. The file has its name only once `finish` has returned.
public struct GGUFWriter: ~Copyable {
    private let file: AtomicFile
    private let plans: [GGUFTensorPlan]
    private var current = 0
    /// How many bytes of the current tensor have been given.
    private var filled = 0

    /// Starts a file.
    ///
    /// - Parameters:
    ///   - path: The name the file will have; its directory must exist.
    ///   - metadata: Keys and values, in the order that they are to have.
    ///   - tensors: What it will hold, in order.
    /// - Throws: When two of them have one name, or the disk refuses.
    public init(
        _ path: String,
        metadata: [(key: String, value: GGUFField)],
        tensors: [GGUFTensorPlan]
    ) throws(GGUFWriteError) {
        plans = tensors
        file = try startFile(path, metadata, tensors)
    }

    /// Appends bytes: a tensor may come in pieces, but no piece may reach beyond it.
    public mutating func write(_ bytes: [UInt8]) throws(GGUFWriteError) {
        guard !bytes.isEmpty else { return }
        guard current < plans.count, bytes.count <= plans[current].byteCount - filled else {
            throw .tooManyBytes(after: plans.prefix(current + 1).last?.name ?? "")
        }
        do throws(FileError) {
            try file.write(bytes)
            filled += bytes.count
            guard filled == plans[current].byteCount else { return }
            try file.write([UInt8](repeating: 0, count: padding(filled)))
        } catch { throw .file(error) }
        current += 1
        filled = 0
    }

    /// Gives the file its name.
    public consuming func finish() throws(GGUFWriteError) {
        guard current == plans.count else {
            let plan = plans[current]
            throw .tooFewBytes(tensor: plan.name, found: filled, expected: plan.byteCount)
        }
        do throws(FileError) { try file.commit() } catch { throw .file(error) }
    }
}

/// How many bytes of zero follow so many of a tensor or of the header, to the usual alignment.
private func padding(_ count: Int) -> Int { -count & 31 }

/// Starts a file with its header.
private func startFile(
    _ path: String,
    _ metadata: [(key: String, value: GGUFField)],
    _ tensors: [GGUFTensorPlan]
) throws(GGUFWriteError) -> AtomicFile {
    for names in [metadata.map(\.key), tensors.map(\.name)] {
        var seen: Set<UTF8Key> = []
        for name in names where !seen.insert(UTF8Key(name)).inserted { throw .duplicate(name) }
    }
    do throws(FileError) {
        let file = try AtomicFile(path)
        try file.write(header(metadata, tensors))
        return file
    } catch { throw .file(error) }
}

private func header(
    _ metadata: [(key: String, value: GGUFField)],
    _ tensors: [GGUFTensorPlan]
) -> [UInt8] {
    var bytes = Array("GGUF".utf8)
    bytes.append(littleEndian: UInt32(3))
    bytes.append(littleEndian: Int64(tensors.count))
    bytes.append(littleEndian: Int64(metadata.count))
    for (key, value) in metadata {
        bytes.append(ggufString: key)
        value.append(to: &bytes)
    }
    var offset = 0
    for tensor in tensors {
        bytes.append(ggufString: tensor.name)
        bytes.append(littleEndian: UInt32(tensor.shape.count))
        for dimension in tensor.shape.reversed() {
            bytes.append(littleEndian: Int64(dimension))
        }
        bytes.append(littleEndian: tensor.type.rawValue)
        bytes.append(littleEndian: UInt64(offset))
        offset += tensor.byteCount + padding(tensor.byteCount)
    }
    return bytes + [UInt8](repeating: 0, count: padding(bytes.count))
}
