public import OctavoBase

/// A piece of a contained file: some bytes, and how and where they are stored.
public struct ContainerPart: Sendable, Hashable {
    /// How the bytes are stored.
    public let encoding: PartEncoding
    /// How many bytes they are.
    public let size: Int
    /// The SHA-256 of those bytes.
    public let digest: Digest
    /// The tensor that they are, if they are one.
    public let tensor: ContainedTensor?
    /// Where they are stored in the container.
    public let stored: Range<Int>
}

/// A file in a container: its parts, decoded one after the other, are its bytes.
public struct ContainedFile: Sendable, Hashable {
    /// Its path in the model's folder.
    public let path: String
    /// Its parts, in order.
    public let parts: [ContainerPart]

    /// Its length in bytes.
    public var size: Int { parts.reduce(0) { $0 + $1.size } }
    /// Whether it holds tensors: then its first part is what precedes them, and every other is one.
    public var holdsTensors: Bool { parts.contains { $0.tensor != nil } }
}

/// What a container's header says, checked against formats/aqlm-container.md.
public struct ContainerHeader: Sendable, Equatable {
    /// The files, in their order.
    public let files: [ContainedFile]
    /// Paths of files that may be left out, and are: they are encoded in ways not known here.
    public let skipped: [String]
    /// The digests of the data's MiBs, 32 bytes each.
    public let leaves: [UInt8]
    /// What is between the parts, and must be zero.
    let gaps: [Range<Int>]

    /// The file of a path, all bytes of it, or nil.
    public subscript(path: String) -> ContainedFile? {
        files.first { UTF8Key($0.path) == UTF8Key(path) }
    }
}

/// Where parts lie: one after the other, each as aligned as its size makes it worth.
struct PartPlacement {
    /// What is aligned to pages, so that it can be handed on without a copy.
    private static let large = 1 << 20
    private(set) var end: Int
    private(set) var gaps: [Range<Int>] = []

    init(dataStart: Int) { end = dataStart }

    /// Where the next part begins.
    ///
    /// - Parameter size: Its size when decoded, by which it is aligned: that it is known before it is
    ///   encoded lets a writer write as it encodes. What has no bytes has no place either.
    /// - Returns: An offset in the file.
    func start(size: Int) -> Int {
        guard size > 0 else { return end }
        let alignment = size >= Self.large ? 1 << 14 : 64
        return (end + alignment - 1) / alignment * alignment
    }

    /// Gives the next part its place; nil if it would end beyond all numbers.
    mutating func place(size: Int, length: Int) -> Range<Int>? {
        guard end <= Int.max - 1 << 15 else { return nil }
        let start = start(size: size)
        let (next, overflow) = start.addingReportingOverflow(length)
        guard !overflow else { return nil }
        if start > end { gaps.append(end..<start) }
        end = next
        return start..<next
    }
}
