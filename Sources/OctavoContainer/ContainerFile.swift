public import OctavoBase

/// A container on disk, mapped: its header is read and checked, its parts are decoded as they are asked for.
public struct ContainerFile: Sendable {
    /// The file, mapped.
    public let file: MappedFile
    /// What its header says.
    public let header: ContainerHeader
    /// What precedes the header.
    public let preamble: ContainerPreamble

    /// The content id, which stands for every byte of the container.
    public var id: Digest { preamble.id }

    /// What the names of containers end with.
    public static let suffix = ".aqlm"

    /// Reads and checks all but the data, of which it looks at nothing but what precedes tensors: the time it
    /// takes grows with the header.
    ///
    /// - Throws: The first rule that the container breaks.
    public init(_ file: MappedFile) throws(ContainerError) {
        self.file = file
        preamble = try ContainerPreamble(file.bytes, available: file.count)
        header = try ContainerHeader(
            file.bytes.extracting(ContainerPreamble.byteCount..<preamble.dataStart),
            preamble
        )
        let tensorFiles = header.files.filter(\.holdsTensors)
        guard tensorHeadersFit(tensorFiles.map { $0.parts[0].size }) else {
            throw ContainerError(.tensorFile, "the safetensors headers are longer than such may be")
        }
        for contained in tensorFiles {
            let part = contained.parts[0]
            try checkTensorFile(
                contained,
                header: part.content(of: file.bytes.extracting(part.stored))
            )
        }
    }

    /// Decodes a file whole.
    ///
    /// What is stored in few bytes may stand for very many: nothing is decoded of a file that has more than
    /// its reader allows.
    ///
    /// - Parameters:
    ///   - contained: One of this container.
    ///   - limit: The most bytes that the file may have.
    /// - Returns: Its bytes.
    /// - Throws: ``FileError`` if it has more; why it does not decode, or to other bytes than those it
    ///   stands for.
    public func bytes(of contained: ContainedFile, limit: Int) throws -> [UInt8] {
        guard contained.size <= limit else { throw FileError(tooLarge: contained.path) }
        var bytes: [UInt8] = []
        for part in contained.parts {
            bytes += try part.content(of: file.bytes.extracting(part.stored))
        }
        return bytes
    }

    /// Decodes some bytes of a part.
    ///
    /// Their digest is that of the whole part, which ``forEachPiece(of:threads:_:)`` checks.
    ///
    /// - Parameters:
    ///   - range: Bytes of what the part stands for.
    ///   - part: One of this container.
    /// - Returns: Them.
    /// - Throws: Why they do not decode.
    public func bytes(
        _ range: Range<Int>,
        of part: ContainerPart
    ) throws(ContainerError) -> [UInt8] {
        guard !range.isEmpty else { return [] }
        let stored = file.bytes.extracting(part.stored)
        let reader = try PartReader(part, stored)
        var bytes: [UInt8] = []
        for index in reader.pieces(range) {
            let piece = try reader.piece(index, stored)
            let place = PartReader.range(index, of: part)
            let wanted = range.clamped(to: place)
            bytes +=
                piece[
                    wanted.lowerBound - place.lowerBound..<wanted.upperBound - place.lowerBound
                ]
        }
        file.release(part.stored)
        return bytes
    }

    /// Decodes a part on several threads, and hands its bytes on a piece at a time, in order; memory never
    /// holds more than a few pieces.
    ///
    /// - Parameters:
    ///   - part: One of this container.
    ///   - threads: How many take part.
    ///   - body: Takes the pieces.
    /// - Throws: Why it does not decode, or, after the last piece, that it decodes to other bytes than those
    ///   it stands for; and what `body` throws.
    public func forEachPiece(
        of part: ContainerPart,
        threads: Int = 1,
        _ body: ([UInt8]) throws -> Void
    ) throws {
        let reader = try PartReader(part, file.bytes.extracting(part.stored))
        let hasher = DigestBox()
        let batch = max(1, 4 * threads)
        for start in stride(from: 0, to: reader.pieceCount, by: batch) {
            let count = min(batch, reader.pieceCount - start)
            let pieces = parallelMap(count, threads: threads) { index in
                Result { () throws(ContainerError) in
                    try reader.piece(start + index, file.bytes.extracting(part.stored))
                }
            }
            for piece in pieces {
                let bytes = try piece.get()
                hasher.update(bytes)
                try body(bytes)
            }
        }
        file.release(part.stored)
        guard hasher.digest == part.digest else { throw part.wrongDigest }
    }
}

extension ContainerPart {
    /// Decodes the part whole (C25 to C28).
    ///
    /// Memory grows with what has been decoded, never with what the header says.
    func content(of stored: RawSpan) throws(ContainerError) -> [UInt8] {
        let reader = try PartReader(self, stored)
        var bytes: [UInt8] = []
        for index in 0..<reader.pieceCount { bytes += try reader.piece(index, stored) }
        guard Digest(of: bytes) == digest else { throw wrongDigest }
        return bytes
    }

    fileprivate var wrongDigest: ContainerError {
        let what = tensor.map { "tensor \"\($0.name)\"" } ?? "a part"
        return ContainerError(
            .partDigest,
            "\(what) does not decode to the bytes with digest \(digest)"
        )
    }
}

/// A hash that goes on from piece to piece.
private final class DigestBox {
    private let hasher = ContentHasher(.sha256)
    func update(_ bytes: [UInt8]) { hasher.update(bytes) }
    var digest: Digest { Digest(finishing: hasher) }
}
