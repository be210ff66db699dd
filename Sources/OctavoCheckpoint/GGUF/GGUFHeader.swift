internal import OctavoBase

/// A tensor as a GGUF file declares it.
public struct GGUFTensor: Sendable, Equatable {
    /// Its name in GGUF's spelling.
    public let name: String
    /// How its elements are stored.
    public let type: GGMLType
    /// Its dimensions, slowest first: GGUF's own order reversed.
    public let shape: [Int]
    /// Where its bytes are in the file.
    public let bytes: Range<Int>
}

/// Everything in a GGUF file before its data, checked against rules G1 to G14 of formats/gguf.md.
struct GGUFHeader: Sendable {
    /// The most items that all arrays together may have: 2^24, far beyond any vocabulary.
    ///
    /// Items take more room in memory than in the file; this bounds the difference.
    static let mostArrayItems = 1 << 24

    var metadata = GGUFMetadata()
    var tensors: [GGUFTensor] = []

    /// Parses the header of a whole file.
    init(_ file: RawSpan) throws(GGUFError) {
        var parser = GGUFParser(file)
        try parser.magic()
        // A tensor takes at least 24 bytes, a key and its value at least 14.
        let tensorCount = try parser.count(of: "tensors", leastBytes: 24)
        let pairCount = try parser.count(of: "metadata values", leastBytes: 14)
        for _ in 0..<pairCount { try parser.pair(into: &metadata) }
        var declared: [DeclaredTensor] = []
        var names: Set<UTF8Key> = []
        for _ in 0..<tensorCount {
            let start = parser.offset
            let tensor = try parser.tensor()
            guard names.insert(UTF8Key(tensor.name)).inserted else {
                throw GGUFError(reason: .duplicateTensor(tensor.name), offset: start)
            }
            declared.append(tensor)
        }
        tensors = try place(
            declared,
            alignment: parser.alignment,
            after: parser.offset,
            in: file.byteCount
        )
    }
}

/// A tensor whose place in the file is not yet checked.
struct DeclaredTensor {
    let name: String
    let type: GGMLType
    let shape: [Int]
    let byteCount: Int
    /// From the start of the data, as the file has it.
    let offset: UInt64
    /// Where the declaration starts in the file.
    let declaredAt: Int
}

/// Checks that tensors follow each other without gap, each padded to the alignment (G12 to G14).
///
/// The data start at `end`, where the declarations end, padded likewise; `fileSize` bounds them.
private func place(
    _ declared: [DeclaredTensor],
    alignment: Int,
    after end: Int,
    in fileSize: Int
) throws(GGUFError) -> [GGUFTensor] {
    var tensors: [GGUFTensor] = []
    tensors.reserveCapacity(declared.count)
    guard let dataStart = padded(end, to: alignment) else {
        throw GGUFError(reason: .badAlignment("\(alignment)"), offset: end)
    }
    var next = 0
    for tensor in declared {
        func failure(_ reason: GGUFError.Reason) -> GGUFError {
            GGUFError(reason: reason, offset: tensor.declaredAt)
        }
        guard tensor.offset == UInt64(next) else {
            throw failure(.badOffset(tensor: tensor.name, found: tensor.offset, expected: next))
        }
        let (start, startOverflows) = dataStart.addingReportingOverflow(next)
        let (stop, stopOverflows) = start.addingReportingOverflow(tensor.byteCount)
        guard !startOverflows, !stopOverflows,
            let following = padded(next + tensor.byteCount, to: alignment)
        else { throw failure(.sizeOverflow(tensor: tensor.name)) }
        guard stop <= fileSize || tensor.byteCount == 0 else {
            throw failure(
                .truncatedData(
                    tensor: tensor.name,
                    needed: tensor.byteCount,
                    available: max(0, fileSize - start)
                )
            )
        }
        // An empty tensor may come where the file has ended.
        let bytes = min(start, fileSize)..<min(stop, fileSize)
        tensors.append(
            GGUFTensor(name: tensor.name, type: tensor.type, shape: tensor.shape, bytes: bytes)
        )
        next = following
    }
    return tensors
}

/// The next multiple of a power of two, or nil if it overflows.
private func padded(_ count: Int, to alignment: Int) -> Int? {
    let (sum, overflow) = count.addingReportingOverflow(alignment - 1)
    return overflow ? nil : sum & ~(alignment - 1)
}
