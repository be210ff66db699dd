import OctavoBase

/// Decodes a part a piece of about a MiB at a time, any piece first.
struct PartReader: Sendable {
    let part: ContainerPart
    /// How many pieces there are.
    let pieceCount: Int
    /// Where each block begins among the stored bytes, and how long its planes are.
    private let blocks: [(start: Int, planes: [Int])]

    /// Looks at the part's stored bytes for what precedes decoding: the table of blocks (C25).
    init(_ part: ContainerPart, _ stored: RawSpan) throws(ContainerError) {
        self.part = part
        let planes = part.encoding.planeCount
        pieceCount =
            part.size == 0
            ? 0 : (part.size + Self.pieceSize(part.encoding) - 1) / Self.pieceSize(part.encoding)
        guard planes > 0 else {
            blocks = []
            return
        }
        func wrongTable() -> ContainerError {
            ContainerError(
                .blockTable,
                "the blocks of a part do not fill its \(stored.byteCount) bytes"
            )
        }
        let tableStart = stored.byteCount - 4 * planes * pieceCount
        guard tableStart > 0 else { throw wrongTable() }
        var reader = ByteReader(stored.extracting(tableStart..<stored.byteCount))
        var blocks: [(start: Int, planes: [Int])] = []
        var start = 0
        for index in 0..<pieceCount {
            let size = Self.range(index, of: part).count / planes
            var lengths: [Int] = []
            for _ in 0..<planes {
                guard let length = try? reader.read(UInt32.self), 1...size ~= Int(length) else {
                    throw wrongTable()
                }
                lengths.append(Int(length))
            }
            blocks.append((start, lengths))
            start += lengths.reduce(0, +)
        }
        guard start == tableStart else { throw wrongTable() }
        self.blocks = blocks
    }

    /// How many bytes a piece has but the last.
    private static func pieceSize(_ encoding: PartEncoding) -> Int {
        switch encoding {
        case .int8(let group), .additive(_, _, let group):
            max(1, PartEncoding.pieceSize / 2 / group) * group * 2
        default: PartEncoding.pieceSize
        }
    }

    /// The bytes of a part that a piece is.
    static func range(_ index: Int, of part: ContainerPart) -> Range<Int> {
        range(index, size: part.size, part.encoding)
    }

    /// The bytes that a piece is of so many, encoded in some way.
    static func range(_ index: Int, size: Int, _ encoding: PartEncoding) -> Range<Int> {
        let piece = pieceSize(encoding)
        return index * piece..<min(size, (index + 1) * piece)
    }

    /// Decodes a piece, by its index, from the part's stored bytes (C26, C27).
    func piece(_ index: Int, _ stored: RawSpan) throws(ContainerError) -> [UInt8] {
        let range = Self.range(index, of: part)
        switch part.encoding {
        case .raw: return stored.extracting(range).array
        case .bits(let bits):
            let width = part.tensor?.dtype == .i8 ? 1 : 2
            let count = range.count / width
            let first = range.lowerBound / width * bits / 8
            let packed = stored.extracting(first..<first + (count * bits + 7) / 8)
            try check(BitReader(packed, bits: bits).endsClean(after: count))
            return unpackedBits(packed, count: count, width: width, bits: bits)
        case .zstd: return try block(index, stored, size: range.count)[0]
        case .planes:
            let planes = try block(index, stored, size: range.count / 2)
            return mergePlanes(planes[0], planes[1])
        case .int8, .additive:
            let shape = part.tensor?.shape ?? [0, 0]
            if index == 0 { try check(part.encoding.endsClean(stored, shape: shape)) }
            return part.encoding.matrix(
                range,
                of: stored,
                shape: shape,
                dtype: part.tensor?.dtype ?? .f16
            )
        }
    }

    private func check(_ endsClean: Bool) throws(ContainerError) {
        guard endsClean else {
            throw ContainerError(.unusedBits, "the bits after the last code of a part are not zero")
        }
    }

    /// The planes of a block.
    private func block(
        _ index: Int,
        _ stored: RawSpan,
        size: Int
    ) throws(ContainerError) -> [[UInt8]] {
        var start = blocks[index].start
        var planes: [[UInt8]] = []
        for length in blocks[index].planes {
            let bytes = stored.extracting(start..<start + length)
            start += length
            guard length < size else {
                planes.append(bytes.array)
                continue
            }
            guard let content = zstdContent(bytes, count: size) else {
                throw ContainerError(
                    .block,
                    "block \(index) of a part does not decode to \(size) bytes"
                )
            }
            planes.append(content)
        }
        return planes
    }
}
