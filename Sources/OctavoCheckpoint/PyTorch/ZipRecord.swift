internal import OctavoBase

/// What a zip file's directory says of one entry, checked against Z3 and Z4.
struct ZipRecord {
    /// Its path in the archive.
    let name: String
    /// The bytes of that path.
    fileprivate let nameBytes: [UInt8]
    fileprivate let flags: UInt16
    /// The CRC-32 of its bytes.
    let checksum: UInt32
    /// How many bytes are stored.
    let size: Int
    /// Where its own header begins.
    let headerOffset: Int

    /// Set when checksum and sizes follow the bytes, since they were not known before.
    private static let hasDescriptor: UInt16 = 1 << 3
    private static let isUTF8: UInt16 = 1 << 11

    /// A record as it stands in the directory.
    struct Raw {
        private let flags: UInt16
        private let method: UInt16
        private let checksum: UInt32
        private let storedSize: UInt32
        private let size: UInt32
        private let headerOffset: UInt32
        private let name: [UInt8]
        private let extra: [UInt8]

        init(_ reader: inout ByteReader) throws {
            guard try reader.read(UInt32.self) == 0x0201_4B50 else { throw ZipError.noEnd }
            try reader.skip(4)
            flags = try reader.read(UInt16.self)
            method = try reader.read(UInt16.self)
            try reader.skip(4)
            checksum = try reader.read(UInt32.self)
            storedSize = try reader.read(UInt32.self)
            size = try reader.read(UInt32.self)
            let nameLength = try reader.read(UInt16.self)
            let extraLength = try reader.read(UInt16.self)
            let commentLength = try reader.read(UInt16.self)
            let disk = try reader.read(UInt16.self)
            try reader.skip(6)
            headerOffset = try reader.read(UInt32.self)
            name = try reader.read(count: Int(nameLength))
            extra = try reader.read(count: Int(extraLength))
            guard commentLength == 0, disk == 0 else { throw ZipError.noEnd }
        }

        /// The record, if its entry is stored plainly under a harmless name.
        func checked() throws(ZipError) -> ZipRecord {
            guard let text = String(validating: name, as: UTF8.self), isHarmless(text) else {
                throw .badName(String(decoding: name, as: UTF8.self))
            }
            guard method == 0 else { throw .compressed(text, method: method) }
            guard flags & ~(hasDescriptor | isUTF8) == 0 else { throw .badFlags(text, flags) }
            guard storedSize == size, let (size, offset) = try? wideNumbers(),
                let size = Int(exactly: size), let offset = Int(exactly: offset)
            else { throw .badSize(text) }
            return ZipRecord(
                name: text,
                nameBytes: name,
                flags: flags,
                checksum: checksum,
                size: size,
                headerOffset: offset
            )
        }

        /// Size and place, from the extra field of 64-bit numbers where the narrow ones are full.
        private func wideNumbers() throws -> (size: UInt64, offset: UInt64) {
            var size = UInt64(size)
            var offset = UInt64(headerOffset)
            try extra.withRawBytes { (bytes) throws in
                var fields = ByteReader(bytes)
                var isFirst = true
                while fields.remaining > 0 {
                    let id = try fields.read(UInt16.self)
                    let length = Int(try fields.read(UInt16.self))
                    guard id == 1 else {
                        try fields.skip(length)
                        continue
                    }
                    guard isFirst else { throw ZipError.noEnd }
                    isFirst = false
                    let end = fields.offset + length
                    if self.size == .max {
                        size = try fields.read(UInt64.self)
                        guard try fields.read(UInt64.self) == size else { throw ZipError.noEnd }
                    }
                    if headerOffset == .max { offset = try fields.read(UInt64.self) }
                    guard fields.offset == end else { throw ZipError.noEnd }
                }
            }
            return (size, offset)
        }
    }

    /// Where the entry's bytes are, behind its own header, which must say what the directory says (Z5).
    func storedBytes(in file: RawSpan, upTo limit: Int) throws(ZipError) -> Range<Int> {
        guard headerOffset <= limit else { throw .misplaced(name) }
        var reader = ByteReader(file.extracting(headerOffset..<limit))
        let header: LocalHeader
        do { header = try LocalHeader(&reader) } catch { throw .misplaced(name) }
        guard header.name == nameBytes else { throw .contradicts(name, field: "name") }
        guard header.flags == flags else { throw .contradicts(name, field: "flags") }
        guard header.method == 0 else { throw .contradicts(name, field: "method") }
        if flags & Self.hasDescriptor == 0 {
            guard header.checksum == checksum else { throw .contradicts(name, field: "checksum") }
            guard header.hasSizes(size) else { throw .contradicts(name, field: "size") }
        } else {
            guard header.checksum == 0, header.hasSizes(0) else {
                throw .contradicts(name, field: "size")
            }
        }
        let start = headerOffset + reader.offset
        guard size <= limit - start else { throw .misplaced(name) }
        return start..<start + size
    }

    /// Where the entry ends whose bytes end at `offset`: behind its descriptor, if it has one (Z5).
    func end(behind offset: Int, in file: RawSpan) throws(ZipError) -> Int {
        guard flags & Self.hasDescriptor != 0 else { return offset }
        let rest = file.extracting(offset..<file.byteCount)
        for isWide in [false, true] {
            if let length = try? descriptorLength(rest, isWide: isWide) { return offset + length }
        }
        throw .contradicts(name, field: "descriptor")
    }

    /// The length of the descriptor that bytes begin with, with sizes of 32 bits or of 64.
    private func descriptorLength(_ bytes: RawSpan, isWide: Bool) throws -> Int {
        var reader = ByteReader(bytes)
        func readSize() throws -> UInt64 {
            isWide ? try reader.read(UInt64.self) : UInt64(try reader.read(UInt32.self))
        }
        guard try reader.read(UInt32.self) == 0x0807_4B50,
            try reader.read(UInt32.self) == checksum,
            try readSize() == size, try readSize() == size
        else { throw ZipError.noEnd }
        return reader.offset
    }
}

/// What precedes an entry's bytes.
private struct LocalHeader {
    let flags: UInt16
    let method: UInt16
    let checksum: UInt32
    private let storedSize: UInt32
    private let size: UInt32
    let name: [UInt8]

    init(_ reader: inout ByteReader) throws {
        guard try reader.read(UInt32.self) == 0x0403_4B50 else { throw ZipError.noEnd }
        try reader.skip(2)
        flags = try reader.read(UInt16.self)
        method = try reader.read(UInt16.self)
        try reader.skip(4)
        checksum = try reader.read(UInt32.self)
        storedSize = try reader.read(UInt32.self)
        size = try reader.read(UInt32.self)
        let nameLength = try reader.read(UInt16.self)
        let extraLength = try reader.read(UInt16.self)
        name = try reader.read(count: Int(nameLength))
        // Padding, with which PyTorch aligns the bytes, and perhaps the 64-bit sizes.
        try reader.skip(Int(extraLength))
    }

    /// Whether the sizes are these, or say that they do not fit.
    func hasSizes(_ expected: Int) -> Bool {
        storedSize == size && (size == .max || Int(size) == expected)
    }
}

/// Whether a name is a path that stays below where it starts.
private func isHarmless(_ name: String) -> Bool {
    name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy {
        isPlainFileName(String(Substring($0)))
    } && !name.utf8.contains(UInt8(ascii: "\\"))
}
