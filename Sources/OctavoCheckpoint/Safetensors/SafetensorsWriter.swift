public import OctavoBase

/// What a caller of the writer did wrong, or what the disk refused.
public enum SafetensorsWriteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The disk refused.
    case file(FileError)
    /// Two tensors of one name were planned.
    case duplicateTensor(String)
    /// More bytes came than the planned tensors take; the last of them is named.
    case tooManyBytes(after: String)
    /// Fewer bytes came than a tensor takes.
    case tooFewBytes(tensor: String, found: Int, expected: Int)

    /// As a clause.
    public var description: String {
        switch self {
        case .file(let error): "\(error)"
        case .duplicateTensor(let name): "two tensors are called \"\(name)\""
        case .tooManyBytes(let name): "more bytes were given than planned, after tensor \"\(name)\""
        case .tooFewBytes(let tensor, let found, let expected):
            "\(found) bytes were given for tensor \"\(tensor)\", expected \(expected)"
        }
    }
}

/// Writes a safetensors file a piece at a time, byte for byte as the reference implementation does.
///
/// The tensors are planned first, since the header precedes them; then their bytes are given in the
/// order of `plans`. The file has its name only once `finish` has returned.
public struct SafetensorsWriter: ~Copyable {
    /// The tensors in the order in which their bytes must be given: widest dtype first, so that
    /// each is aligned, then by name.
    public let plans: [TensorPlan]
    private let path: String
    private let file: AtomicFile
    private var size: Int
    private let fileHasher = ContentHasher(.sha256)
    private var tensorHasher = ContentHasher(.sha256)
    /// The tensors that have all their bytes, in their order, with digests.
    public private(set) var written: [WrittenTensor] = []
    /// How many bytes of the current tensor have been given.
    private var filled = 0

    /// Starts a file with these tensors; they may come in any order.
    ///
    /// - Parameters:
    ///   - path: The name the file will have; its directory must exist.
    ///   - tensors: What it will hold.
    ///   - metadata: What the header will say of the whole; readers of the Transformers library
    ///     used to insist on this default.
    /// - Throws: When two tensors have one name, or the disk refuses.
    public init(
        _ path: String,
        tensors: [TensorPlan],
        metadata: [String: String] = ["format": "pt"]
    ) throws(SafetensorsWriteError) {
        plans = tensors.sorted {
            $0.dtype == $1.dtype ? precedes($0.name, $1.name) : $0.dtype > $1.dtype
        }
        self.path = path
        let header = try headerBytes(plans, metadata)
        file = try startFile(path, header)
        fileHasher.update(header)
        size = header.count
        closeFilledTensors()
    }

    /// The tensor whose bytes are wanted next, or nil if there are enough.
    public var next: TensorPlan? { written.count < plans.count ? plans[written.count] : nil }

    /// Appends bytes: a tensor may come in pieces, but no piece may reach beyond it.
    public mutating func write(_ bytes: [UInt8]) throws(SafetensorsWriteError) {
        guard bytes.count > 0 else { return }
        guard let plan = next, bytes.count <= plan.byteCount - filled else {
            throw .tooManyBytes(after: next?.name ?? plans.last?.name ?? "")
        }
        do throws(FileError) { try file.write(bytes) } catch { throw .file(error) }
        fileHasher.update(bytes)
        tensorHasher.update(bytes)
        size += bytes.count
        filled += bytes.count
        closeFilledTensors()
    }

    /// Takes the digest of each tensor that has all its bytes; empty ones have them from the start.
    private mutating func closeFilledTensors() {
        while let plan = next, filled == plan.byteCount {
            written.append(WrittenTensor(plan: plan, digest: Digest(finishing: tensorHasher)))
            tensorHasher = ContentHasher(.sha256)
            filled = 0
        }
    }

    /// Gives the file its name.
    ///
    /// - Returns: What was written, with its digests.
    public consuming func finish() throws(SafetensorsWriteError) -> WrittenFile {
        if let plan = next {
            throw .tooFewBytes(tensor: plan.name, found: filled, expected: plan.byteCount)
        }
        let record = WrittenFile(
            name: lastComponent(path),
            size: size,
            digest: Digest(finishing: fileHasher),
            tensors: written
        )
        do throws(FileError) { try file.commit() } catch { throw .file(error) }
        return record
    }
}

private func startFile(_ path: String, _ header: [UInt8]) throws(SafetensorsWriteError)
    -> AtomicFile
{
    do throws(FileError) {
        let file = try AtomicFile(path)
        try file.write(header)
        return file
    } catch { throw .file(error) }
}

/// The length and the header of a file with these tensors in this order (S13).
private func headerBytes(
    _ plans: [TensorPlan],
    _ metadata: [String: String]
) throws(SafetensorsWriteError) -> [UInt8] {
    var header = JSONObject()
    if !metadata.isEmpty {
        var members = JSONObject()
        for key in metadata.keys.sorted(by: precedes) {
            members[key] = metadata[key].map(JSON.string)
        }
        header["__metadata__"] = .object(members)
    }
    var offset = 0
    for plan in plans {
        guard header[plan.name] == nil else { throw .duplicateTensor(plan.name) }
        let end = offset + plan.byteCount
        header[plan.name] = .object([
            "dtype": .string(plan.dtype.rawValue),
            "shape": .array(plan.shape.map(JSON.integer)),
            "data_offsets": [.integer(offset), .integer(end)],
        ])
        offset = end
    }
    var text = Array(JSON.object(header).text(.compact).utf8)
    text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: -text.count & 7))
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
}
