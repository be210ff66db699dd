internal import OctavoBase

/// The entries of a zip file whose bytes are stored as they are, checked against rules Z1 to Z6 of
/// formats/pytorch.md.
///
/// The zip format lets a file say most things twice, and readers differ in whom they believe. Here both
/// must agree, and entries and directory fill the file without a gap: there is one way to read it.
struct ZipArchive {
    /// The most entries that Octavo accepts.
    static let mostEntries = 1_000_000

    /// A stored entry.
    struct Entry {
        /// Its path in the archive.
        let name: String
        /// Where its bytes are in the file.
        let bytes: Range<Int>
        /// What the CRC-32 of its bytes should be.
        let checksum: UInt32
    }

    /// The entries, in the order of their bytes.
    let entries: [Entry]

    /// Reads the directory of a whole file, and what precedes and follows each entry.
    init(_ file: RawSpan) throws(ZipError) {
        let directory = try ZipDirectory(file)
        var names: Set<UTF8Key> = []
        for record in directory.records {
            guard names.insert(UTF8Key(record.name)).inserted else {
                throw .duplicateEntry(record.name)
            }
        }
        var entries: [Entry] = []
        var end = 0
        for record in directory.records.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard record.headerOffset == end else { throw .strayBytes(before: record.name) }
            let bytes = try record.storedBytes(in: file, upTo: directory.range.lowerBound)
            entries.append(Entry(name: record.name, bytes: bytes, checksum: record.checksum))
            end = try record.end(behind: bytes.upperBound, in: file)
        }
        guard end == directory.range.lowerBound else { throw .strayBytes(before: "the directory") }
        self.entries = entries
    }
}
