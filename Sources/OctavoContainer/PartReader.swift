import OctavoBase

/// Decodes a part a piece of about a MiB at a time, any piece first.
struct PartReader: Sendable {
    let part: ContainerPart
    /// How many pieces there are.
    let pieceCount: Int
    /// Where each block begins among the stored bytes.
    ///
    /// How long its planes are stays in the table alone: memory must not grow faster than what is stored.
    private let starts: [Int]
    /// Where the table begins that says how long the planes of each block are.
    private let tableStart: Int

    /// Looks at the part's stored bytes for what precedes decoding: the table of blocks (C25).
    init(_ part: ContainerPart, _ stored: RawSpan) throws(ContainerError) {
        self.part = part
        let planes = part.encoding.planeCount
        pieceCount =
            part.size == 0
            ? 0 : (part.size + Self.pieceSize(part.encoding) - 1) / Self.pieceSize(part.encoding)
        guard planes > 0 else {
            starts = []
            tableStart = stored.byteCount
            return
        }
        let wrongTable = ContainerError(
            .blockTable,
            "the blocks of a part do not fill its \(stored.byteCount) bytes"
        )
        tableStart = stored.byteCount - 4 * planes * pieceCount
        guard tableStart > 0 else { throw wrongTable }
        var starts: [Int] = []
        var start = 0
        for index in 0..<pieceCount {
            let size = Self.range(index, of: part).count / planes
            starts.append(start)
            for plane in 0..<planes {
                let length = Self.length(index * planes + plane, stored, tableStart)
                guard 1...size ~= length else { throw wrongTable }
                start += length
            }
        }
        guard start == tableStart else { throw wrongTable }
        self.starts = starts
    }

    /// An entry of the table of blocks.
    private static func length(_ index: Int, _ stored: RawSpan, _ tableStart: Int) -> Int {
        let bytes = stored.extracting(tableStart + 4 * index..<tableStart + 4 * index + 4)
        return bytes.array.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// How many bytes a piece has but the last.
    private static func pieceSize(_ encoding: PartEncoding) -> Int {
        switch encoding {
        case .int8(let group), .additive(_, _, let group):
            max(1, PartEncoding.pieceSize / 2 / group) * group * 2
        default: PartEncoding.pieceSize
        }
    }

    /// The pieces that some of the part's bytes, at least one, lie in.
    func pieces(_ range: Range<Int>) -> ClosedRange<Int> {
        let size = Self.pieceSize(part.encoding)
        return range.lowerBound / size...(range.upperBound - 1) / size
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
        case .columns:
            // A part that has a piece has bytes, and so rows that divide them.
            let rows = stored.byteCount / (part.tensor?.shape[0] ?? 1)
            return transposedBytes(range, of: stored, rows: rows)
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
        var start = starts[index]
        let count = part.encoding.planeCount
        var planes: [[UInt8]] = []
        for plane in 0..<count {
            let length = Self.length(index * count + plane, stored, tableStart)
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
