internal import OctavoBase

/// The directory at the end of a zip file (Z1, Z2).
struct ZipDirectory {
    /// Its records, in its order.
    let records: [ZipRecord]
    /// Where it is in the file.
    let range: Range<Int>

    private static let endSize = 22
    private static let locatorSize = 20
    private static let wideEndSize = 56

    init(_ file: RawSpan) throws(ZipError) {
        let (count, range) = try Self.place(in: file)
        guard count <= ZipArchive.mostEntries else { throw .tooManyEntries(count) }
        self.range = range
        var reader = ByteReader(file.extracting(range))
        var records: [ZipRecord] = []
        for _ in 0..<count {
            let start = range.lowerBound + reader.offset
            guard let record = try? ZipRecord.Raw(&reader) else { throw .badDirectory(at: start) }
            records.append(try record.checked())
        }
        guard reader.remaining == 0 else {
            throw .badDirectory(at: range.lowerBound + reader.offset)
        }
        self.records = records
    }

    /// How many entries there are, and where the directory is.
    ///
    /// The file ends with a record of 22 bytes. Its numbers are too narrow for large files, so a wider
    /// record, and where that is, may precede it; PyTorch always writes all three.
    private static func place(in file: RawSpan) throws(ZipError) -> (Int, Range<Int>) {
        let endStart = file.byteCount - endSize
        guard endStart >= 0, let end = try? EndNumbers(narrow: file.extracting(last: endSize))
        else {
            throw .noEnd
        }
        let wideStart = endStart - locatorSize - wideEndSize
        guard wideStart >= 0,
            let offset = try? wideEndOffset(
                file.extracting(endStart - locatorSize..<endStart)
            )
        else {
            return (end.count, try range(end, endingAt: endStart))
        }
        guard offset == UInt64(wideStart),
            let wide = try? EndNumbers(wide: file.extracting(wideStart..<wideStart + wideEndSize))
        else { throw .badEnd("the place of the wide record") }
        guard end.count == wide.count || end.count == Int(UInt16.max) else {
            throw .badEnd("the count of entries")
        }
        guard end.size == wide.size || end.size == UInt64(UInt32.max) else {
            throw .badEnd("the size of the directory")
        }
        guard end.offset == wide.offset || end.offset == UInt64(UInt32.max) else {
            throw .badEnd("the place of the directory")
        }
        return (wide.count, try range(wide, endingAt: wideStart))
    }

    private static func range(_ end: EndNumbers, endingAt stop: Int) throws(ZipError) -> Range<Int>
    {
        guard end.offset <= UInt64(stop), end.size == UInt64(stop) - end.offset else {
            throw .badEnd("the directory does not end where they begin")
        }
        return Int(end.offset)..<stop
    }

    /// Where the record before the last one says that the wide one is.
    private static func wideEndOffset(_ bytes: RawSpan) throws -> UInt64 {
        var reader = ByteReader(bytes)
        guard try reader.read(UInt32.self) == 0x0706_4B50, try reader.read(UInt32.self) == 0 else {
            throw ZipError.noEnd
        }
        let offset = try reader.read(UInt64.self)
        guard try reader.read(UInt32.self) == 1 else { throw ZipError.noEnd }
        return offset
    }
}

/// What a record at the end says of the directory: of one disk, and without a comment.
private struct EndNumbers {
    let count: Int
    let size: UInt64
    let offset: UInt64

    init(narrow bytes: RawSpan) throws {
        var reader = ByteReader(bytes)
        let signature = try reader.read(UInt32.self)
        let disks = try reader.read(UInt32.self)
        let count = try reader.read(UInt16.self)
        let total = try reader.read(UInt16.self)
        size = UInt64(try reader.read(UInt32.self))
        offset = UInt64(try reader.read(UInt32.self))
        let comment = try reader.read(UInt16.self)
        guard signature == 0x0605_4B50, disks == 0, count == total, comment == 0 else {
            throw ZipError.noEnd
        }
        self.count = Int(count)
    }

    init(wide bytes: RawSpan) throws {
        var reader = ByteReader(bytes)
        let signature = try reader.read(UInt32.self)
        let rest = try reader.read(UInt64.self)
        try reader.skip(4)
        let disks = try reader.read(UInt64.self)
        let count = try reader.read(UInt64.self)
        let total = try reader.read(UInt64.self)
        size = try reader.read(UInt64.self)
        offset = try reader.read(UInt64.self)
        guard signature == 0x0606_4B50, rest == 44, disks == 0, count == total,
            let count = Int(exactly: count)
        else { throw ZipError.noEnd }
        self.count = count
    }
}
