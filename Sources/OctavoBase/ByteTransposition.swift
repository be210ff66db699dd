/// Some bytes of the transposition of a matrix of bytes.
///
/// - Parameters:
///   - range: Which, of the transposition `[columns, rows]`, row by row.
///   - bytes: The matrix `[rows, columns]`, row by row.
///   - rows: At least one.
/// - Returns: As many bytes as `range` has.
public func transposedBytes(_ range: Range<Int>, of bytes: RawSpan, rows: Int) -> [UInt8] {
    let matrix = ByteMatrix(bytes, rows: rows)
    precondition(range.lowerBound >= 0 && range.upperBound <= bytes.byteCount)
    return unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, filled in
        if let base = buffer.baseAddress { unsafe matrix.transpose(range, to: base) }
        filled = range.count
    }
}

/// Transposes a matrix of bytes on several threads.
///
/// - Parameters:
///   - bytes: The matrix `[rows, columns]`, row by row.
///   - rows: At least one.
///   - target: Where `[columns, rows]` goes, row by row: as many bytes.
///   - threads: How many take part.
public func transposeBytes(
    _ bytes: RawSpan,
    rows: Int,
    to target: UnsafeMutableRawBufferPointer,
    threads: Int
) {
    let count = bytes.byteCount
    precondition(rows > 0 && count % rows == 0 && target.count == count)
    // Whole rows, some 256 KiB of them, so that no piece has any that begins in another.
    let piece = max(1, (1 << 18) / rows) * rows
    unsafe bytes.withUnsafeBytes { all in
        guard let base = target.baseAddress else { return }
        // Each piece reads what nobody writes, and fills a place of its own.
        nonisolated(unsafe) let (source, place) = unsafe (
            all, base.assumingMemoryBound(to: UInt8.self)
        )
        parallel((count + piece - 1) / piece, threads: threads) { index in
            let range = index * piece..<min(count, (index + 1) * piece)
            let matrix = unsafe ByteMatrix(RawSpan(_unsafeBytes: source), rows: rows)
            unsafe matrix.transpose(range, to: place + range.lowerBound)
        }
    }
}

/// A matrix of bytes, row by row.
private struct ByteMatrix: ~Escapable {
    private let bytes: RawSpan
    private let rows: Int
    private let columns: Int
    /// How many rows and columns are turned at a time: their lines stay in the nearest cache.
    private static let block = 64

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan, rows: Int) {
        precondition(rows > 0 && bytes.byteCount % rows == 0)
        self.bytes = bytes
        self.rows = rows
        columns = bytes.byteCount / rows
    }

    /// Writes bytes of the transposition, which has all of `range`, to a place with room for them.
    func transpose(_ range: Range<Int>, to target: UnsafeMutablePointer<UInt8>) {
        unsafe bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress else { return }
            let first = (range.lowerBound + rows - 1) / rows
            let last = range.upperBound / rows
            guard first < last else {
                return unsafe strided(range, base, range, to: target)
            }
            let head = range.lowerBound..<first * rows
            let tail = last * rows..<range.upperBound
            unsafe strided(head, base, range, to: target)
            unsafe strided(tail, base, range, to: target)
            let start = unsafe target + head.count
            for column in stride(from: first, to: last, by: Self.block) {
                let columns = column..<min(last, column + Self.block)
                for row in stride(from: 0, to: rows, by: Self.block) {
                    let rows = row..<min(self.rows, row + Self.block)
                    unsafe block(rows, columns, base, first: first, to: start)
                }
            }
        }
    }

    /// Bytes one by one, of a row of the transposition that is not whole, or of two.
    private func strided(
        _ part: Range<Int>,
        _ base: UnsafeRawPointer,
        _ all: Range<Int>,
        to target: UnsafeMutablePointer<UInt8>
    ) {
        for place in part {
            unsafe target[place - all.lowerBound] = base.load(
                fromByteOffset: place % rows * columns + place / rows,
                as: UInt8.self
            )
        }
    }

    /// A block: squares of 8 × 8 bytes, and what is left at its edges.
    private func block(
        _ rows: Range<Int>,
        _ columns: Range<Int>,
        _ base: UnsafeRawPointer,
        first: Int,
        to target: UnsafeMutablePointer<UInt8>
    ) {
        let wholeRows = rows.lowerBound + rows.count / 8 * 8
        let wholeColumns = columns.lowerBound + columns.count / 8 * 8
        for column in stride(from: columns.lowerBound, to: wholeColumns, by: 8) {
            for row in stride(from: rows.lowerBound, to: wholeRows, by: 8) {
                unsafe turnSquare(
                    base + (row &* self.columns &+ column),
                    stride: self.columns,
                    to: target + ((column &- first) &* self.rows &+ row),
                    stride: self.rows
                )
            }
        }
        for column in columns {
            let isWhole = column < wholeColumns
            for row in (isWhole ? wholeRows : rows.lowerBound)..<rows.upperBound {
                unsafe target[(column &- first) &* self.rows &+ row] = base.load(
                    fromByteOffset: row &* self.columns &+ column,
                    as: UInt8.self
                )
            }
        }
    }
}

/// Transposes 8 × 8 bytes: swaps halves, then quarters, then bytes, of words that each hold a row.
@inline(__always)
private func turnSquare(
    _ source: UnsafeRawPointer,
    stride: Int,
    to target: UnsafeMutablePointer<UInt8>,
    stride targetStride: Int
) {
    func row(_ index: Int) -> UInt64 {
        unsafe UInt64(
            littleEndian: source.loadUnaligned(fromByteOffset: index &* stride, as: UInt64.self)
        )
    }
    var (a, b, c, d) = (row(0), row(1), row(2), row(3))
    var (e, f, g, h) = (row(4), row(5), row(6), row(7))
    swapParts(&a, &e, 32, 0x0000_0000_FFFF_FFFF)
    swapParts(&b, &f, 32, 0x0000_0000_FFFF_FFFF)
    swapParts(&c, &g, 32, 0x0000_0000_FFFF_FFFF)
    swapParts(&d, &h, 32, 0x0000_0000_FFFF_FFFF)
    swapParts(&a, &c, 16, 0x0000_FFFF_0000_FFFF)
    swapParts(&b, &d, 16, 0x0000_FFFF_0000_FFFF)
    swapParts(&e, &g, 16, 0x0000_FFFF_0000_FFFF)
    swapParts(&f, &h, 16, 0x0000_FFFF_0000_FFFF)
    swapParts(&a, &b, 8, 0x00FF_00FF_00FF_00FF)
    swapParts(&c, &d, 8, 0x00FF_00FF_00FF_00FF)
    swapParts(&e, &f, 8, 0x00FF_00FF_00FF_00FF)
    swapParts(&g, &h, 8, 0x00FF_00FF_00FF_00FF)
    let place = UnsafeMutableRawPointer(target)
    func store(_ word: UInt64, _ index: Int) {
        unsafe place.storeBytes(
            of: word.littleEndian,
            toByteOffset: index &* targetStride,
            as: UInt64.self
        )
    }
    store(a, 0)
    store(b, 1)
    store(c, 2)
    store(d, 3)
    store(e, 4)
    store(f, 5)
    store(g, 6)
    store(h, 7)
}

/// Swaps the upper parts of one word, `width` bits each, with the lower ones of another.
@inline(__always)
private func swapParts(
    _ upper: inout UInt64,
    _ lower: inout UInt64,
    _ width: UInt64,
    _ mask: UInt64
) {
    let moved = (upper >> width ^ lower) & mask
    lower ^= moved
    upper ^= moved << width
}
