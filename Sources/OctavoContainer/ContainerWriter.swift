public import OctavoBase

/// Where the bytes of a part come from.
public enum PartSource: Sendable {
    /// Bytes of a mapped file.
    case file(MappedFile, Range<Int>)
    /// Bytes in memory.
    case memory([UInt8])

    /// How many there are.
    public var count: Int {
        switch self {
        case .file(_, let range): range.count
        case .memory(let bytes): bytes.count
        }
    }

    /// Hands some of them to a function.
    func withBytes<R>(_ range: Range<Int>, _ body: (RawSpan) -> R) -> R {
        switch self {
        case .file(let file, let all):
            let start = all.lowerBound
            return body(
                file.bytes.extracting(start + range.lowerBound..<start + range.upperBound)
            )
        case .memory(let bytes):
            return bytes.withRawBytes { body($0.extracting(range)) }
        }
    }

    /// Gives back the memory that reading them took.
    func release() { release(0..<count) }

    /// Gives back the memory that reading some of them took.
    func release(_ range: Range<Int>) {
        guard case .file(let file, let all) = self else { return }
        file.release(all.lowerBound + range.lowerBound..<all.lowerBound + range.upperBound)
    }
}

/// A part that is to be written.
public struct PartPlan: Sendable {
    /// How its bytes become stored bytes.
    public enum Form: Sendable {
        /// As small as the registry makes it, without loss; codes have so many bits, if they are codes.
        case lossless(codeBits: Int?)
        /// In an encoding that can be used where it is mapped: `raw` or `columns`.
        case ready(PartEncoding)
        /// As it is encoded already, with loss: the halves that this decodes to take the place of the bytes.
        case encoded(LossyMatrix)
    }

    /// Its bytes, before any loss.
    public var source: PartSource
    /// The tensor that they are, if they are one.
    public var tensor: ContainedTensor?
    /// How they become stored bytes.
    public var form: Form

    /// Plans a part.
    public init(
        _ source: PartSource,
        tensor: ContainedTensor? = nil,
        form: Form = .lossless(codeBits: nil)
    ) {
        self.source = source
        self.tensor = tensor
        self.form = form
    }
}

/// A file that is to be written into a container.
public struct ContainedFilePlan: Sendable {
    /// Its path in the model's folder.
    public var path: String
    /// Its parts in order: if they are tensors, all but the first.
    public var parts: [PartPlan]

    /// Plans a file.
    public init(path: String, parts: [PartPlan]) {
        self.path = path
        self.parts = parts
    }
}

/// What was written.
public struct ContainerSummary: Sendable, Equatable {
    /// The content id.
    public let id: Digest
    /// The length of the container.
    public let size: Int
    /// The bytes of all files in it.
    public let contentSize: Int
    /// How many bytes are stored in each encoding, by its name.
    public let storedBytes: [String: Int]
}

/// Why a container cannot be written.
public enum ContainerWriteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The plan breaks a rule of the format.
    case plan(String)

    /// As a clause.
    public var description: String {
        switch self {
        case .plan(let what): what
        }
    }
}

/// Where a container is written.
public protocol ContainerOutput: AnyObject {
    /// Puts bytes at a place. All but the first bytes come in order; those come last.
    func write(_ bytes: RawSpan, at offset: Int) throws(FileError)
    /// Is told how long the container is, when all of it has been written.
    func finish(length: Int) throws(FileError)
}

/// Writes a container: every part is encoded once and written at once, then the header, for which room was
/// left, before all of them.
///
/// The bytes depend on the plan alone (and on the zstd library), not on the number of threads.
///
/// - Parameters:
///   - files: What it will hold.
///   - output: Where to.
///   - threads: How many take part.
///   - progress: Told how many bytes of how many have been taken in.
/// - Returns: What was written.
/// - Throws: ``ContainerWriteError``, or what the output throws.
public func writeContainer(
    _ files: [ContainedFilePlan],
    to output: any ContainerOutput,
    threads: Int,
    progress: (Int, Int) -> Void = { _, _ in }
) throws -> ContainerSummary {
    if let file = files.first(where: { !isInside($0.path) }) {
        throw ContainerWriteError.plan("\"\(file.path)\" is no path of a file in a container")
    }
    let tensorFiles = files.filter { $0.parts.contains { $0.tensor != nil } }
    guard tensorHeadersFit(tensorFiles.map { $0.parts[0].source.count }) else {
        throw ContainerWriteError.plan("the headers of the safetensors files are too long")
    }
    for part in files.flatMap(\.parts) { try checkForm(part) }
    let bounds = files.map { file in
        (file.path, file.parts.map { PartEncoder($0).boundEntry })
    }
    let headerLength = headerLengthBound(bounds)
    guard headerLength <= ContainerPreamble.longestHeader else {
        throw ContainerWriteError.plan("the model has too many tensors for a container")
    }
    let data = DataWriter(
        output,
        start: ContainerPreamble.byteCount + headerLength,
        threads: threads
    )
    // Files without parts of a later version have the bytes that they always had.
    let minorVersion: UInt16 = requirements(bounds.flatMap(\.1)).isEmpty ? 0 : 1
    let total = files.reduce(0) { $0 + $1.parts.reduce(0) { $0 + $1.source.count } }
    var done = 0
    var entries: [(path: String, parts: [PartEntry])] = []
    var storedBytes: [String: Int] = [:]
    for file in files {
        let parts = try data.append(file.parts) {
            done += $0
            progress(done, total)
        }
        for part in parts { storedBytes[part.encoding.name, default: 0] += part.length }
        entries.append((file.path, parts))
    }
    let length = try data.finish()
    var header = headerText(entries, leaves: data.leaves)
    guard header.count <= headerLength else {
        throw ContainerWriteError.plan("the header takes more room than was left for it")
    }
    header += [UInt8](repeating: UInt8(ascii: " "), count: headerLength - header.count)
    let unsigned = ContainerPreamble(
        minorVersion: minorVersion,
        headerLength: headerLength,
        fileLength: length,
        id: Digest(of: "")
    ).unsignedBytes
    let id = header.withRawBytes {
        MerkleTree.contentID(preamble: unsigned, header: $0, leaves: data.leaves)
    }
    let beginning = unsigned + id.bytes + header
    try beginning.withRawBytes { (bytes) throws(FileError) in try output.write(bytes, at: 0) }
    try output.finish(length: length)
    return ContainerSummary(
        id: id,
        size: length,
        contentSize: total,
        storedBytes: storedBytes
    )
}

/// Refuses a part whose bytes are not what its form is of.
private func checkForm(_ part: PartPlan) throws(ContainerWriteError) {
    switch part.form {
    case .lossless: return
    case .ready(let encoding):
        guard [.raw, .columns].contains(encoding),
            encoding.lengths(size: part.source.count, tensor: part.tensor) != nil,
            part.tensor.map({ $0.dtype.byteCount(shape: $0.shape) == part.source.count }) ?? true
        else { throw .plan("a part cannot be stored as \(encoding.name)") }
    case .encoded(let matrix):
        guard let tensor = part.tensor, [.f16, .bf16].contains(tensor.dtype),
            tensor.shape == matrix.shape, part.source.count == 2 * matrix.shape[0] * matrix.shape[1]
        else { throw .plan("a tensor is not the matrix that it is encoded as") }
    }
}
